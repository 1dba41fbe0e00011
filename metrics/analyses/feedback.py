"""Time to first feedback: how long a change waits for the first thing that its checks say."""

from __future__ import annotations

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share, spread
from metrics.analyses.steps import WITHOUT_ENVIRONMENT
from metrics.question import Question
from metrics.slices import slices

#: DORA's survey asks whether automated tests answer in less than ten minutes (test automation, 2025).
FAST_SECONDS = 600
_SPANS = ("first_step", "first_run", "first_failure")
COLUMNS = (
    "group", "changes",
    *(f"{name}_{part}" for name in _SPANS for part in ("n", "median_seconds", "seconds_interval", "p90_seconds")),
    "fast_share", "fast_share_interval",
)  # fmt: skip
DEFINITION = (
    "Commits with pipeline runs, those that deploy left out: from the creation of the commit's first run to its first finished "
    "step, its first finished run, and its first failed step. fast: first finished run in less than ten minutes, as DORA's "
    "survey asks, of those that have one."
)


def feedback(reader: Reader, question: Question) -> Answer:
    """One row per group; figures None without runs."""
    cut = slices(reader, question)
    frame = cut.frame(reader, "analyses/feedback")
    missing = (
        () if frame.height else ("no check of a commit is known in the period: it needs a source of pipeline runs",)
    )
    return Answer(
        name="feedback",
        title="Time to first feedback",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({"group": name, **_figures(own)} for name, own in by_group(cut, frame)),
        notes=(*missing, *((WITHOUT_ENVIRONMENT,) if question.environments else ())),
    )


def _figures(rows: pl.DataFrame) -> dict[str, object]:
    found: dict[str, object] = {"changes": rows.height}
    for name in _SPANS:
        found |= spread(name, rows[name])
    ended = rows["first_run"].drop_nulls()
    return found | share("fast_share", int((ended < FAST_SECONDS).sum()), len(ended))
