"""Apache DevLake: the median pull request against the deployment that first held it; an incident is of the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, lower_median, recovery, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The five figures of DevLake's dashboard; a group stands for a project."""
    runs = facts.deployed().group_by("run").agg(pl.col("finished_at").max())
    asked = facts.within(runs, "finished_at")
    broken = _incidents_of_runs(facts)
    yield _frequency(facts, runs, asked.height)
    yield _lead_time(facts)
    yield _fail_rate(broken, asked)
    yield _recovery(facts, broken, asked)
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


def _incidents_of_runs(facts: Facts) -> pl.DataFrame:
    """The incidents of all time, each with the `run` whose part was the last to finish before it; null where none had."""
    incidents = facts.incidents.unique("incident_id", maintain_order=True).sort("created_at")
    parts = facts.deployed().select(pl.col("finished_at").alias("part_at"), "run").sort("part_at", "run")
    return incidents.join_asof(parts, left_on="created_at", right_on="part_at", allow_exact_matches=False)


def _fail_rate(broken: pl.DataFrame, asked: pl.DataFrame) -> Figure:
    failed = asked.filter(pl.col("run").is_in(broken["run"].drop_nulls().unique().to_list()))
    return fail_rate(failed.height, asked.height)


def _recovery(facts: Facts, broken: pl.DataFrame, asked: pl.DataFrame) -> Figure:
    """Of incidents resolved in the span whose run finished in it: from the end of the run, below 0 where that came later."""
    spans = (
        facts.within(broken, "resolved_at").join(asked, on="run").select(_whole_minutes("finished_at", "resolved_at"))
    )
    return recovery(lower_median(spans.to_series()), spans.height)


def _restore(facts: Facts) -> Figure:
    incidents = facts.within(facts.incidents.unique("incident_id", maintain_order=True), "resolved_at")
    spans = incidents.select(_whole_minutes("created_at", "resolved_at"))
    return restore(lower_median(spans.to_series()), spans.height)


def _whole_minutes(start: str, end: str) -> pl.Expr:
    """The span between two clocks in seconds, without what is left of a minute."""
    return (seconds(start, end) / 60).cast(pl.Int64) * 60
