"""Apache DevLake: the median pull request against the deployment that first held it; an incident is of the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, lower_median, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of DevLake's dashboard; a group stands for a project."""
    runs = facts.deployed().group_by("run").agg(pl.col("finished_at").max())
    asked = facts.within(runs, "finished_at")
    yield _frequency(facts, runs, asked.height)
    yield _lead_time(facts)
    yield _fail_rate(facts, asked)
    yield _restore(facts)


def _frequency(facts: Facts, runs: pl.DataFrame, asked: int) -> Figure:
    days = _days(facts)
    busy = Counter(_monday(day) for day in days & set(runs["finished_at"].dt.date()))
    return frequency(lower_median(pl.Series([busy[week] for week in set(map(_monday, days))])), asked, "per week")


def _days(facts: Facts) -> set[date]:
    """The UTC days of the moments that are whole days before the end of the span, whatever the local dates are."""
    last = facts.end - timedelta(microseconds=1)
    return {(last - timedelta(days=n)).date() for n in range((last - facts.start).days + 1)}


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _lead_time(facts: Facts) -> Figure:
    first = facts.pull_requests.sort("deployed_at").unique(["repository", "number"], keep="first", maintain_order=True)
    cycles = facts.within(first, "deployed_at").select(cycle_seconds())["cycle"]
    return lead_time(lower_median(cycles), len(cycles))


def cycle_seconds() -> pl.Expr:
    """The sum of a pull request's three spans, each in whole minutes rounded up, without unknown and negative ones."""
    clocks = ("first_commit_at", "opened_at", "merged_at", "deployed_at")
    minutes = [(seconds(a, b) / 60).ceil() for a, b in pairwise(clocks)]
    known = [pl.when(span >= 0).then(span).otherwise(0.0).fill_null(0.0) for span in minutes]
    return (pl.sum_horizontal(known) * 60).alias("cycle")


def _fail_rate(facts: Facts, asked: pl.DataFrame) -> Figure:
    incidents = facts.incidents.unique("incident_id", maintain_order=True).sort("created_at")
    parts = facts.deployed().select("finished_at", "run").sort("finished_at", "run")
    blamed = incidents.join_asof(parts, left_on="created_at", right_on="finished_at", allow_exact_matches=False)
    failed = asked.filter(pl.col("run").is_in(blamed["run"].drop_nulls().unique().to_list()))
    return fail_rate(failed.height, asked.height)


def _restore(facts: Facts) -> Figure:
    incidents = facts.within(facts.incidents.unique("incident_id", maintain_order=True), "resolved_at")
    minutes = incidents.select((seconds("created_at", "resolved_at") / 60).floor() * 60).to_series()
    return restore(lower_median(minutes), len(minutes))
