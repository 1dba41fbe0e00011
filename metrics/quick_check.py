"""DORA's 2025 Quick Check: where a figure lies beside the mean and spread of all who answered. A strip, no rank.

2025 published no levels. Its Quick Check gives, for all organisations, the mean and standard deviation of each
answer on 0 to 10: an ordinal answer 1..6 is ((v - 1) / 5) * 10, a percentage is a tenth of itself. For lead time
and frequency 10 is best. For recovery the file of 2025 counts the other way round than that of 2024: 0 is the
fastest, as 0 is the best fail and rework rate. The spreads are as large as the means, so `place` is a position on
the scale and says nothing about how many did better. A figure whose interval lacks an end has no place, as it has no
level: that is `insufficient data`. Status A: dora.dev/quickcheck, read 2026-11.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from typing import Literal

from metrics.results import DeploymentFrequency, Group, Interval

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
    """One metric on the scale 0..10: what all answered, and where our figure lies.

    `place_interval`: the places of the ends of the figure's own 95 % interval. Without both there is no `place` and no
    `answer` either: all are None. `best`: the good end of the scale.
    """

    metric: str
    mean: float
    sd: float
    best: Literal[0, 10]
    place: float | None = None
    place_interval: Interval = (None, None)
    answer: str | None = None
    note: str = ""

    @property
    def ours(self) -> str:
        """The place with those of the interval, `6 (4 to 7)`, or `insufficient data`."""
        if self.place is None:
            return "insufficient data"
        place, low, high = (f"{round(found or 0.0, 1):g}" for found in (self.place, *self.place_interval))
        return f"{place} ({low} to {high})"


#: What all organisations answered, by metric.
PUBLISHED = {
    strip.metric: strip
    for strip in (
        Strip(metric="deployment_frequency", mean=4.8, sd=2.8, best=10),
        Strip(metric="change_lead_time", mean=5.5, sd=2.4, best=10),
        Strip(metric="change_fail_rate", mean=1.9, sd=2.1, best=0),
        Strip(
            metric="failed_deployment_recovery_time",
            mean=2.6,
            sd=2.1,
            best=0,
            note="0 is the fastest in 2025's file; 2024's counts the other way round",
        ),
        Strip(metric="deployment_rework_rate", mean=2.2, sd=2.2, best=0),
    )
}
#: A figure and the ends of its interval.
Figure = tuple[float | None, float | None, float | None]


def quick_check(group: Group) -> tuple[Strip, ...]:
    """The five strips of one group over its whole span; no place of a fail rate where no record could tell of a failure."""
    lead, recovery = group.change_lead_time, group.failed_deployment_recovery_time
    fails, rework = group.change_fail_rate, group.deployment_rework_rate
    return (
        _frequency(group.deployment_frequency),
        _time("change_lead_time", (lead.median_seconds, *lead.interval_seconds)),
        _share("change_fail_rate", (fails.rate if fails.watched else None, *fails.interval)),
        _time("failed_deployment_recovery_time", (recovery.kaplan_meier_median_seconds, *recovery.interval_seconds)),
        _share("deployment_rework_rate", (rework.rate, *rework.interval)),
    )


def time_answer(seconds: float) -> int:
    """Which of the six answers a time is, 1 for less than an hour to 6 for more than six months; bounds are half-open."""
    return bisect_right(_TIMES, seconds) + 1


def frequency_answer(per_day: float, median_per_working_day: float | None) -> int:
    """Which of the six answers a frequency is, 1 for the rarest; 6, on demand, needs a median working day above one."""
    if (median_per_working_day or 0.0) > 1:
        return 6
    return bisect_right(_RATES, per_day) + 1


def _time(metric: str, seconds: Figure) -> Strip:
    strip, known = PUBLISHED[metric], _known(seconds)
    if known is None:
        return strip
    answers = [time_answer(found) for found in known]
    place, *ends = (_scaled(answer if strip.best == 0 else 7 - answer) for answer in answers)
    words = _TIME_WORDS[answers[0] - 1]
    return replace(strip, place=place, place_interval=(min(ends), max(ends)), answer=words)


def _frequency(found: DeploymentFrequency) -> Strip:
    strip = PUBLISHED["deployment_frequency"]
    # As the levels do: too few working days bound their median by 0 and by the upper end of the rate.
    first, last = found.median_per_working_day_interval
    known = _known((found.per_day, *found.per_day_interval))
    if known is None or not found.deployments:
        return strip
    rate, least, most = known
    ends = ((rate, found.median_per_working_day), (least, first or 0.0), (most, most if last is None else last))
    answers = [frequency_answer(*end) for end in ends]
    place, low, high = (_scaled(answer) for answer in answers)
    return replace(strip, place=place, place_interval=(low, high), answer=_RATE_WORDS[answers[0] - 1])


def _share(metric: str, shares: Figure) -> Strip:
    strip, known = PUBLISHED[metric], _known(shares)
    if known is None:
        return strip
    place, low, high = (share * 10 for share in known)
    return replace(strip, place=place, place_interval=(low, high))


def _known(figure: Figure) -> tuple[float, float, float] | None:
    """The figure with its interval; None where any of them is missing, as the levels have it."""
    value, low, high = figure
    return None if value is None or low is None or high is None else (value, low, high)


def _scaled(answer: int) -> float:
    return (answer - 1) / 5 * 10
