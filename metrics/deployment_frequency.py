"""Deployment frequency: how often a new version reaches production, and what kind of move each deployment was.

Definition: succeeded production deployments finished in [start, end). Source: dora.dev/guides/dora-metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from dora.period import Period
from dora.warehouse import Reader
from metrics import bands
from metrics.intervals import median_interval, poisson_interval, quantile
from metrics.results import DeploymentFrequency, Level
from metrics.slices import NEVER, Arrays, Slices, micros

DAY = 86400 * 1_000_000
Key = tuple[int, int]
#: Printed beside a level, because the scale's words need a rule.
RULE = "on demand: more than one deployment on the median working day; else the mean rate per day"


def deployment_frequency(reader: Reader, slices: Slices) -> dict[Key, DeploymentFrequency]:
    """One result per (group, bucket), also where nothing was deployed."""
    attempts = slices.pooled(lambda part: read_attempts(reader, part))
    kept = [day_rule(slices, group) for group in range(len(slices.names))]
    return {
        (group, bucket): _summary(
            succeeded(cut), _calendar(slices.buckets[bucket], *kept[group]), len(cut["at_us"]), slices.question.edition
        )
        for group, bucket, cut in slices.cut(attempts, "at_us")
    }


def day_rule(slices: Slices, group: int) -> tuple[str, tuple[int, ...]]:
    """Time zone and working days of a group: its services' where they agree, else the organisation's."""
    theirs = {
        (part.question.definitions.timezone, part.question.definitions.working_days)
        for part in slices.parts()
        if any(member.group == group for member in part.members)
    }
    definitions = slices.question.definitions
    return theirs.pop() if len(theirs) == 1 else (definitions.timezone, definitions.working_days)


def read_attempts(reader: Reader, slices: Slices) -> Arrays:
    """The rows of deployment_frequency.sql in the period."""
    return slices.read(reader, "deployment_frequency")


def succeeded(attempts: Arrays) -> Arrays:
    """Those attempts that ended well: the deployments that metrics count."""
    kept = attempts["succeeded"]
    return {name: column[kept] for name, column in attempts.items()}


class _Calendar:
    """The local days and weeks of one bucket, as edges in microseconds."""

    def __init__(self, bucket: Period, timezone: str, working_days: Sequence[int]) -> None:
        days = bucket.buckets("day", timezone)
        self.days = local_days(bucket, timezone)
        self.day_starts = np.array([micros(day.start) for day in days], dtype=np.int64)
        first = days[-1].start.astimezone(ZoneInfo(timezone)).isoweekday() - (len(days) - 1)
        self.weekday = (np.arange(len(days)) + first - 1) % 7
        self.week_starts = self.day_starts[(self.weekday == 0) | (np.arange(len(days)) == 0)]
        self.working = np.isin(self.weekday + 1, working_days)


@lru_cache(maxsize=512)
def _calendar(bucket: Period, timezone: str, working_days: tuple[int, ...]) -> _Calendar:
    """The same few periods are asked for again and again, by every page and for every group."""
    return _Calendar(bucket, timezone, working_days)


def local_days(bucket: Period, timezone: str) -> float:
    """Length in calendar days of the zone: a day with a clock change is one day, whatever its hours."""
    if bucket.days < 1:
        return bucket.days
    start, end = (moment.astimezone(ZoneInfo(timezone)).replace(tzinfo=None) for moment in (bucket.start, bucket.end))
    return (end - start).total_seconds() / 86400


def _summary(rows: Arrays, calendar: _Calendar, attempts: int, edition: int) -> DeploymentFrequency:
    times = rows["at_us"]
    n = len(times)
    day = np.searchsorted(calendar.day_starts, times, side="right") - 1
    per_day = np.bincount(day, minlength=len(calendar.day_starts))
    per_week = np.bincount(
        np.searchsorted(calendar.week_starts, times, side="right") - 1, minlength=len(calendar.week_starts)
    )
    working = np.sort(per_day[calendar.working]).astype(np.float64)
    rehearsed = rows["rehearsed_us"]
    rehearsal = np.sort((times - rehearsed)[rehearsed < NEVER] / 1e6)
    return DeploymentFrequency(
        deployments=n,
        days=calendar.days,
        days_with_deployment=int((per_day > 0).sum()),
        weeks_with_deployment=int((per_week > 0).sum()),
        per_day=n / calendar.days,
        median_per_week=quantile(np.sort(per_week).astype(np.float64), 0.5),
        median_per_working_day=quantile(working, 0.5),
        median_seconds_between=quantile(np.sort(np.diff(times)).astype(np.float64) / 1e6, 0.5),
        by_weekday=tuple(int(per_day[calendar.weekday == w].sum()) for w in range(7)),
        relations=_relations(rows["relation"]),
        rehearsed=len(rehearsal),
        median_rehearsal_seconds=quantile(rehearsal, 0.5),
        median_commits=quantile(np.sort(rows["commits"]).astype(np.float64), 0.5),
        commits=int(rows["commits"].sum()),
        attempts=attempts,
        succeeded_attempts=n,
        level=_level(n, calendar, working, edition),
    )


def _level(n: int, calendar: _Calendar, working: NDArray[np.float64], edition: int) -> Level:
    """See `RULE`. The interval is exact Poisson for the rate, order statistics for the median working day."""
    if n == 0:
        return bands.frequency_level(edition, None, (None, None))
    low, high = (end / calendar.days for end in poisson_interval(n))
    first, last = median_interval(working)
    median = quantile(working, 0.5) or 0.0
    places = [_place(m, rate) for m, rate in ((first or 0.0, low), (median, n / calendar.days), (last or median, high))]
    return bands.frequency_level(edition, places[1], (places[0], places[2]))


def _place(median: float, rate: float) -> float:
    """A point on the scale of deployments per day: above one only when the median working day is."""
    return max(median, rate) if median > 1 else min(rate, 1.0)


def _relations(column: NDArray[np.object_]) -> Mapping[str, int]:
    return dict(sorted(Counter(column.tolist()).items()))
