"""Google's Four Keys: pushes to the main line against the deployment of them; incidents that name a commit as root cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, median, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Four Keys' dashboard."""
    deployed = facts.deployments.filter("succeeded", pl.col("sha").is_not_null())
    asked = facts.within(deployed, "finished_at")
    yield _frequency(facts, deployed, asked.height)
    yield _lead_time(facts)
    yield _fail_rate(facts, asked)
    yield _restore(facts, deployed)


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _frequency(facts: Facts, deployed: pl.DataFrame, asked: int) -> Figure:
    busy = Counter(_sunday(day) for day in set(facts.days) & set(deployed["finished_at"].dt.date()))
    weeks = {_sunday(day) for day in facts.days}
    return frequency(median(pl.Series([busy[week] for week in weeks])), asked, "per week")


def _lead_time(facts: Facts) -> Figure:
    pushed = facts.within(facts.changes, "deployed_at").filter("mainline")
    minutes = pushed.select((seconds("committed_at", "deployed_at") / 60).floor().alias("minutes"))["minutes"]
    counted = minutes.filter(minutes > 0)
    value = median(counted)
    return lead_time(None if value is None else value * 60, len(counted))


def _fail_rate(facts: Facts, asked: pl.DataFrame) -> Figure:
    causes = facts.incidents["sha"].drop_nulls().unique().to_list()
    named = facts.changes.filter(pl.col("sha").is_in(causes))["deployment_id"].unique().to_list()
    failed = asked.filter(pl.col("sha").is_in(causes) | pl.col("deployment_id").is_in(named))
    return fail_rate(failed["deployment_id"].n_unique(), asked["deployment_id"].n_unique())


def _restore(facts: Facts, deployed: pl.DataFrame) -> Figure:
    shas, moments = ["sha", "deployed_at"], pl.col("finished_at").alias("deployed_at")
    roots = pl.concat([facts.changes.select(shas), deployed.select("sha", moments)])
    first = roots.group_by("sha").agg(pl.col("deployed_at").min().alias("root_at"))
    known = facts.incidents.unique("incident_id", maintain_order=True).join(first, on="sha", how="left")
    begun = known.with_columns(pl.min_horizontal("created_at", "root_at").alias("begun_at"))
    asked = facts.within(begun, "begun_at").filter(pl.col("resolved_at").is_not_null())
    minutes = asked.select((seconds("begun_at", "resolved_at") / 60).floor() * 60).to_series()
    return restore(median(minutes), len(minutes))
