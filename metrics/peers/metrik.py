"""Thoughtworks Metrik: builds of a pipeline, failed and aborted ones included, between inclusive bounds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, fail_rate, frequency, lead_time, mean, recovery, seconds


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
    return recovery(mean(spans), len(spans))


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
