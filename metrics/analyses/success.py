"""Deployment success rate: how many attempts ended well, apart from whether what they put live was any good.

A rollout that never served users is no failed change, and a change that broke production was deployed well. Cancelled
attempts are neither. Sources that only tell what was put live (a GitOps file, a tag) can never tell of a failure; where another
source tells the failures alone, the two together are all attempts, and either by itself is a rate of 1 or of 0.
"""

from __future__ import annotations

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share, spread
from metrics.analyses.rollouts import parts
from metrics.question import Question
from metrics.slices import slices

DEFINITION = (
    "production attempts that ended well, of those that ended well or failed; cancelled and unfinished ones are "
    "in neither, and whether what went live was any good is the change fail rate. Unwatched: their source tells "
    "only what was put live, and none tells those that failed, so they are in no rate. Where regions are one production, attempts of a version that ended "
    "alike in several of them are one"
)
COLUMNS = (
    "group", "attempts", "succeeded", "failed", "cancelled", "unfinished", "unwatched", "success_rate",
    "success_rate_interval", "succeeded_n", "succeeded_median_seconds", "succeeded_seconds_interval",
    "succeeded_p90_seconds", "failed_n", "failed_median_seconds", "failed_seconds_interval", "failed_p90_seconds",
)  # fmt: skip


def success(reader: Reader, question: Question) -> Answer:
    """One row a group; the rate is succeeded / (succeeded + failed), None when no attempt is watched."""
    cut = slices(reader, question)
    every = cut.frame(reader, "analyses/success")
    frame = every.filter(~pl.col("number").is_in([*parts(reader, cut)]))
    rows = tuple({"group": name} | _row(part) for name, part in by_group(cut, frame))
    return Answer(
        name="success",
        title="Deployment success rate",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=rows,
        notes=_notes(frame),
    )


def _row(part: pl.DataFrame) -> dict[str, object]:
    watched = part.filter(part["watched"])
    counts = {status: watched.filter(pl.col("status") == status) for status in ("succeeded", "failed", "cancelled")}
    succeeded, failed = counts["succeeded"].height, counts["failed"].height
    return {
        "attempts": part.height,
        "succeeded": succeeded,
        "failed": failed,
        "cancelled": counts["cancelled"].height,
        "unfinished": watched.filter(pl.col("status").is_in(["pending", "running"])).height,
        "unwatched": part.height - watched.height,
        **share("success_rate", succeeded, succeeded + failed),
        **spread("succeeded", counts["succeeded"]["seconds"]),
        **spread("failed", counts["failed"]["seconds"]),
    }


def _notes(frame: pl.DataFrame) -> tuple[str, ...]:
    blind = sorted(frame.filter(~frame["watched"])["source"].unique().to_list())
    if not blind:
        return ()
    names, tell = (", ".join(blind[:-1]) + " and " + blind[-1], "tell") if blind[1:] else (blind[0], "tells")
    return (
        f"unwatched: {names} {tell} only what was put live, never that an attempt began or failed; deployments of services "
        "of which no other source tells those that failed are in no rate here",
    )
