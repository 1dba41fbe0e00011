"""Failed deployment recovery time, and time to restore for all production incidents.

Open ones are right-censored at the end of the data: the Kaplan–Meier median includes them, so a team is not
flattered by what it has not repaired yet. Source: dora.dev/guides/dora-metrics; the classic MTTR kept apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from dora.warehouse import Reader
from metrics import bands
from metrics.change_fail_rate import Ledger
from metrics.intervals import Interval, kaplan_meier_median, quantile
from metrics.results import RecoveryTime, TimeToRestore
from metrics.slices import Slices, micros

Floats = NDArray[np.float64]
#: Below this many recoveries no level is given: no interval of a median holds 95 % with fewer.
FEWEST = 6


def recovery_time(slices: Slices, evidence: Mapping[tuple[int, int], Ledger]) -> dict[tuple[int, int], RecoveryTime]:
    """One result per (group, bucket): failed deployment's finish to the earliest counted recovery, in seconds."""
    question = slices.question
    now = micros(question.as_of)
    out = {}
    for key, ledger in evidence.items():
        failures = ledger.failures
        ended = np.array(
            [(f.recovered_us - f.at_us) / 1e6 for f in failures if f.recovered_us is not None], dtype=np.float64
        )
        going = np.array([max(0, now - f.at_us) / 1e6 for f in failures if f.recovered_us is None], dtype=np.float64)
        out[key] = _recovery(np.sort(ended[ended >= 0]), going, question.edition)
    return out


def time_to_restore(reader: Reader, slices: Slices) -> dict[tuple[int, int], TimeToRestore]:
    """One result per (group, bucket): impact start, else detection, to resolution, in seconds."""
    rows = slices.read(reader, "time_to_restore")
    now = micros(slices.question.as_of)
    out = {}
    for group, bucket, cut in slices.cut(rows, "at_us"):
        open_ = np.ma.getmaskarray(cut["resolved_us"])
        seconds = (np.ma.getdata(cut["resolved_us"]).astype(np.float64) - cut["at_us"].astype(np.float64)) / 1e6
        going = np.maximum(0.0, (now - cut["at_us"][open_].astype(np.float64)) / 1e6)
        ended = seconds[~open_]
        out[group, bucket] = _restore(np.sort(ended[ended >= 0]), going)
    return out


def _recovery(ended: Floats, going: Floats, edition: int) -> RecoveryTime:
    median, interval = _survival(ended, going)
    enough = interval if len(ended) >= FEWEST else (None, None)
    return RecoveryTime(
        n=len(ended) + len(going),
        open=len(going),
        median_seconds=quantile(ended, 0.5),
        p90_seconds=quantile(ended, 0.9),
        mean_seconds=float(ended.mean()) if len(ended) else None,
        kaplan_meier_median_seconds=median,
        interval_seconds=interval,
        level=bands.time_level(edition, "recovery_time", median, enough),
    )


def _restore(ended: Floats, going: Floats) -> TimeToRestore:
    median, interval = _survival(ended, going)
    return TimeToRestore(
        n=len(ended) + len(going),
        open=len(going),
        median_seconds=quantile(ended, 0.5),
        p90_seconds=quantile(ended, 0.9),
        mean_seconds=float(ended.mean()) if len(ended) else None,
        kaplan_meier_median_seconds=median,
        interval_seconds=interval,
    )


def _survival(ended: Floats, going: Floats) -> tuple[float | None, Interval]:
    times = np.concatenate([ended, going])
    return kaplan_meier_median(times, np.arange(len(times)) < len(ended))
