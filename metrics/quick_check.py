"""DORA's 2025 Quick Check: where a figure lies beside the mean and spread of all who answered. A strip, no rank.

2025 published no levels. Its Quick Check gives, for all organisations, the mean and standard deviation of each
answer on 0 to 10: an ordinal answer 1..6 is ((v - 1) / 5) * 10, a percentage is a tenth of itself. For lead time
and frequency 10 is best. For recovery the file of 2025 counts the other way round than that of 2024: 0 is the
fastest, as 0 is the best fail and rework rate. The spreads are as large as the means, so `place` is a position on
the scale and says nothing about how many did better. Status A: dora.dev/quickcheck, read 2026-11.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Literal

from metrics.results import Group, Interval

YEAR = 2025
SOURCE = "https://dora.dev/quickcheck/"
_HOUR, _DAY, _WEEK, _MONTH = 3600.0, 86400.0, 604800.0, 2629800.0
#: Half-open bounds between the six answers, shortest first.
_TIMES = (_HOUR, _DAY, _WEEK, _MONTH, 6 * _MONTH)
_TIME_WORDS = (
    "less than one hour", "less than one day", "one day to one week", "one week to one month",
    "one month to six months", "more than six months",
)  # fmt: skip
#: Deployments per day between the six answers, rarest first; the sixth is the rule of the levels: see `_frequency`.
_RATES = (_DAY / (6 * _MONTH), _DAY / _MONTH, 1 / 7, 1.0)
_RATE_WORDS = (
    "fewer than once per six months", "once per month to once per six months", "once per week to once per month",
    "once per day to once per week", "once per hour to once per day", "on demand",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One metric on the scale 0..10: what all answered, and where our figure lies; None without data.

    `place_interval`: the places of the ends of the figure's own 95 % interval. `best`: the good end of the scale.
    """

    metric: str
    mean: float
    sd: float
    best: Literal[0, 10]
    place: float | None
    place_interval: Interval
    answer: str | None
    note: str = ""

    @property
    def within_sd(self) -> bool | None:
        """Whether our place is no farther from the mean than the spread; None without data."""
        return None if self.place is None else abs(self.place - self.mean) <= self.sd


_FLIPPED = "0 is the fastest in 2025's file; 2024's counts the other way round"


def quick_check(group: Group) -> tuple[Strip, ...]:
    """The five strips of one group over its whole period."""
    lead, recovery = group.change_lead_time, group.failed_deployment_recovery_time
    fails, rework = group.change_fail_rate, group.deployment_rework_rate
    times = (recovery.kaplan_meier_median_seconds, recovery.interval_seconds)
    return (
        _frequency(group),
        _ordinal("change_lead_time", 5.5, 2.4, 10, (lead.median_seconds, lead.interval_seconds)),
        _share("change_fail_rate", 1.9, 2.1, fails.rate, fails.interval),
        _ordinal("failed_deployment_recovery_time", 2.6, 2.1, 0, times, _FLIPPED),
        _share("deployment_rework_rate", 2.2, 2.2, rework.rate, rework.interval),
    )


def time_answer(seconds: float) -> int:
    """Which of the six answers a time is, 1 for less than an hour to 6 for more than six months; bounds are half-open."""
    return bisect_right(_TIMES, seconds) + 1


def frequency_answer(per_day: float, median_per_working_day: float | None) -> int:
    """Which of the six answers a frequency is, 1 for the rarest; 6, on demand, needs a median working day above one."""
    if (median_per_working_day or 0.0) > 1:
        return 6
    return bisect_right(_RATES, per_day) + 1


def _ordinal(
    metric: str, mean: float, sd: float, best: Literal[0, 10], times: tuple[float | None, Interval], note: str = ""
) -> Strip:
    middle, ends = times
    answers = [None if seconds is None else time_answer(seconds) for seconds in (middle, *ends)]
    place, *edges = (None if v is None else _scaled(v if best == 0 else 7 - v) for v in answers)
    low, high = edges if best == 0 else edges[::-1]
    words = None if answers[0] is None else _TIME_WORDS[answers[0] - 1]
    return Strip(
        metric=metric, mean=mean, sd=sd, best=best, place=place, place_interval=(low, high), answer=words, note=note
    )


def _frequency(group: Group) -> Strip:
    found = group.deployment_frequency
    known, median = found.deployments > 0 and found.days > 0, found.median_per_working_day
    # As the levels do: too few working days bound their median by 0 and by the upper end of the rate.
    first, last = found.median_per_working_day_interval
    least, most = found.per_day_interval
    ends = ((found.per_day, median), (least, first or 0.0), (most, most if last is None else last))
    answers = [frequency_answer(rate or 0.0, middle) for rate, middle in ends] if known else []
    places: list[float | None] = [_scaled(answer) for answer in answers] or [None, None, None]
    return Strip(
        metric="deployment_frequency", mean=4.8, sd=2.8, best=10, place=places[0], place_interval=(places[1], places[2]),
        answer=_RATE_WORDS[answers[0] - 1] if answers else None,
    )  # fmt: skip


def _share(metric: str, mean: float, sd: float, rate: float | None, interval: Interval) -> Strip:
    place, low, high = (None if share is None else share * 10 for share in (rate, *interval))
    return Strip(metric=metric, mean=mean, sd=sd, best=0, place=place, place_interval=(low, high), answer=None)


def _scaled(answer: int) -> float:
    return (answer - 1) / 5 * 10
