"""Middleware: sums of mean stages with what is missing as 0, floored averages, the team's latest deployment blamed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, mean, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Middleware's dashboard; a group stands for a team, a deployment happens when it is started."""
    runs = facts.deployments.filter("is_production").sort("started_at")
    succeeded = runs.filter("succeeded")
    asked = facts.within(succeeded, "started_at", inclusive=True).height
    yield frequency(float(asked // _days(facts)), asked, "per day")
    yield _lead_time(facts, succeeded)
    yield _fail_rate(facts, facts.within(runs, "started_at", inclusive=True))
    yield _restore(facts)


def _days(facts: Facts) -> int:
    """How many UTC days the span touches, that of its end included."""
    return (facts.end.date() - facts.start.date()).days + 1


def _lead_time(facts: Facts, succeeded: pl.DataFrame) -> Figure:
    merged = facts.within(facts.merged_requests, "merged_at", inclusive=True)
    moments = succeeded.select("repository", pl.col("started_at").alias("next_at"))
    later = merged.join_asof(
        moments, left_on="merged_at", right_on="next_at", by="repository", strategy="forward", check_sortedness=False
    )
    spans = later.filter(pl.col("next_at").is_not_null()).select(_stages())["span"]
    return lead_time(mean(spans), len(spans))


def _stages() -> pl.Expr:
    """The sum of a pull request's five stages, 0 for each that is missing; what comes after it would be negative is 0."""
    approved = pl.col("approved_at").is_not_null() & (pl.col("merged_at") >= pl.col("approved_at"))
    stages = [
        seconds("first_commit_at", "opened_at").clip(0),
        pl.coalesce(seconds("ready_at", "first_review_at"), seconds("opened_at", "first_review_at")),
        seconds("first_review_at", "approved_at"),
        pl.when(approved).then(seconds("approved_at", "merged_at")),
        seconds("merged_at", "next_at"),
    ]
    return pl.sum_horizontal([stage.fill_null(0.0) for stage in stages]).alias("span")


def _fail_rate(facts: Facts, runs: pl.DataFrame) -> Figure:
    """Of attempts that were finished, whatever came of them: an incident is of the last that was started before it."""
    opened = facts.within(facts.incidents.unique("incident_id", maintain_order=True), "created_at", inclusive=True)
    starts = runs.select("started_at", "deployment_id")
    blamed = opened.sort("created_at").join_asof(starts, left_on="created_at", right_on="started_at")
    return fail_rate(blamed["deployment_id"].drop_nulls().n_unique(), runs.height)


def _restore(facts: Facts) -> Figure:
    incidents = facts.incidents.unique("incident_id", maintain_order=True)
    spans = (
        facts.within(incidents, "resolved_at", inclusive=True).select(seconds("created_at", "resolved_at")).to_series()
    )
    return restore(mean(spans), len(spans))
