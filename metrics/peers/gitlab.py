"""GitLab: merge to deployment, medians of daily medians, and incidents divided by deployments, a row a day and environment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, median, restore, seconds

#: How long after a deployment the row of its day is written anew.
DELAY = timedelta(minutes=5)


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of GitLab's API with `interval=all`; a service stands for a project."""
    asked = facts.within(facts.deployed(), "finished_at").height
    yield frequency(asked / len(facts.days), asked, "per day")
    yield _lead_time(facts)
    yield fail_rate(_counted(facts, "created_at").height, asked, most=1)
    yield _restore(facts)


def _lead_time(facts: Facts) -> Figure:
    asked = facts.within(_deployed_requests(facts), "deployed_at")
    spans = asked.with_columns(
        seconds("merged_at", "deployed_at").alias("span"), pl.col("deployed_at").dt.date().alias("day")
    )
    return lead_time(_of_days(spans, ["service", "environment", "day"]), asked.height)


def _deployed_requests(facts: Facts) -> pl.DataFrame:
    """Merge requests by environment and deployment: the first one there holds all that were merged before it, held or not."""
    keys, clocks = ["service", "environment"], ["merged_at", "deployed_at"]
    firsts = facts.deployed().filter("is_first").select(*keys, "repository", first_at="finished_at")
    linked = facts.merged_requests.join(firsts, on="repository").filter(pl.col("merged_at") <= pl.col("first_at"))
    later = facts.pull_requests.join(firsts.drop("repository"), on=keys, how="left").filter(
        pl.col("merged_at") > pl.col("first_at").fill_null(pl.datetime(1, 1, 1))
    )
    return pl.concat([linked.rename({"first_at": "deployed_at"}).select(*keys, *clocks), later.select(*keys, *clocks)])


def _restore(facts: Facts) -> Figure:
    closed = _counted(facts, "resolved_at")
    spans = closed.with_columns(
        seconds("created_at", "resolved_at").alias("span"), pl.col("resolved_at").dt.date().alias("day")
    )
    return restore(_of_days(spans, ["repository", "environment", "day"]), closed["incident_id"].n_unique())


def _counted(facts: Facts, clock: str) -> pl.DataFrame:
    """One row per incident and production environment in whose row of the day it is counted.

    An incident has the rows of its project written anew for one environment only, here the oldest; those of the others
    are when they are deployed to later that day.
    """
    attempts = facts.deployments.filter("is_production")
    projects = attempts.select("service", "repository").unique(maintain_order=True)
    asked = facts.within(facts.incidents, clock).join(projects, on="service", maintain_order="left")
    incidents = asked.unique("incident_id", keep="first", maintain_order=True)
    rows = pl.concat([_told_of(incidents, attempts, clock), _deployed_to_later(incidents, attempts, clock)])
    return rows.unique(["incident_id", "environment"], maintain_order=True)


def _told_of(incidents: pl.DataFrame, attempts: pl.DataFrame, clock: str) -> pl.DataFrame:
    """The incidents with the oldest environment that their project had by then."""
    environments = attempts.group_by("repository", "environment").agg(pl.col("started_at").min().alias("since"))
    known = incidents.join(environments, on="repository").filter(pl.col("since") <= pl.col(clock))
    return known.sort("since", "environment").unique("incident_id", keep="first", maintain_order=True).drop("since")


def _deployed_to_later(incidents: pl.DataFrame, attempts: pl.DataFrame, clock: str) -> pl.DataFrame:
    """The incidents with every environment of their project that was deployed to later that day."""
    day = pl.col("finished_at").dt.date().alias("day")
    last = attempts.filter("succeeded").group_by("repository", "environment", day).agg(pl.col("finished_at").max())
    that_day = incidents.with_columns(pl.col(clock).dt.date().alias("day")).join(last, on=["repository", "day"])
    return that_day.filter(pl.col("finished_at") + DELAY > pl.col(clock)).drop("day", "finished_at")


def _of_days(spans: pl.DataFrame, keys: list[str]) -> float | None:
    return median(spans.group_by(keys).agg(pl.col("span").median())["span"])
