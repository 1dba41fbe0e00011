"""Deployment frequency: how often a new version reaches production, and what kind of move each deployment was.

Definition: succeeded production deployments finished in [start, end). Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

import numpy as np

from dora.definitions import REWORK_KINDS
from dora.warehouse import Reader
from metrics import bands
from metrics.cells import MICROS, Arrays, Cells, Floats, Integers, Rows, each
from metrics.columns import Columns, Levels, Present, pairs
from metrics.failed_deployments import judged_until
from metrics.intervals import poisson_interval
from metrics.local_days import per_day
from metrics.members import NEVER
from metrics.recorded import could_be_told
from metrics.slices import Slices

#: Printed beside a level, because the scale's words need a rule.
RULE = "on demand: more than one deployment on the median working day; else the mean rate per day"
#: The kinds of move by their number in deployment_frequency.sql, from 1 on; a failed attempt is none.
RELATIONS = ("backward", "baseline", "diverged", "forward", "same_commit", "unresolved")


def deployment_frequency(reader: Reader, slices: Slices) -> Columns:
    """The columns of `DeploymentFrequency`, a line a cell, also where nothing was deployed."""
    rows = deployed(reader, slices)
    cells = rows.cells
    times, between = _between(rows["at_us"], cells)
    days = per_day(slices, times, cells)
    weeks, median_week = days.weeks()
    median_day, interval = days.working_days()
    rate, rates = cells.n / days.days.length, each(poisson_interval, cells.n).reshape(-1, 2) / days.days.length[:, None]
    rehearsed = rows.where(rows["rehearsed_us"] < NEVER)
    ahead = rehearsed["at_us"] - rehearsed["rehearsed_us"]
    relations, commits = cells.tally(rows["relation"], len(RELATIONS) + 1)[:, 1:], rows["commits"]
    return {
        "deployments": cells.n,
        "days": days.days.length,
        "days_with_deployment": days.with_deployment(),
        "weeks_with_deployment": weeks,
        "per_day": rate,
        "per_day_interval": rates,
        "median_per_week": median_week,
        "median_per_working_day": median_day,
        "median_per_working_day_interval": interval,
        "median_seconds_between": between,
        "by_weekday": days.by_weekday(),
        "relations": Present(dict(zip(RELATIONS, relations.T, strict=True))),
        "rehearsed": rehearsed.cells.n,
        "median_rehearsal_seconds": rehearsed.cells.quantiles(ahead, 0.5, unit=MICROS)[0],
        "median_commits": cells.quantiles(commits, 0.5)[0],
        "commits": cells.total(commits),
        "attempts": attempts(reader, slices).cells.n,
        "succeeded_attempts": cells.n,
        "level": _levels(rate, rates, median_day, interval, slices.question.edition),
    }


def attempts(reader: Reader, slices: Slices) -> Rows:
    """Production attempts that ended well or failed, in cells; the columns are those of the query and `matured`.

    matured: old enough to be judged; watched: a failure of it could be known; rework: only the bits of those kinds that the definitions count.
    """
    return slices.once("attempts", lambda: slices.rows(lambda part: _attempts(reader, part)))


def _attempts(reader: Reader, part: Slices) -> Arrays:
    rows, kinds = part.raw(reader, "deployment_frequency"), part.question.definitions.rework_kinds
    counted = sum(1 << bit for bit, kind in enumerate(REWORK_KINDS) if kind in kinds)
    resolved = rows["relation"] != RELATIONS.index("unresolved") + 1
    return {
        **rows,
        "rework": rows["rework"] & counted,
        "matured": rows["at_us"] <= judged_until(part.question),
        "watched": could_be_told(reader, resolved, part.question.definitions.failure_kinds),
    }


def deployed(reader: Reader, slices: Slices) -> Rows:
    """Those that ended well: the deployments that metrics count."""

    def ask() -> Rows:
        rows = attempts(reader, slices)
        return rows.where(rows["succeeded"])

    return slices.once("deployed", ask)


def succeeded(attempts: Arrays) -> Arrays:
    """Those attempts that ended well, of the rows of deployment_frequency.sql."""
    kept = attempts["succeeded"]
    return {name: column[kept] for name, column in attempts.items()}


def _between(at_us: Integers, cells: Cells) -> tuple[Integers, Floats]:
    """The moments in order within every group, and by cell the median of the seconds between them."""
    found = np.full(len(cells.low), np.nan)
    times = at_us
    for places, times in cells.in_order(at_us):
        low, n = cells.low[places], np.maximum(cells.n[places] - 1, 0)
        inner = Cells(low, low + n, (np.arange(len(places)),))
        [found[places]] = inner.quantiles(np.diff(times), 0.5, unit=MICROS)
    return times, found


def _levels(rate: Floats, rates: Floats, median: Floats, interval: Floats, edition: int) -> Levels:
    """See `RULE`. The interval is exact Poisson for the rate per day, order statistics for the median working day.

    Too few working days bound their median by 0 and by the upper end of the rate.
    """
    median = np.where(median > 0, median, 0.0)
    first, last = np.where(np.isnan(interval), np.stack([np.zeros_like(median), rates[:, 1]], axis=1), interval).T
    ends = ((first, rates[:, 0]), (median, rate), (last, rates[:, 1]))
    low, value, high = (np.where(rate > 0, _places(medians, end), np.nan) for medians, end in ends)
    return bands.levels(edition, "deployment_frequency", value, pairs(low, high))


def _places(medians: Floats, rates: Floats) -> Floats:
    """Points on the scale of deployments per day: above one only when the median working day is."""
    return np.where(medians > 1, np.maximum(medians, rates), np.minimum(rates, 1.0))
