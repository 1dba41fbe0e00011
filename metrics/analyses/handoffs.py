"""Hand-offs and self-service: who starts deployments, what they wait for, and whether handing off makes them safer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share, spread
from metrics.analyses.failed import FAIL_RATE, fail_rate, judged
from metrics.change_intervals import share_difference
from metrics.intervals import Interval
from metrics.question import Question
from metrics.slices import slices

STARTERS = ("author", "pipeline", "somebody else", "nothing new", "unknown")
SIDES: Mapping[str, Sequence[str]] = {"self-service": ("author", "pipeline"), "handed off": ("somebody else",)}
DIFFERENCE = "handed off − self-service"
COLUMNS = (
    "group", "started_by", "deployments", "share", "share_interval", *FAIL_RATE, "runs", "manual_steps_per_run",
    "with_manual_step_share", "with_manual_step_share_interval", "wait_n", "wait_median_seconds", "wait_seconds_interval",
    "wait_p90_seconds",
)  # fmt: skip
DEFINITION = (
    "Succeeded production deployments by who started them: an author of a change or pull request that the deployment "
    "shipped first, a pipeline or bot, somebody else; `nothing new`: a person, but it shipped nothing that had an author "
    "(a redeploy, a rollback, the first one) or none that is known; `unknown`: nobody is recorded. Self-service: an author or a pipeline; handed "
    "off: somebody else. Runs: those whose steps are known; wait: the time in which a manual step waited, from its "
    "first moment to its end, side by side counted once, of runs with any. Difference: of the two fail rates, with Newcombe's interval; chance alone when it holds 0."
)


def handoffs(reader: Reader, question: Question) -> Answer:
    """One row per group for all, every kind of starter that occurs, the two sides, and the difference of their fail rates."""
    cut = slices(reader, question)
    frame = judged(reader, cut, cut.frame(reader, "analyses/handoffs"))
    rows = [row for name, own in by_group(cut, frame) for row in _rows(name, own)]
    return Answer(
        name="handoffs",
        title="Hand-offs and self-service",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({column: row.get(column) for column in COLUMNS} for row in rows),
        notes=tuple(_notes(frame)),
        keys=2,
    )


def _rows(group: str, deployments: pl.DataFrame) -> Iterator[Row]:
    yield {"group": group, "started_by": "all", **_figures(deployments, deployments.height)}
    for starter in STARTERS:
        part = deployments.filter(pl.col("started_by") == starter)
        if part.height:
            yield {"group": group, "started_by": starter, **_figures(part, deployments.height)}
    sides = {name: deployments.filter(pl.col("started_by").is_in(kinds)) for name, kinds in SIDES.items()}
    for name, part in sides.items():
        yield {"group": group, "started_by": name, **_figures(part, deployments.height)}
    service, handed = (fail_rate(part) for part in sides.values())
    yield {"group": group, "started_by": DIFFERENCE, **_difference(handed, service)}


def _figures(rows: pl.DataFrame, of: int) -> dict[str, object]:
    runs = rows.filter(pl.col("manual_steps").is_not_null()).unique("run")
    manual = runs.filter(pl.col("manual_steps") > 0)
    return {
        "deployments": rows.height,
        **share("share", rows.height, of),
        **fail_rate(rows),
        "runs": runs.height,
        "manual_steps_per_run": runs["manual_steps"].cast(pl.Float64).mean(),
        **share("with_manual_step_share", manual.height, runs.height),
        **spread("wait", manual["wait_seconds"]),
    }


def _difference(new: Mapping[str, object], old: Mapping[str, object]) -> dict[str, object]:
    first, second = (_estimate(side) for side in (new, old))
    known = first[0] is not None and second[0] is not None
    return {
        "fail_rate": cast(float, first[0]) - cast(float, second[0]) if known else None,
        "fail_rate_interval": share_difference(first, second),
    }


def _estimate(side: Mapping[str, object]) -> tuple[float | None, Interval]:
    return cast("float | None", side["fail_rate"]), cast(Interval, side["fail_rate_interval"])


def _notes(rows: pl.DataFrame) -> Iterator[str]:
    deployments = rows.unique("number")
    people = deployments["named"].drop_nulls()
    if len(people) and not people.any():
        yield (
            "nobody who started a deployment is an author of any change: the two sources may know people by different "
            "identities, so `somebody else` says nothing here"
        )
    unknown = deployments.filter(pl.col("started_by") == "unknown").height
    if unknown:
        yield f"nobody is recorded for {unknown} of {deployments.height} deployments"
    without = deployments["manual_steps"].null_count()
    if deployments.height and without == deployments.height:
        yield "no pipeline steps of these deployments are known: nothing is said about manual steps and waits"
    elif without:
        yield f"the pipeline steps of {without} of {deployments.height} deployments are not known"
