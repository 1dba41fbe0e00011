"""Deployment rework rate: unplanned deployments made because of a problem in production.

Definition: rollbacks, deployments whose range holds a revert, hotfix-labelled ones and fixes of incidents, of all
succeeded production deployments; DORA words it three ways, so the chosen kinds are printed.
Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from collections import Counter

from dora.definitions import Definitions
from dora.warehouse import Reader
from metrics.deployment_frequency import succeeded
from metrics.intervals import wilson
from metrics.results import ReworkRate
from metrics.slices import Arrays, Slices


def rework_rate(reader: Reader, slices: Slices) -> dict[tuple[int, int], ReworkRate]:
    """One result per (group, bucket); `rate` is None without deployments."""
    rows = slices.read(reader, "deployment_frequency")
    definitions = slices.question.definitions
    return {(g, b): _summary(succeeded(cut), definitions) for g, b, cut in slices.cut(rows, "at_us")}


def _summary(rows: Arrays, definitions: Definitions) -> ReworkRate:
    texts = rows["rework"].tolist()
    rework, n, counts = 0, len(texts), Counter[str]()
    for text, times in Counter(texts).items():
        found = [kind for kind in text.strip("[]").split(", ") if kind in definitions.rework_kinds]
        rework += times if found else 0
        counts.update(dict.fromkeys(found, times))
    return ReworkRate(
        rework=rework,
        deployments=n,
        rate=rework / n if n else None,
        interval=wilson(rework, n),
        by_kind={kind: counts[kind] for kind in definitions.rework_kinds},
    )
