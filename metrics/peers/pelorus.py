"""Pelorus: the deployed image's own commit, and means over applications of each application's mean."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, frequency, lead_time, mean, restore, seconds

_RULES = "charts/pelorus/templates/prometheus-rules.yaml"
RULES = (
    Rule(
        code="PE1", metric="deployment_frequency", moves="higher", published="charts/pelorus/templates/dashboard-sdp-byapp.yaml",
        peer="distinct images per application and namespace, non-production namespaces included",
        dora="production deployments, each counted",
    ),
    Rule(
        code="PE2", metric="change_lead_time", moves="lower", published=_RULES,
        peer="only the commit that an image was built from counts, against its earliest deployment in any namespace",
        dora="every commit that a production deployment brought",
    ),
    Rule(
        code="PE3", metric="change_lead_time", moves="either", published=_RULES,
        peer="the mean over applications of each application's mean: a quiet one weighs as much as a busy one",
        dora="the median of all changes, pooled",
    ),
    Rule(
        code="PE4", metric="change_fail_rate", moves="either", published=_RULES,
        peer="failures reported divided by commits deployed, then the mean over applications; it may pass 100 %, and an "
        "application without a deployment is left out with its failures",
        dora="failed deployments of deployments, pooled",
    ),
    Rule(
        code="PE5", metric="time_to_restore", moves="either", published=_RULES,
        peer="the mean over applications of each one's mean over issues resolved",
        dora="the Kaplan–Meier median of all incidents, open ones censored",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Pelorus' dashboard; a service stands for an application."""
    images = facts.within(facts.deployments.filter("succeeded"), "finished_at")
    commits = _commits(images)
    count = images.unique(["service", "environment", "image"]).height
    yield frequency(float(count), count, "deployments")
    yield lead_time(_over_applications(commits), commits.height)
    yield _fail_rate(facts, commits)
    yield _restore(facts)


def _commits(images: pl.DataFrame) -> pl.DataFrame:
    """One row per application and commit that an image was built from: `span` to its earliest deployment."""
    known = images.filter(pl.col("committed_at").is_not_null()).with_columns(
        seconds("committed_at", "finished_at").alias("span")
    )
    return known.group_by("service", "sha", maintain_order=True).agg(pl.col("span").min())


def _over_applications(spans: pl.DataFrame) -> float | None:
    return mean(spans.group_by("service", maintain_order=True).agg(pl.col("span").mean())["span"])


def _fail_rate(facts: Facts, commits: pl.DataFrame) -> Figure:
    deployed = commits.group_by("service", maintain_order=True).agg(pl.len().alias("commits"))
    reported = facts.within(facts.incidents, "created_at").group_by("service").agg(pl.len().alias("failures"))
    rates = deployed.join(reported, on="service", how="left", maintain_order="left").select(
        pl.col("failures").fill_null(0).cast(pl.Float64) / pl.col("commits")
    )
    return Figure(metric="change_fail_rate", value=mean(rates.to_series()), n=commits.height, unit="share")


def _restore(facts: Facts) -> Figure:
    resolved = facts.within(facts.incidents, "resolved_at").with_columns(
        seconds("created_at", "resolved_at").alias("span")
    )
    return restore(_over_applications(resolved), resolved.height)


PEER = Peer(
    name="pelorus",
    title="Pelorus",
    read="dora-metrics/pelorus, main, read 2026-11",
    rules=RULES,
    figures=figures,
)
