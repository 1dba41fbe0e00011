"""Change fail rate: failed production deployments of those old enough to judge, always 0..1.

Definition: deployments, not incidents; a deployment fails at most once, whatever the number of its incidents. Which
kinds of evidence count, and inside which window, are definitions. Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dora.definitions import FAILURE_KINDS, WINDOWED_KINDS, Definitions
from dora.warehouse import Reader
from metrics import bands
from metrics.deployment_frequency import succeeded
from metrics.intervals import wilson
from metrics.results import ChangeFailRate
from metrics.slices import Arrays, Slices, micros

#: Kept in the ledger and shown, never a failure by default.
NOT_FAILURES = ("out_of_order", "replay")
_COLUMNS = ("deployment", "kind", "at_us", "evidence_us", "recovered_us", "recovery")


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed deployment: when it finished, which kinds of evidence count, when it recovered (None: open).

    A recovery before the finish is impossible: a finding, no value.
    """

    at_us: int
    kinds: frozenset[str]
    recovered_us: int | None


@dataclass(frozen=True, slots=True)
class Ledger:
    """The evidence of one (group, bucket), and the deployments that it makes failures."""

    rows: Arrays
    failures: Sequence[Failure]


def failures_of(rows: Arrays, definitions: Definitions) -> dict[int, Failure]:
    """Failed deployments by number, from rows of failures.sql, each with its earliest recovery.

    Late evidence makes no failure, but what it tells can end one. A fix that failed itself hands on to its own
    recovery: a chain of failed fixes is one episode that ends with the last.
    """
    kinds: dict[int, set[str]] = {}
    ends: dict[int, list[tuple[int, int | None]]] = {}
    began: dict[int, int] = {}
    columns = [rows[name].tolist() for name in _COLUMNS]
    absolved = {deployment for deployment, kind in zip(*columns[:2], strict=True) if kind == "absolved"}
    for deployment, kind, at, evidence, recovered, recovery in zip(*columns, strict=True):
        if kind not in definitions.failure_kinds or deployment in absolved:
            continue
        began[deployment] = at
        if recovered is not None:
            ends.setdefault(deployment, []).append((recovered, recovery))
        if not _is_late(kind, at, evidence, definitions):
            kinds.setdefault(deployment, set()).add(kind)
    found: dict[int, Failure] = {}
    for deployment in sorted(kinds, key=began.__getitem__, reverse=True):
        last = (found[by].recovered_us if by in found else end for end, by in ends.get(deployment, ()))
        end = _earliest(began[deployment], [moment for moment in last if moment is not None])
        found[deployment] = Failure(began[deployment], frozenset(kinds[deployment]), end)
    return found


def _earliest(began: int, ends: Sequence[int]) -> int | None:
    """The earliest possible end; an impossible one only when there is no other, so that it is seen to be wrong."""
    return min((end for end in ends if end >= began), default=max(ends, default=None))


def _is_late(kind: str, at: int, evidence: int | None, definitions: Definitions) -> bool:
    window = definitions.failure_window_seconds
    if window is None or kind not in (*WINDOWED_KINDS, *NOT_FAILURES):
        return False
    return evidence is None or evidence >= at + window * 1e6


def read_failures(reader: Reader, slices: Slices) -> dict[tuple[int, int], Ledger]:
    """The ledger per (group, bucket)."""
    rows = slices.read(reader, "failures")
    found = failures_of(rows, slices.question.definitions)
    return {
        (group, bucket): Ledger(cut, [found[d] for d in dict.fromkeys(cut["deployment"].tolist()) if d in found])
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def change_fail_rate(
    reader: Reader, slices: Slices, evidence: Mapping[tuple[int, int], Ledger]
) -> dict[tuple[int, int], ChangeFailRate]:
    """One result per (group, bucket); `rate` is None when no deployment is old enough to judge."""
    question = slices.question
    window = question.definitions.failure_window_seconds
    judged = micros(question.as_of) - int((window or 0.0) * 1e6)
    rows = slices.read(reader, "deployment_frequency")
    return {
        (group, bucket): _summary(
            np.less_equal(succeeded(cut)["at_us"], judged),
            evidence[group, bucket],
            judged,
            question.definitions,
            question.edition,
        )
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def _summary(
    matured: np.ndarray, ledger: Ledger, judged: int, definitions: Definitions, edition: int
) -> ChangeFailRate:
    failures, evidence = [f for f in ledger.failures if f.at_us <= judged], ledger.rows
    n, failed = int(matured.sum()), len(failures)
    kinds = Counter(kind for failure in failures for kind in failure.kinds)
    shown = Counter(kind for _, kind in set(zip(evidence["deployment"].tolist(), evidence["kind"], strict=True)))
    interval = wilson(failed, n)
    rate = failed / n if n else None
    return ChangeFailRate(
        failed=failed,
        deployments=n,
        pending=len(matured) - n,
        rate=rate,
        interval=interval,
        by_kind={kind: kinds[kind] for kind in (*FAILURE_KINDS, *NOT_FAILURES) if kind in definitions.failure_kinds},
        not_failures={kind: shown[kind] for kind in (*NOT_FAILURES, "absolved")},
        level=bands.fail_rate_level(edition, rate, interval),
    )
