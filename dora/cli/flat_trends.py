"""Trends and plans as flat tables of numbers, for notebooks and spreadsheets; what is not known is empty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dora.cli.flat_columns import FlatColumn, Kind
from dora.period import edge

if TYPE_CHECKING:
    from metrics.estimates import Estimate
    from metrics.power import Plan
    from metrics.results import Group, Scorecard
    from metrics.trends import TrendCard

_SHARED: dict[str, Kind] = {"by": str, "name": str, "from": str, "to": str, "metric": str}
_OF_TRENDS: dict[str, Kind] = _SHARED | {
    "now": float, "now_low": float, "now_high": float, "now_n": int,
    "before": float, "before_low": float, "before_high": float, "before_n": int,
    "change_ratio": float, "change_difference": float, "change_low": float, "change_high": float, "change_reason": str,
    "arrow": str, "better": bool, "limits_state": str, "definitions_hash": str,
}  # fmt: skip
_OF_PLANS: dict[str, Kind] = _SHARED | {
    "now": float, "per_week": float, "weeks": int, "values": float, "fall": float, "rise": float, "definitions_hash": str,
}  # fmt: skip


def trend_columns(found: TrendCard) -> list[FlatColumn]:
    """A row a group and metric, in the metric's unit: deployments per day, seconds, shares 0..1.

    `change_low` and `change_high` are the ends of the one of `change_ratio` (new / old) and `change_difference` (of
    shares) that the metric has; `from` and `to` are of the period itself.
    """
    about = _about(found.card)
    return _columns(
        _OF_TRENDS,
        [
            (
                group.by, group.name, *about, trend.metric, *_estimate(trend.now), *_estimate(trend.before),
                trend.change.ratio, trend.change.difference, *trend.change.interval, trend.change.reason,
                trend.arrow, trend.better, trend.limits.state, found.card.definitions["hash"],
            )
            for group in found.groups
            for trend in group.trends
        ],
    )  # fmt: skip


def plan_columns(card: Scorecard, found: Sequence[tuple[Group, tuple[Plan, ...]]]) -> list[FlatColumn]:
    """A row a group, metric and number of weeks; `fall` and `rise` are ratios new / old, of rates the new rates."""
    from metrics.power import WEEKS

    about, rows = _about(card), []
    for group, plans in found:
        for plan in plans:
            visible = {item.weeks: (item.values, item.fall, item.rise) for item in plan.visible}
            for weeks in WEEKS:
                seen = visible.get(weeks, (None, None, None))
                rows.append(
                    (group.by, group.name, *about, plan.metric, plan.now, plan.per_week, weeks, *seen, card.definitions["hash"])
                )  # fmt: skip
    return _columns(_OF_PLANS, rows)


def _about(card: Scorecard) -> tuple[str, str]:
    timezone = str(card.definitions["timezone"])
    return edge(card.period["from"], timezone), edge(card.period["to"], timezone)


def _estimate(found: Estimate) -> tuple[object, ...]:
    return found.value, *found.interval, found.n


def _columns(kinds: dict[str, Kind], rows: Sequence[tuple[object, ...]]) -> list[FlatColumn]:
    lines: Sequence[Sequence[object]] = list(zip(*rows, strict=True)) or [()] * len(kinds)
    return [FlatColumn(name, kind, values) for (name, kind), values in zip(kinds.items(), lines, strict=True)]
