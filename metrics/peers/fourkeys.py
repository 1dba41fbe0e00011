"""Google's Four Keys: pushes to the main line against the deployment of them; incidents that name a commit as root cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, fail_rate, frequency, lead_time, median, restore, seconds

RULES = (
    Rule(
        code="FK1", metric="deployment_frequency", moves="higher", published="queries/deployments.sql",
        peer="every successful deployment with a known commit counts, into whatever environment",
        dora="production only, commit known or not",
    ),
    Rule(
        code="FK2", metric="deployment_frequency", moves="lower", published="METRICS.md",
        peer="the median number of days with a deployment over the weeks touched, weeks from Sunday",
        dora="counts deployments; weeks from Monday",
    ),
    Rule(
        code="FK3", metric="change_lead_time", moves="lower", published="queries/lead_time_for_changes.sql",
        peer="a change is a push, dated by its arrival (here: a commit of the main line, dated by its commit time); what "
        "was committed on a branch before it does not count",
        dora="every commit that is no merge, from its own time, unless set otherwise",
    ),
    Rule(
        code="FK4", metric="change_lead_time", moves="higher", published="queries/lead_time_for_changes.sql",
        peer="whole minutes; changes deployed within a minute are left out as automatic",
        dora="seconds; 0 is a value",
    ),
    Rule(
        code="FK5", metric="change_fail_rate", moves="lower", published="queries/change_failure_rate.sql",
        peer="a deployment fails when an incident names one of its commits as the root cause",
        dora="also by deployment, version or pull request named, failed checks, rollbacks, reverts and hotfixes",
    ),
    Rule(
        code="FK6", metric="change_fail_rate", moves="lower", published="queries/deployments.sql",
        peer="divided by the deployments with a known commit into whatever environment, at once",
        dora="divided by matured production deployments",
    ),
    Rule(
        code="FK7", metric="time_to_restore", moves="either", published="queries/incidents.sql",
        peer="from the root cause's deployment when it is known and earlier, else from the report of the incident",
        dora="from the start of the impact, else its detection",
    ),
    Rule(
        code="FK8", metric="time_to_restore", moves="lower", published="queries/time_to_restore_services.sql",
        peer="the median of resolved incidents in whole minutes; open ones are left out",
        dora="open incidents are censored: the Kaplan–Meier median",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Four Keys' dashboard."""
    deployed = facts.deployments.filter("succeeded", pl.col("sha").is_not_null())
    asked = facts.within(deployed, "finished_at")
    yield _frequency(facts, asked)
    yield _lead_time(facts)
    yield _fail_rate(facts, asked)
    yield _restore(facts, deployed)


def _sunday(day: date) -> date:
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _frequency(facts: Facts, asked: pl.DataFrame) -> Figure:
    weeks = {_sunday(day) for day in facts.days()}
    busy = Counter(_sunday(day) for day in set(asked["finished_at"].dt.date()))
    return frequency(median(pl.Series([busy[week] for week in weeks])), asked.height, "per week")


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


PEER = Peer(
    name="fourkeys",
    title="Four Keys",
    read="dora-team/fourkeys, main (archived), read 2026-11",
    rules=RULES,
    figures=figures,
)
