"""The local days and weeks of periods, and how much was deployed on each.

A day with a clock change is one day, whatever its hours; the ends of a period may cut a day and a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from dora.period import Period
from metrics.cells import Cells, Flags, Floats, Integers, apart, quantiles
from metrics.intervals import median_intervals
from metrics.members import micros
from metrics.slices import Slices

Rule = tuple[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Days:
    """The local days of periods, those of one behind those of another.

    starts, ends: microseconds; weekday: Monday is 0; begins_week: a day begins a week or a period; works: it is a
    working day; in_period: days by period; length: of a period, in calendar days.
    """

    starts: Integers
    ends: Integers
    weekday: Integers
    begins_week: Flags
    works: Flags
    in_period: Integers
    length: Floats


@dataclass(frozen=True, slots=True)
class PerDay:
    """How much was deployed on the days of every cell."""

    days: Days
    counts: Integers

    def with_deployment(self) -> Integers:
        """Days with a deployment by cell."""
        return apart(self.days.in_period).total(self.counts > 0)

    def by_weekday(self) -> Integers:
        """By cell a line of seven."""
        cell = np.repeat(np.arange(len(self.days.length)), self.days.in_period)
        sums = np.bincount(cell * 7 + self.days.weekday, weights=self.counts, minlength=7 * len(self.days.length))
        return sums.astype(np.int64).reshape(-1, 7)

    def weeks(self) -> tuple[Integers, Floats]:
        """By cell the weeks with a deployment, and the median of a week."""
        starts = np.flatnonzero(self.days.begins_week)
        counts = np.add.reduceat(self.counts, starts) if len(starts) else self.counts
        cells = apart(self.days.in_period).where(self.days.begins_week)
        return cells.total(counts > 0), cells.quantiles(counts, 0.5)[0]

    def working_days(self) -> tuple[Floats, Floats]:
        """By cell the median of a working day and its interval."""
        cells, counts = apart(self.days.in_period).where(self.days.works), self.counts[self.days.works]
        [(_, ordered)] = cells.in_order(counts)
        return quantiles(ordered, cells.low, cells.n, 0.5)[0], median_intervals(ordered, cells.low, cells.n)


def per_day(slices: Slices, times: Integers, cells: Cells) -> PerDay:
    """The moments `times`, in order within every group, by the local days of every cell.

    The days are those of the definitions of a group's services where they agree, else of the organisation's.
    """
    rules, first = day_rules(slices), slice(None, None, len(slices.buckets))
    days = {rule: _days_of(slices.buckets, *rule) for rule in {_rule(slices), *rules}}
    none = Days(**{name: getattr(days[_rule(slices)], name)[:0] for name in Days.__slots__})
    counts = [none.starts]
    for rule, low, high in zip(rules, cells.low[first].tolist(), cells.high[first].tolist(), strict=True):
        own = times[low:high]
        counts.append(own.searchsorted(days[rule].ends) - own.searchsorted(days[rule].starts))
    return PerDay(_joined([none, *(days[rule] for rule in rules)]), np.concatenate(counts))


def local_days(period: Period, timezone: str) -> float:
    """Length in calendar days of the zone: a day with a clock change is one day, and a part of it a part of its own hours."""
    (first, since), (last, until) = (_local_day(moment, timezone) for moment in (period.start, period.end))
    return (last - first).days + until - since


def _local_day(moment: datetime, timezone: str) -> tuple[date, float]:
    """The local date of a moment, and the share of that day that had passed."""
    zone = ZoneInfo(timezone)
    day = moment.astimezone(zone).date()
    begun, over = (datetime.combine(day + timedelta(days=n), time(), zone).astimezone(UTC) for n in (0, 1))
    return day, (moment - begun) / (over - begun)


def day_rules(slices: Slices) -> list[Rule]:
    """Time zone and working days by group: its services' where they agree, else the organisation's."""
    theirs: list[set[Rule]] = [set() for _ in slices.names]
    for part in slices.parts():
        rule = _rule(part)
        for member in part.members:
            theirs[member.group].add(rule)
    return [found.pop() if len(found) == 1 else _rule(slices) for found in theirs]


def _rule(slices: Slices) -> Rule:
    return slices.question.definitions.timezone, slices.question.definitions.working_days


@lru_cache(maxsize=64)
def _days_of(periods: tuple[Period, ...], timezone: str, working_days: tuple[int, ...]) -> Days:
    """The same few periods are asked for again and again, by every page and for every group."""
    return _joined([_days_within(period, timezone, working_days) for period in periods])


def _days_within(period: Period, timezone: str, working_days: tuple[int, ...]) -> Days:
    days = list(period.edges("day", timezone))
    last = days[-1].astimezone(ZoneInfo(timezone)).isoweekday() - 1
    weekday = (np.arange(len(days)) + last - (len(days) - 1)) % 7
    edges = np.array([micros(day) for day in days] + [micros(period.end)])
    return Days(
        starts=edges[:-1],
        ends=edges[1:],
        weekday=weekday,
        begins_week=(weekday == 0) | (np.arange(len(days)) == 0),
        works=np.isin(weekday + 1, working_days),
        in_period=np.array([len(days)]),
        length=np.array([local_days(period, timezone)]),
    )


def _joined(parts: Sequence[Days]) -> Days:
    return Days(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Days.__slots__})
