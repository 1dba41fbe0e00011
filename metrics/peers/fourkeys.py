"""Google's Four Keys: every commit against the deployment that brought it; incidents that name a commit as root cause, in hours."""

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
    clocks, first = ["committed_at", "deployed_at"], facts.deployed().filter("is_first")
    own = first.rename({"finished_at": "deployed_at"}).select(clocks)
    brought = facts.within(pl.concat([facts.changes.select(clocks), own]), "deployed_at")
    minutes = brought.select((seconds("committed_at", "deployed_at") / 60).floor()).to_series().drop_nulls()
    counted = minutes.filter(minutes > 0)
    value = median(counted)
    return lead_time(None if value is None else value * 60, len(counted))


def _fail_rate(facts: Facts, asked: pl.DataFrame) -> Figure:
    """Of deployments, how often one holds a change that an incident names: once for each such change and incident."""
    held = ["deployment_id", "sha"]
    changes = pl.concat([asked.select(held), facts.changes.join(asked, on="deployment_id", how="semi").select(held)])
    causes = facts.incidents.select("incident_id", "sha").drop_nulls().unique()
    named = changes.unique().join(causes, on="sha").height
    return fail_rate(named, asked["deployment_id"].n_unique())


def _restore(facts: Facts, deployed: pl.DataFrame) -> Figure:
    shas, moments = ["sha", "deployed_at"], pl.col("finished_at").alias("deployed_at")
    roots = pl.concat([facts.changes.select(shas), deployed.select("sha", moments)])
    first = roots.group_by("sha").agg(pl.col("deployed_at").min().alias("root_at"))
    known = facts.incidents.unique("incident_id", maintain_order=True).join(first, on="sha", how="left")
    begun = known.with_columns(pl.min_horizontal("created_at", "root_at").alias("begun_at"))
    asked = facts.within(begun, "begun_at").filter(pl.col("resolved_at").is_not_null())
    hours = asked.select((seconds("begun_at", "resolved_at") / 3600).floor() * 3600).to_series()
    return restore(median(hours), len(hours))
