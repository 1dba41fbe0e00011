"""Change fail rate: failed production deployments of those old enough to judge, always 0..1.

Definition: deployments, not incidents; a deployment fails at most once, whatever the number of its incidents. Which
kinds of evidence count, and inside which window, are definitions. Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dora.definitions import FAILURE_KINDS, WINDOWED_KINDS, Definitions
from dora.warehouse import Reader
from metrics import bands
from metrics.intervals import wilson
from metrics.results import ChangeFailRate
from metrics.slices import Arrays, Slices, micros

#: Kept in the ledger and shown, never a failure by default.
NOT_FAILURES = ("out_of_order", "replay")
_ALWAYS = ("override",)


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed deployment: when it finished, which kinds of evidence count, when it recovered (None: open)."""

    at_us: int
    kinds: frozenset[str]
    recovered_us: int | None


def failures_of(rows: Arrays, definitions: Definitions) -> dict[str, Failure]:
    """Failed deployments by id, from rows of failures.sql; the earliest recovery of the evidence that counts."""
    window = definitions.failure_window_seconds
    found: dict[str, Failure] = {}
    absolved = {str(d) for d, kind in zip(rows["deployment_id"], rows["kind"], strict=True) if kind == "absolved"}
    columns = (rows[name].tolist() for name in ("deployment_id", "kind", "at_us", "evidence_us", "recovered_us"))
    for deployment, kind, at, evidence, recovered in zip(*columns, strict=True):
        if kind not in definitions.failure_kinds or deployment in absolved:
            continue
        late = window is not None and (evidence is None or evidence >= at + window * 1e6)
        if late and kind in (*WINDOWED_KINDS, *NOT_FAILURES):
            continue
        old = found.get(deployment, Failure(at, frozenset(), None))
        ends = [end for end in (old.recovered_us, recovered) if end is not None]
        found[deployment] = Failure(at, old.kinds | {kind}, min(ends, default=None))
    return found


def read_failures(reader: Reader, slices: Slices) -> dict[tuple[int, int], Arrays]:
    """The rows of failures.sql per (group, bucket)."""
    rows = slices.read(reader, "failures")
    return {(group, bucket): cut for group, bucket, cut in slices.cut(rows, "at_us")}


def change_fail_rate(
    reader: Reader, slices: Slices, evidence: Mapping[tuple[int, int], Arrays]
) -> dict[tuple[int, int], ChangeFailRate]:
    """One result per (group, bucket); `rate` is None when no deployment is old enough to judge."""
    question = slices.question
    window = question.definitions.failure_window_seconds
    judged = micros(question.as_of) - int((window or 0.0) * 1e6)
    rows = slices.read(reader, "deployment_frequency")
    return {
        (group, bucket): _summary(
            np.less_equal(cut["at_us"], judged), evidence[group, bucket], judged, question.definitions, question.edition
        )
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def _summary(
    matured: np.ndarray, evidence: Arrays, judged: int, definitions: Definitions, edition: int
) -> ChangeFailRate:
    failures = [f for f in failures_of(evidence, definitions).values() if f.at_us <= judged]
    n, failed = int(matured.sum()), len(failures)
    kinds = Counter(kind for failure in failures for kind in failure.kinds)
    shown = Counter(
        kind for _, kind in {(str(d), str(k)) for d, k in zip(evidence["deployment_id"], evidence["kind"], strict=True)}
    )
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
