"""Change fail rate: failed production deployments of those old enough to judge, always 0..1.

Definition: deployments, not incidents; a deployment fails at most once, whatever the number of its incidents. Which
kinds of evidence count, and inside which window, are definitions. Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

import numpy as np

from dora.definitions import FAILURE_KINDS, NOT_FAILURES
from dora.warehouse import Reader
from metrics import bands
from metrics.cells import Arrays, each
from metrics.columns import Columns, counted_bits, shares
from metrics.deployment_frequency import deployed
from metrics.failed_deployments import ABSOLVED, KINDS, failed_rows, read_ledger
from metrics.intervals import wilson
from metrics.slices import Slices

#: The last of `KINDS`.
_SHOWN = (*NOT_FAILURES, ABSOLVED)


def change_fail_rate(reader: Reader, slices: Slices) -> Columns:
    """The columns of `ChangeFailRate`, a line a cell; `rate` is NaN when no deployment is old enough to judge.

    No level where nothing recorded could tell of a failure: a rate of 0 says only that none was looked for.
    """
    rows, failed = deployed(reader, slices), failed_rows(reader, slices)
    failed, shown = failed.where(failed["matured"]), slices.rows(lambda part: _shown(reader, part))
    hits, n = failed.cells.n, rows.cells.total(rows["matured"])
    rate, interval = shares(hits, n), each(wilson, hits, n).reshape(-1, 2)
    watched = (hits > 0) | (rows.cells.total(rows["watched"]) > 0)
    seen = np.where(watched, rate, np.nan), np.where(watched[:, None], interval, np.nan)
    kinds = {name: KINDS.index(name) for name in _counted_kinds(slices)}
    others = shown.cells.tally(shown["kind"] - KINDS.index(_SHOWN[0]), len(_SHOWN))
    return {
        "failed": hits,
        "deployments": n,
        "pending": rows.cells.n - n,
        "rate": rate,
        "interval": interval,
        "by_kind": counted_bits(failed.cells, failed["kinds"], kinds),
        "not_failures": dict(zip(_SHOWN, others.T, strict=True)),
        "level": bands.levels(slices.question.edition, "change_fail_rate", *seen),
        "watched": watched,
    }


def _shown(reader: Reader, part: Slices) -> Arrays:
    """One row per deployment and kind of evidence that makes no failure by itself."""
    rows = read_ledger(reader, part)
    keys = rows["deployment"] * len(KINDS) + rows["kind"]
    chosen = np.flatnonzero(rows["kind"] >= KINDS.index(_SHOWN[0]))
    chosen = chosen[np.unique(keys[chosen], return_index=True)[1]]
    return {name: column[chosen] for name, column in rows.items()}


def _counted_kinds(slices: Slices) -> list[str]:
    counted = {kind for part in slices.parts() for kind in part.question.definitions.failure_kinds}
    return [kind for kind in (*FAILURE_KINDS, *NOT_FAILURES) if kind in counted]
