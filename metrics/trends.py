"""Trends: a period against the one before it, and the control limits of its weeks.

An arrow needs evidence: the interval of the change must exclude none. Limits rest on whole calendar buckets alone,
those that neither the period nor the data cuts: half a week would look like a fall.
All buckets are computed with one set of definitions, so no line joins figures of different meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from dora.period import Every, Period
from dora.warehouse import Reader
from metrics.catalog import METRICS, Metric
from metrics.control_limits import ControlLimits, limits_of_shares, limits_of_values
from metrics.estimates import Estimate, estimates
from metrics.own_past import Change, changes, known_estimates
from metrics.question import COUNTED, Question
from metrics.results import Group, Scorecard
from metrics.scorecard import scorecard
from metrics.weeks import Weekly, weekly_deployments

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
    whole = whole_buckets(question, every)
    weekly, weekly_before = weekly_deployments(reader, question), weekly_deployments(reader, earlier)
    groups = [
        _group(group, old[group.name], question, whole, (weekly[group.name], weekly_before[group.name]))
        for group in card.groups
        if group.name in old
    ]
    periods = ((question, "the period"), (earlier, "the period before"))
    outside = [note for asked, name in periods for note in asked.outside(name, f"{COUNTED}, but their change does not")]
    return TrendCard(
        card=card, before=earlier.period, every=every, groups=tuple(groups), notes=(*question.narrowing, *outside)
    )


def whole_buckets(question: Question, every: Every) -> frozenset[tuple[datetime, datetime]]:
    """The calendar buckets that lie inside the period and within the data, as their two ends."""
    period, wide = question.period, timedelta(days=100)
    around = Period(period.start - wide, period.end + wide).buckets(every, question.definitions.timezone)[1:-1]
    first, last = question.seen
    start, end = max(period.start, first or period.start), min(period.end, last or period.end)
    return frozenset((b.start, b.end) for b in around if b.start >= start and b.end <= end)


def control_limits(buckets: Sequence[Group], metric: Metric) -> ControlLimits:
    """The limits of one metric over buckets, by the kind of its figures."""
    found = [estimates(bucket)[metric.id] for bucket in buckets]
    if metric.unit == "rate":
        return limits_of_shares([item.hits for item in found], [item.n for item in found])
    return limits_of_values([item.value for item in found], "times" if metric.unit == "seconds" else "counts")


def _group(
    now: Group,
    before: Group,
    question: Question,
    whole: frozenset[tuple[datetime, datetime]],
    weekly: tuple[Weekly, Weekly],
) -> GroupTrends:
    buckets = [bucket for bucket in now.buckets or () if _ends(bucket) in whole]
    found = changes(now, before, weekly, question.seen)
    new, old = (known_estimates(group, question.seen) for group in (now, before))
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
        starts=tuple(f"{_ends(bucket)[0].astimezone(zone):%Y-%m-%d}" for bucket in buckets),
        limits=control_limits(buckets, metric),
    )


def _ends(bucket: Group) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(bucket.start), datetime.fromisoformat(bucket.end)
