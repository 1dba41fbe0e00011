"""Change fail rate: failed production deployments of those old enough to judge, always 0..1.

Definition: deployments, not incidents; a deployment fails at most once, whatever the number of its incidents. Which
kinds of evidence count, and inside which window, are definitions. Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

import numpy as np

from dora.definitions import FAILURE_KINDS
from dora.warehouse import Reader
from metrics import bands
from metrics.deployment_frequency import read_attempts, succeeded
from metrics.failed_deployments import ABSOLVED, KINDS, NOT_FAILURES, failures, judged_until, read_ledger
from metrics.intervals import wilson
from metrics.results import ChangeFailRate
from metrics.slices import Arrays, Slices

_SHOWN = (*NOT_FAILURES, ABSOLVED)


def change_fail_rate(reader: Reader, slices: Slices) -> dict[tuple[int, int], ChangeFailRate]:
    """One result per (group, bucket); `rate` is None when no deployment is old enough to judge."""
    deployed = slices.cut(slices.pooled(lambda part: _deployments(reader, part)), "at_us")
    failed = slices.cut(failures(reader, slices), "at_us")
    shown = slices.cut(slices.pooled(lambda part: _shown(reader, part)), "at_us")
    kinds = _counted_kinds(slices)
    edition = slices.question.edition
    return {
        (group, bucket): _summary(rows["matured"], failures_there, shown_there["kind"], kinds, edition)
        for (group, bucket, rows), (_, _, failures_there), (_, _, shown_there) in zip(
            deployed, failed, shown, strict=True
        )
    }


def _deployments(reader: Reader, part: Slices) -> Arrays:
    rows = succeeded(read_attempts(reader, part))
    return {"grp": rows["grp"], "at_us": rows["at_us"], "matured": rows["at_us"] <= judged_until(part.question)}


def _shown(reader: Reader, part: Slices) -> Arrays:
    """One row per deployment and kind of evidence that makes no failure by itself."""
    rows = read_ledger(reader, part)
    keys = rows["deployment"] * len(KINDS) + rows["kind"]
    chosen = np.flatnonzero(rows["kind"] >= KINDS.index(_SHOWN[0]))
    chosen = chosen[np.unique(keys[chosen], return_index=True)[1]]
    return part.grouped({name: column[chosen] for name, column in rows.items()}, rows["at_us"][chosen])


def _counted_kinds(slices: Slices) -> list[str]:
    counted = {kind for part in slices.parts() for kind in part.question.definitions.failure_kinds}
    return [kind for kind in (*FAILURE_KINDS, *NOT_FAILURES) if kind in counted]


def _summary(
    matured: np.ndarray, failed_there: Arrays, shown: np.ndarray, kinds: list[str], edition: int
) -> ChangeFailRate:
    bits = failed_there["kinds"][failed_there["matured"]]
    n, failed = int(matured.sum()), len(bits)
    interval = wilson(failed, n)
    rate = failed / n if n else None
    return ChangeFailRate(
        failed=failed,
        deployments=n,
        pending=len(matured) - n,
        rate=rate,
        interval=interval,
        by_kind={kind: int((bits >> KINDS.index(kind) & 1).sum()) for kind in kinds},
        not_failures={kind: int((shown == KINDS.index(kind)).sum()) for kind in _SHOWN},
        level=bands.fail_rate_level(edition, rate, interval),
    )
