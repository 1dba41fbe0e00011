"""Trends: a period against the one before it, and the control limits of its weeks.

An arrow needs evidence: the interval of the change must exclude none. Limits rest on whole calendar buckets alone,
those that neither the period nor the data cuts: half a week would look like a fall.
All buckets are computed with one set of definitions, so no line joins figures of different meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from dora.period import Every, Period
from dora.warehouse import Reader
from metrics.catalog import METRICS, Metric
from metrics.control_limits import ControlLimits, limits_of_counts, limits_of_shares, limits_of_times
from metrics.covered import not_owned
from metrics.estimates import Estimate, estimates
from metrics.own_past import Change, changes, known_estimates
from metrics.question import COUNTED, Question
from metrics.results import Group, Scorecard
from metrics.scorecard import scorecard
from metrics.weeks import Known, known_times

Arrow = Literal["up", "down"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One metric of one group. `arrow` and `better` are None without evidence of a change.

    `starts`: the local days on which the buckets of `limits.points` begin.
    """

    metric: str
    now: Estimate
    before: Estimate
    change: Change
    arrow: Arrow | None
    better: bool | None
    starts: tuple[str, ...]
    limits: ControlLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTrends:
    """The trends of one organisation, team or service."""

    by: str
    name: str
    trends: tuple[Trend, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendCard:
    """The answer for a question: the scorecard of the period itself, the period before, and the trends by group.

    `notes`: what to know about the question and its two periods.
    """

    card: Scorecard
    before: Period
    every: Every
    groups: tuple[GroupTrends, ...]
    notes: tuple[str, ...] = ()


def trends(reader: Reader, question: Question) -> TrendCard:
    """Compare the asked period with the one of the same length before it; buckets are weeks unless asked otherwise."""
    every: Every = question.every or "week"
    earlier = question.over(question.period.before(question.definitions.timezone))
    card = scorecard(reader, replace(question, every=every))
    old = {group.name: group for group in scorecard(reader, replace(earlier, every=None)).groups}
    known, known_before = known_times(reader, question), known_times(reader, earlier)
    groups = [
        _group(group, old[group.name], question, every, (known[group.name], known_before[group.name]))
        for group in card.groups
        if group.name in old
    ]
    notes = (
        *question.narrowing,
        *_left_out(question, known, "the period"),
        *_left_out(earlier, known_before, "the period before"),
    )
    return TrendCard(card=card, before=earlier.period, every=every, groups=tuple(groups), notes=notes)


def whole_buckets(question: Question, every: Every, stretches: Sequence[Period]) -> frozenset[Period]:
    """The calendar buckets of the period that lie inside one of the stretches."""
    around = _calendar(question.period, every, question.definitions.timezone)
    return frozenset(b for b in around if any(s.start <= b.start and b.end <= s.end for s in stretches))


@lru_cache(maxsize=16)
def _calendar(period: Period, every: Every, timezone: str) -> tuple[Period, ...]:
    """The calendar buckets that touch the period, and some around it, whole: the same are asked for by every group."""
    wide = timedelta(days=100)
    return tuple(Period(period.start - wide, period.end + wide).buckets(every, timezone)[1:-1])


def control_limits(buckets: Sequence[Group], metric: Metric) -> ControlLimits:
    """The limits of one metric over buckets, by the kind of its figures."""
    found = [estimates(bucket)[metric.id] for bucket in buckets]
    if metric.unit == "rate":
        return limits_of_shares([item.hits for item in found], [item.n for item in found])
    if metric.unit == "seconds":
        return limits_of_times([item.value for item in found])
    return limits_of_counts([item.n for item in found], [bucket.deployment_frequency.days for bucket in buckets])


def _left_out(question: Question, known: Mapping[str, Known], period: str) -> tuple[str, ...]:
    """Which days of the period do not count for a change, in sentences."""
    then = f"{COUNTED}, but their change does not"
    owned = {name: found.stretches for name, found in known.items()}
    return (*question.outside(period, then), *not_owned(question, owned, period, then))


def _group(now: Group, before: Group, question: Question, every: Every, known: tuple[Known, Known]) -> GroupTrends:
    whole = whole_buckets(question, every, known[0].stretches)
    buckets = [bucket for bucket in now.buckets or () if bucket.span in whole]
    found = changes(now, before, known)
    new, old = (known_estimates(*asked) for asked in zip((now, before), known, strict=True))
    zone = ZoneInfo(question.definitions.timezone)
    return GroupTrends(
        by=now.by,
        name=now.name,
        trends=tuple(
            _trend(metric, new[metric.id], old[metric.id], found[metric.id], buckets, zone)
            for metric in METRICS.values()
        ),
    )


def _trend(
    metric: Metric, now: Estimate, before: Estimate, change: Change, buckets: Sequence[Group], zone: ZoneInfo
) -> Trend:
    clear = change.clear
    return Trend(
        metric=metric.id,
        now=now,
        before=before,
        change=change,
        arrow=("up" if change.upwards else "down") if clear else None,
        better=(change.upwards == (metric.better == "higher")) if clear else None,
        starts=tuple(f"{bucket.span.start.astimezone(zone):%Y-%m-%d}" for bucket in buckets),
        limits=control_limits(buckets, metric),
    )
