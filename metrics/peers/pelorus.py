"""Pelorus: the deployed image's own commit, and means over applications of each application's mean."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, frequency, lead_time, mean, restore, seconds


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of Pelorus' dashboard; a service stands for an application."""
    images = facts.within(facts.deployments.filter("succeeded"), "finished_at")
    built = _built(images)
    count = images.unique(["service", "environment", "image"]).height
    yield frequency(float(count), count, "deployments")
    yield lead_time(_over_applications(built), built.height)
    yield _fail_rate(facts, built)
    yield _restore(facts)


def _built(images: pl.DataFrame) -> pl.DataFrame:
    """One row per application and image whose commit is known: `span` from it to the image's earliest deployment."""
    known = images.filter(pl.col("committed_at").is_not_null()).with_columns(
        seconds("committed_at", "finished_at").alias("span")
    )
    return known.group_by("service", "sha", "image", maintain_order=True).agg(pl.col("span").min())


def _over_applications(spans: pl.DataFrame) -> float | None:
    return mean(spans.group_by("service", maintain_order=True).agg(pl.col("span").mean())["span"])


def _fail_rate(facts: Facts, built: pl.DataFrame) -> Figure:
    deployed = built.group_by("service", maintain_order=True).agg(pl.len().alias("images"))
    reported = facts.within(facts.incidents, "created_at").group_by("service").agg(pl.len().alias("failures"))
    rates = deployed.join(reported, on="service", how="left", maintain_order="left").select(
        pl.col("failures").fill_null(0).cast(pl.Float64) / pl.col("images")
    )
    return Figure(metric="change_fail_rate", value=mean(rates.to_series()), n=built.height, unit="share")


def _restore(facts: Facts) -> Figure:
    resolved = facts.within(facts.incidents, "resolved_at").with_columns(
        seconds("created_at", "resolved_at").alias("span")
    )
    return restore(_over_applications(resolved), resolved.height)
