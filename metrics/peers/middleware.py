"""Middleware: sums of mean stages with what is missing as 0, floored averages, the team's latest deployment blamed."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, fail_rate, frequency, lead_time, mean, restore, seconds

_SERVICE = "backend/analytics_server/mhq/service"
RULES = (
    Rule(
        code="MW1", metric="deployment_frequency", moves="lower", published="backend/analytics_server/mhq/utils/dict.py",
        peer="the mean per day is floored to a whole number: six a week are 0 a day",
        dora="the mean is not rounded",
    ),
    Rule(
        code="MW2", metric="deployment_frequency", moves="higher", published=f"{_SERVICE}/deployments/analytics.py",
        peer="both bounds of the span are counted",
        dora="the end is not part of the span",
    ),
    Rule(
        code="MW3", metric="change_lead_time", moves="either", published=f"{_SERVICE}/code/lead_time.py",
        peer="pull requests by when they were merged, once a deployment of their repository has followed, whether it held "
        "them or not",
        dora="changes by when they were first deployed, by ancestry",
    ),
    Rule(
        code="MW4", metric="change_lead_time", moves="lower", published=f"{_SERVICE}/code/lead_time.py",
        peer="first commit to opening, to first review, to approval, to merge, to deployment; a missing one is 0: without "
        "a review, opening to merge takes no time at all",
        dora="one span from start to end; a missing stage is unknown",
    ),
    Rule(
        code="MW5", metric="change_lead_time", moves="higher", published=f"{_SERVICE}/code/lead_time.py",
        peer="the mean",
        dora="the median",
    ),
    Rule(
        code="MW6", metric="change_fail_rate", moves="either", published=f"{_SERVICE}/incidents/incidents.py",
        peer="an incident is of the team's last deployment in the span before it, of any repository and without limit; one "
        "before the first deployment of the span is dropped",
        dora="an incident is of the deployment it names",
    ),
    Rule(
        code="MW7", metric="change_fail_rate", moves="lower", published=f"{_SERVICE}/incidents/incidents.py",
        peer="only incidents opened in the span make a failure",
        dora="also failed checks, rollbacks, reverts and hotfixes, whenever the evidence comes",
    ),
    Rule(
        code="MW8", metric="time_to_restore", moves="either", published=f"{_SERVICE}/incidents/incidents.py",
        peer="the mean of incidents resolved in the span; open ones are left out",
        dora="the Kaplan–Meier median of incidents begun in the span, open ones censored",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Middleware's dashboard; a group stands for a team."""
    deployed = facts.deployed().sort("finished_at")
    asked = facts.within(deployed, "finished_at", inclusive=True)
    yield frequency(float(asked.height // len(facts.days())), asked.height, "per day")
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


PEER = Peer(
    name="middleware",
    title="Middleware",
    read="middlewarehq/middleware, main, read 2026-11",
    rules=RULES,
    figures=figures,
)
