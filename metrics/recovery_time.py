"""Failed deployment recovery time, and time to restore for all production incidents.

Open ones are right-censored at the end of the data: the Kaplan–Meier median includes them, so a team is not
flattered by what it has not repaired yet. Source: dora.dev/guides/dora-metrics; the classic MTTR kept apart.
"""

from __future__ import annotations

import numpy as np

from dora.warehouse import Reader
from metrics import bands
from metrics.cells import MICROS, Cells, Floats, Integers, Rows, quantiles
from metrics.columns import Columns
from metrics.failed_deployments import failed_rows
from metrics.members import NEVER, micros
from metrics.slices import Slices
from metrics.survival import survival_figures

#: From so many values on the last digit of a sum depends on the order of adding, which `reduceat` has of its own.
_SEVERAL = 3


def recovery_time(reader: Reader, slices: Slices) -> Columns:
    """The columns of `RecoveryTime`, a line a cell: failed deployment's finish to the earliest counted recovery."""
    found = _times(failed_rows(reader, slices), "recovered_us", micros(slices.question.as_of))
    median, interval = found["kaplan_meier_median_seconds"], found["interval_seconds"]
    return {**found, "level": bands.levels(slices.question.edition, "recovery_time", median, interval)}


def time_to_restore(reader: Reader, slices: Slices) -> Columns:
    """The columns of `TimeToRestore`, a line a cell: impact start, else detection, to resolution; an incident counts once."""
    rows = _once(slices.rows(lambda part: part.raw(reader, "time_to_restore")))
    return _times(rows, "resolved_us", micros(slices.question.as_of))


def _once(rows: Rows) -> Rows:
    """Each incident of several services only once in every group."""
    number, whole = rows["shared"], rows.cells.layers[-1]
    shared = np.flatnonzero(number >= 0)
    if not len(shared):
        return rows
    group = np.repeat(np.arange(len(whole)), rows.cells.n[whole])
    _, first = np.unique(np.stack([group[shared], number[shared]]), axis=1, return_index=True)
    kept = np.ones(len(number), dtype=np.bool_)
    kept[np.delete(shared, first)] = False
    return rows.where(kept)


def _times(rows: Rows, end: str, now: int) -> dict[str, np.ndarray]:
    """The figures of what both have: impossible ends are left out, what goes on has lasted until now."""
    rows = rows.where(rows[end] >= rows["at_us"])
    begun, ended = rows["at_us"], rows[end]
    going = ended >= NEVER
    times = np.where(going, np.maximum(now - begun, 0), ended - begun)
    median, p90, mean = _of_closed(times[~going], rows.cells.where(~going))
    of_all, interval = survival_figures(times, going, rows.cells)
    return {
        "n": rows.cells.n,
        "open": rows.cells.total(going),
        "median_seconds": median,
        "p90_seconds": p90,
        "mean_seconds": mean,
        "kaplan_meier_median_seconds": of_all,
        "interval_seconds": interval,
    }


def _of_closed(times: Integers, cells: Cells) -> tuple[Floats, Floats, Floats]:
    """By cell median, p90 and mean in seconds of microseconds; NaN without any."""
    median, p90, mean = (np.full(len(cells.low), np.nan) for _ in range(3))
    for places, ordered in cells.in_order(times / MICROS):
        here = cells.only(places)
        median[places], p90[places] = quantiles(ordered, here.low, here.n, 0.5, 0.9)
        mean[places] = _sums(ordered, here) / here.n
    return median, p90, mean


def _sums(values: Floats, cells: Cells) -> Floats:
    """By cell the sum to the last digit that numpy finds for the values of one; NaN of none."""
    found, some = np.full(len(cells.low), np.nan), np.flatnonzero(cells.n)
    if len(some):
        found[some] = np.add.reduceat(values, cells.low[some])
    for cell in np.flatnonzero(cells.n >= _SEVERAL).tolist():
        found[cell] = np.add.reduce(values[cells.low[cell] : cells.high[cell]])
    return found
