"""Middleware: sums of mean stages with what is missing as 0, floored averages, the team's latest deployment blamed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, mean, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Middleware's dashboard; a group stands for a team."""
    deployed = facts.deployed().sort("finished_at")
    asked = facts.within(deployed, "finished_at", inclusive=True)
    yield frequency(float(asked.height // len(facts.days)), asked.height, "per day")
    yield _lead_time(facts, deployed)
    yield _fail_rate(facts, asked)
    yield _restore(facts)


def _lead_time(facts: Facts, deployed: pl.DataFrame) -> Figure:
    merged = facts.within(facts.pull_requests, "merged_at", inclusive=True).sort("merged_at")
    once = merged.unique(["repository", "number"], keep="first", maintain_order=True)
    moments = deployed.select("repository", pl.col("finished_at").alias("next_at"))
    later = once.join_asof(
        moments, left_on="merged_at", right_on="next_at", by="repository", strategy="forward", check_sortedness=False
    )
    spans = later.filter(pl.col("next_at").is_not_null()).select(_stages())["span"]
    return lead_time(mean(spans), len(spans))


def _stages() -> pl.Expr:
    """The sum of a pull request's five stages, 0 for each that is missing; what comes after it would be negative is 0."""
    approved = pl.col("approved_at").is_not_null() & (pl.col("merged_at") >= pl.col("approved_at"))
    stages = [
        seconds("first_commit_at", "opened_at").clip(0),
        seconds("opened_at", "first_review_at"),
        seconds("first_review_at", "approved_at"),
        pl.when(approved).then(seconds("approved_at", "merged_at")),
        seconds("merged_at", "next_at"),
    ]
    return pl.sum_horizontal([stage.fill_null(0.0) for stage in stages]).alias("span")


def _fail_rate(facts: Facts, asked: pl.DataFrame) -> Figure:
    opened = facts.within(facts.incidents.unique("incident_id", maintain_order=True), "created_at", inclusive=True)
    ends = asked.select("finished_at", "deployment_id")
    blamed = opened.sort("created_at").join_asof(ends, left_on="created_at", right_on="finished_at")
    return fail_rate(blamed["deployment_id"].drop_nulls().n_unique(), asked.height)


def _restore(facts: Facts) -> Figure:
    incidents = facts.incidents.unique("incident_id", maintain_order=True)
    spans = (
        facts.within(incidents, "resolved_at", inclusive=True).select(seconds("created_at", "resolved_at")).to_series()
    )
    return restore(mean(spans), len(spans))
