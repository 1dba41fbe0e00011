"""Deployment rework rate: unplanned deployments made because of a problem in production.

Definition: rollbacks, deployments whose range holds a revert, hotfix-labelled ones and fixes of incidents, of all
succeeded production deployments; DORA words it three ways, so the chosen kinds are printed.
Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from dora.definitions import REWORK_KINDS
from dora.warehouse import Reader
from metrics.cells import each
from metrics.columns import Columns, counted_bits, shares
from metrics.deployment_frequency import deployed
from metrics.intervals import wilson
from metrics.slices import Slices


def rework_rate(reader: Reader, slices: Slices) -> Columns:
    """The columns of `ReworkRate`, a line a cell; `rate` is NaN without deployments."""
    rows = deployed(reader, slices)
    rework = rows.where(rows["rework"] > 0)
    hits, n = rework.cells.n, rows.cells.n
    kinds = [kind for kind in REWORK_KINDS if any(kind in p.question.definitions.rework_kinds for p in slices.parts())]
    return {
        "rework": hits,
        "deployments": n,
        "rate": shares(hits, n),
        "interval": each(wilson, hits, n).reshape(-1, 2),
        "by_kind": counted_bits(rework.cells, rework["rework"], {kind: REWORK_KINDS.index(kind) for kind in kinds}),
    }
