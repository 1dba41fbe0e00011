"""Deployment rework rate: unplanned deployments made because of a problem in production.

Definition: rollbacks, deployments whose range holds a revert, hotfix-labelled ones and fixes of incidents, of all
succeeded production deployments; DORA words it three ways, so the chosen kinds are printed.
Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

import numpy as np

from dora.definitions import REWORK_KINDS
from dora.warehouse import Reader
from metrics.deployment_frequency import read_attempts, succeeded
from metrics.intervals import wilson
from metrics.results import ReworkRate
from metrics.slices import Arrays, Slices


def rework_rate(reader: Reader, slices: Slices) -> dict[tuple[int, int], ReworkRate]:
    """One result per (group, bucket); `rate` is None without deployments."""
    rows = slices.pooled(lambda part: _counted(reader, part))
    kinds = [kind for kind in REWORK_KINDS if any(kind in p.question.definitions.rework_kinds for p in slices.parts())]
    return {(g, b): _summary(cut, kinds) for g, b, cut in slices.cut(rows, "at_us")}


def _counted(reader: Reader, part: Slices) -> Arrays:
    """The deployments of a part, with the bits of those kinds of rework that its definitions count."""
    rows = succeeded(read_attempts(reader, part))
    counted = sum(1 << bit for bit, kind in enumerate(REWORK_KINDS) if kind in part.question.definitions.rework_kinds)
    return {"grp": rows["grp"], "at_us": rows["at_us"], "rework": rows["rework"] & counted}


def _summary(rows: Arrays, kinds: list[str]) -> ReworkRate:
    bits = np.bincount(rows["rework"], minlength=1 << len(REWORK_KINDS))
    n = len(rows["rework"])
    rework = n - int(bits[0])
    values = np.arange(len(bits))
    return ReworkRate(
        rework=rework,
        deployments=n,
        rate=rework / n if n else None,
        interval=wilson(rework, n),
        by_kind={kind: int(bits[values & (1 << REWORK_KINDS.index(kind)) > 0].sum()) for kind in kinds},
    )
