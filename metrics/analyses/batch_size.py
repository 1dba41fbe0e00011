"""Batch size: how much a deployment ships, in the bins of DORA's own survey, and how often each size fails.

The bins are the answers of the 2025 survey, "working in small batches" (dora.dev/research, read 2026-11): changes combined
into one deployment, and lines of one commit, which are here the lines of one deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share
from metrics.analyses.failed import FAIL_RATE, fail_rate, judged
from metrics.question import Question
from metrics.slices import slices

#: (name, largest size in it); the last has no end.
Bins = Sequence[tuple[str, float]]
CHANGES: Bins = (("0", 0), ("1", 1), ("2–10", 10), ("11–50", 50), ("51–100", 100), ("more than 100", float("inf")))
LINES: Bins = (
    ("0", 0), ("1–10", 10), ("11–50", 50), ("51–100", 100), ("101–250", 250), ("more than 250", float("inf")),
)  # fmt: skip
SIZES: tuple[tuple[str, Bins], ...] = (("commits", CHANGES), ("pull_requests", CHANGES), ("lines", LINES))
COLUMNS = ("group", "size", "bin", "deployments", "share", "share_interval", *FAIL_RATE, "median", "p90")
DEFINITION = (
    "Succeeded production deployments by what they shipped first: commits (no merges), merged pull requests, and lines "
    "added plus deleted by these pull requests. Bins: the answers of DORA's 2025 survey on small batches; its bins of "
    "changes for commits and pull requests, its bins of lines of a commit for lines of a deployment; 0 shipped "
    "nothing new. A size that is not known is in no bin: pull requests where no source knows any of the repository, lines "
    "where the size of one of them is not known. Fail rate as in the change fail rate."
)


def batch_size(reader: Reader, question: Question) -> Answer:
    """One row per group, kind of size and bin that has deployments, after a row `all` with the median and p90."""
    cut = slices(reader, question)
    frame = _measured(judged(reader, cut, cut.frame(reader, "analyses/batch_size")))
    rows = [row for name, own in by_group(cut, frame) for size, bins in SIZES for row in _rows(name, own, size, bins)]
    return Answer(
        name="batch_size",
        title="Batch size",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({column: row.get(column) for column in COLUMNS} for row in rows),
        notes=tuple(_notes(frame)),
        keys=3,
    )


def _measured(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the lines of a service where none of its deployments that shipped something has any in the group: only
    those that shipped nothing would be known."""
    known = ((pl.col("commits") > 0) & pl.col("lines").is_not_null()).any().over("grp", "service")
    return frame.with_columns(lines=pl.when(known).then("lines"))


def _rows(group: str, deployments: pl.DataFrame, size: str, bins: Bins) -> Iterator[Row]:
    known = deployments.filter(pl.col(size).is_not_null()).with_columns(pl.col(size).cast(pl.Float64))
    named = {"group": group, "size": size.replace("_", " ")}
    values = known[size]
    ends = {"median": values.median(), "p90": values.quantile(0.9, "linear")}
    yield {**named, "bin": "all", "deployments": known.height} | fail_rate(known) | ends
    above = -1.0
    for name, largest in bins:
        part = known.filter((pl.col(size) > above) & (pl.col(size) <= largest))
        above = largest
        if part.height:
            counted = {"deployments": part.height} | share("share", part.height, known.height)
            yield {**named, "bin": name} | counted | fail_rate(part)


def _notes(deployments: pl.DataFrame) -> Iterator[str]:
    for size, _ in SIZES:
        unknown = deployments[size].null_count()
        if deployments.height and unknown == deployments.height:
            yield f"{size.replace('_', ' ')}: not known of any deployment"
        elif unknown:
            yield f"{size.replace('_', ' ')}: not known of {unknown} of {deployments.height} deployments"
    if deployments["commits"].count() and not deployments["pull_requests"].cast(pl.Int64).sum():
        yield "no deployment shipped a pull request that is known: pull requests need a source that knows them"
