"""Failed deployment recovery time, and time to restore for all production incidents.

Open ones are right-censored at the end of the data: the Kaplan–Meier median includes them, so a team is not
flattered by what it has not repaired yet. Source: dora.dev/guides/dora-metrics; the classic MTTR kept apart.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dora.warehouse import Reader
from metrics import bands
from metrics.failed_deployments import failures
from metrics.intervals import Interval, kaplan_meier_median, quantile
from metrics.results import RecoveryTime, TimeToRestore
from metrics.slices import NEVER, Arrays, Slices, micros

Floats = NDArray[np.float64]


def recovery_time(reader: Reader, slices: Slices) -> dict[tuple[int, int], RecoveryTime]:
    """One result per (group, bucket): failed deployment's finish to the earliest counted recovery, in seconds."""
    now, edition = micros(slices.question.as_of), slices.question.edition
    rows = failures(reader, slices)
    return {
        (group, bucket): _recovery(*_times(cut, "recovered_us", now), edition)
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def time_to_restore(reader: Reader, slices: Slices) -> dict[tuple[int, int], TimeToRestore]:
    """One result per (group, bucket): impact start, else detection, to resolution, in seconds; an incident counts once."""
    now = micros(slices.question.as_of)
    rows = _once(slices.read(reader, "time_to_restore"))
    return {
        (group, bucket): _restore(*_times(cut, "resolved_us", now)) for group, bucket, cut in slices.cut(rows, "at_us")
    }


def _once(rows: Arrays) -> Arrays:
    """Each incident of several services only once in every group."""
    shared = np.flatnonzero(rows["shared"] >= 0)
    if not len(shared):
        return rows
    kept = np.ones(len(rows["shared"]), dtype=np.bool_)
    _, first = np.unique(np.stack([rows["grp"][shared], rows["shared"][shared]]), axis=1, return_index=True)
    kept[np.delete(shared, first)] = False
    return {name: column[kept] for name, column in rows.items()}


def _times(rows: Arrays, end: str, now: int) -> tuple[Floats, Floats]:
    """Seconds of those that ended, sorted and without impossible ones, and of those that go on until now."""
    begun, ended = rows["at_us"], rows[end]
    open_ = ended >= NEVER
    seconds = np.sort((ended - begun)[~open_] / 1e6)
    return seconds[np.searchsorted(seconds, 0.0) :], np.maximum(0, now - begun[open_]) / 1e6


def _recovery(ended: Floats, going: Floats, edition: int) -> RecoveryTime:
    median, interval = _survival(ended, going)
    return RecoveryTime(
        n=len(ended) + len(going),
        open=len(going),
        median_seconds=quantile(ended, 0.5),
        p90_seconds=quantile(ended, 0.9),
        mean_seconds=float(ended.mean()) if len(ended) else None,
        kaplan_meier_median_seconds=median,
        interval_seconds=interval,
        level=bands.time_level(edition, "recovery_time", median, interval),
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
