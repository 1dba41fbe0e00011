"""Thoughtworks Metrik: builds of a pipeline, failed and aborted ones included, between inclusive bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, fail_rate, frequency, lead_time, mean, seconds

_CALCULATORS = "backend/src/main/kotlin/metrik/metrics/domain/calculator"
RULES = (
    Rule(
        code="MK1", metric="deployment_frequency", moves="higher", published=f"{_CALCULATORS}/DeploymentFrequencyCalculator.kt",
        peer="a count of successful deployments, both bounds of the span included",
        dora="the end is not part of the span",
    ),
    Rule(
        code="MK2", metric="change_lead_time", moves="either", published=f"{_CALCULATORS}/LeadTimeForChangeCalculator.kt",
        peer="builds in order of their start, after the last that succeeded before the span, up to the last that succeeded "
        "in it; commits of failed and aborted builds belong to the next that succeeds",
        dora="the same by ancestry, for deployments that finished in the span",
    ),
    Rule(
        code="MK3", metric="change_lead_time", moves="higher", published=f"{_CALCULATORS}/LeadTimeForChangeCalculator.kt",
        peer="the mean over all commits, merges and bots included",
        dora="the median over commits that are no merges",
    ),
    Rule(
        code="MK4", metric="change_fail_rate", moves="either", published=f"{_CALCULATORS}/ChangeFailureRateCalculator.kt",
        peer="attempts that failed of attempts that failed or succeeded: the pipeline's success, not production's",
        dora="a rollout that failed was never live and is not in it; what failed after it succeeded is",
    ),
    Rule(
        code="MK5", metric="failed_deployment_recovery_time", moves="either",
        published=f"{_CALCULATORS}/MeanTimeToRestoreCalculator.kt",
        peer="the mean time from the first failed attempt to the next that succeeds, the run of failures that began before "
        "the span included; what is still failing is left out",
        dora="the Kaplan–Meier median from a failed deployment to its recovery, open ones censored",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Metrik; a service's environment stands for a pipeline's stage."""
    attempts = facts.deployments.filter("is_production", pl.col("succeeded") | pl.col("failed"))
    asked = facts.within(attempts, "finished_at", inclusive=True)
    failed = asked.filter("failed").height
    succeeded = asked.height - failed
    pipelines = attempts.partition_by("service", "environment", maintain_order=True)
    yield frequency(float(succeeded), succeeded, "deployments")
    yield _lead_time(facts, pipelines)
    yield fail_rate(failed, asked.height)
    yield _recovery(facts, pipelines)


def _lead_time(facts: Facts, pipelines: list[pl.DataFrame]) -> Figure:
    scopes = [name for pipeline in pipelines for name in _scope(facts, pipeline)]
    changes = facts.changes.filter(pl.col("deployment_id").is_in(scopes))
    spans = changes.select(seconds("committed_at", "deployed_at")).to_series().drop_nulls()
    return lead_time(mean(spans), len(spans))


def _scope(facts: Facts, pipeline: pl.DataFrame) -> list[str]:
    """The succeeded builds of a pipeline whose commits are counted, by when they were started."""
    done = pipeline.filter("succeeded").sort("started_at", maintain_order=True)
    inside = facts.within(done, "finished_at", inclusive=True)
    before = done.filter(pl.col("finished_at") < facts.start)
    if not inside.height:
        return []
    after = pl.lit(True) if not before.height else pl.col("started_at") > before["started_at"][-1]
    names: list[str] = done.filter(after, pl.col("started_at") <= inside["started_at"][-1])["deployment_id"].to_list()
    return names


def _recovery(facts: Facts, pipelines: list[pl.DataFrame]) -> Figure:
    spans = pl.Series([span for pipeline in pipelines for span in _restored(facts, pipeline)], dtype=pl.Float64)
    return Figure(metric="failed_deployment_recovery_time", value=mean(spans), n=len(spans), unit="seconds")


def _restored(facts: Facts, pipeline: pl.DataFrame) -> Iterator[float]:
    """Seconds from the first failed attempt of a run of failures to the success that ended it."""
    before = pipeline.filter("succeeded", pl.col("finished_at") < facts.start)["finished_at"].max()
    done = pipeline.filter(pl.col("finished_at") <= facts.end if facts.last else pl.col("finished_at") < facts.end)
    if before is not None:
        done = done.filter(pl.col("finished_at") > before)
    rows = list(done.sort("finished_at", maintain_order=True).select("finished_at", "failed").iter_rows())
    broken: datetime | None = rows[0][0] if rows and rows[0][1] else None
    for (_, _), (at, failed) in pairwise(rows):
        if failed:
            broken = broken or at
        elif broken is not None:
            yield (at - broken).total_seconds()
            broken = None


PEER = Peer(
    name="metrik",
    title="Metrik",
    read="thoughtworks/metrik, main, read 2026-11",
    rules=RULES,
    figures=figures,
)
