"""Deployment rework rate: unplanned deployments made because of a problem in production.

Definition: rollbacks, deployments whose range holds a revert, hotfix-labelled ones and fixes of incidents, of all
succeeded production deployments; DORA words it three ways, so the chosen kinds are printed.
Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from collections import Counter

from dora.definitions import Definitions
from dora.warehouse import Reader
from metrics.intervals import wilson
from metrics.results import ReworkRate
from metrics.slices import Arrays, Slices


def rework_rate(reader: Reader, slices: Slices) -> dict[tuple[int, int], ReworkRate]:
    """One result per (group, bucket); `rate` is None without deployments."""
    rows = slices.read(reader, "deployment_frequency")
    definitions = slices.question.definitions
    return {(g, b): _summary(cut, definitions) for g, b, cut in slices.cut(rows, "at_us")}


def _summary(rows: Arrays, definitions: Definitions) -> ReworkRate:
    kinds = [{kind for kind in text.split(",") if kind in definitions.rework_kinds} for text in rows["rework"].tolist()]
    rework, n = sum(bool(found) for found in kinds), len(kinds)
    counts = Counter(kind for found in kinds for kind in found)
    return ReworkRate(
        rework=rework,
        deployments=n,
        rate=rework / n if n else None,
        interval=wilson(rework, n),
        by_kind={kind: counts[kind] for kind in definitions.rework_kinds},
    )
