"""GitLab: merge to deployment, medians of daily medians, and incidents divided by deployments."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, median, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of GitLab's API with `interval=all`; a service stands for a project."""
    asked = facts.within(facts.deployed(), "finished_at").height
    incidents = facts.incidents.unique("incident_id", maintain_order=True)
    opened = facts.within(incidents, "created_at").height
    yield frequency(asked / len(facts.days), asked, "per day")
    yield _lead_time(facts)
    yield fail_rate(opened, asked, most=1)
    yield _restore(facts, incidents)


def _lead_time(facts: Facts) -> Figure:
    asked = facts.within(facts.pull_requests, "deployed_at").filter(pl.col("merged_at").is_not_null())
    spans = asked.with_columns(
        seconds("merged_at", "deployed_at").alias("span"), pl.col("deployed_at").dt.date().alias("day")
    )
    return lead_time(_of_days(spans, ["service", "environment", "day"]), asked.height)


def _restore(facts: Facts, incidents: pl.DataFrame) -> Figure:
    closed = facts.within(incidents, "resolved_at")
    spans = closed.with_columns(
        seconds("created_at", "resolved_at").alias("span"), pl.col("resolved_at").dt.date().alias("day")
    )
    return restore(_of_days(spans, ["service", "day"]), closed.height)


def _of_days(spans: pl.DataFrame, keys: list[str]) -> float | None:
    return median(spans.group_by(keys).agg(pl.col("span").median())["span"])
