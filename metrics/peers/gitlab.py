"""GitLab: merge to deployment, medians of daily medians, and incidents divided by deployments."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, fail_rate, frequency, lead_time, median, restore, seconds

_MODELS = "ee/app/models/dora"
RULES = (
    Rule(
        code="GL1", metric="deployment_frequency", moves="either", published=f"{_MODELS}/deployment_frequency_metric.rb",
        peer="successful production deployments per day, over every UTC day the span touches",
        dora="the same count over the exact length of the span",
    ),
    Rule(
        code="GL2", metric="change_lead_time", moves="lower", published=f"{_MODELS}/lead_time_for_changes_metric.rb",
        peer="from the merge of a merge request: coding and review are not part of it",
        dora="from the commit, unless `change = \"pull_request\"` and `clock = \"merged\"`",
    ),
    Rule(
        code="GL3", metric="change_lead_time", moves="either", published=f"{_MODELS}/lead_time_for_changes_metric.rb",
        peer="the median of the daily medians of each environment: a quiet day weighs as much as a busy one",
        dora="the median of all changes",
    ),
    Rule(
        code="GL4", metric="change_fail_rate", moves="higher", published=f"{_MODELS}/change_failure_rate_metric.rb",
        peer="incidents opened divided by deployments (by 1 when there are none): it may pass 100 %",
        dora="failed deployments of deployments: each fails at most once",
    ),
    Rule(
        code="GL5", metric="change_fail_rate", moves="either", published="doc/user/analytics/dora_metrics.md",
        peer="every incident counts on the day it is opened, whatever caused it; rollbacks and reverts do not",
        dora="evidence that a deployment failed, counted at that deployment",
    ),
    Rule(
        code="GL6", metric="time_to_restore", moves="lower", published=f"{_MODELS}/time_to_restore_service_metric.rb",
        peer="incidents by the day they were closed, open ones left out",
        dora="incidents by the day they began, open ones censored",
    ),
    Rule(
        code="GL7", metric="time_to_restore", moves="either", published=f"{_MODELS}/time_to_restore_service_metric.rb",
        peer="the median of daily medians, from the opening of the incident",
        dora="the Kaplan–Meier median of all incidents, from the start of the impact when it is known",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of GitLab's API with `interval=all`; a service stands for a project."""
    asked = facts.within(facts.deployed(), "finished_at").height
    opened = facts.within(facts.incidents, "created_at").height
    yield frequency(asked / len(facts.days()), asked, "per day")
    yield _lead_time(facts)
    yield fail_rate(opened, asked, most=1)
    yield _restore(facts)


def _lead_time(facts: Facts) -> Figure:
    asked = facts.within(facts.pull_requests, "deployed_at").filter(pl.col("merged_at").is_not_null())
    spans = asked.with_columns(
        seconds("merged_at", "deployed_at").alias("span"), pl.col("deployed_at").dt.date().alias("day")
    )
    return lead_time(_of_days(spans, ["service", "environment", "day"]), asked.height)


def _restore(facts: Facts) -> Figure:
    closed = facts.within(facts.incidents, "resolved_at")
    spans = closed.with_columns(
        seconds("created_at", "resolved_at").alias("span"), pl.col("resolved_at").dt.date().alias("day")
    )
    return restore(_of_days(spans, ["service", "day"]), closed.height)


def _of_days(spans: pl.DataFrame, keys: list[str]) -> float | None:
    return median(spans.group_by(keys).agg(pl.col("span").median())["span"])


PEER = Peer(
    name="gitlab",
    title="GitLab",
    read="ee/app/models/dora and doc/user/analytics of GitLab 15, read 2026-11",
    rules=RULES,
    figures=figures,
)
