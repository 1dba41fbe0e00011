"""What `dora metrics` prints for people: a row a group and metric, or with buckets a row a group and bucket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dora.period import edge

if TYPE_CHECKING:
    from metrics.results import ChangeFailRate, ChangeLeadTime, Group, Interval, Scorecard

Row = Mapping[str, object]


def metric_rows(card: Scorecard, timezone: str) -> list[Row]:
    """Every figure with its interval and what it rests on; with buckets the figures side by side, so that a column is a series."""
    if any(group.buckets is not None for group in card.groups):
        return [_bucket(part, timezone) for group in card.groups for part in (group, *(group.buckets or ()))]
    return [row for group in card.groups for row in _figures(group)]


def _figures(group: Group) -> list[Row]:
    from dashboard.figures import FIGURES, TIME_TO_RESTORE, level_and_distance

    rows: list[Row] = []
    for figure in (*FIGURES, TIME_TO_RESTORE):
        reading = figure.of(group)
        rows.append({
            group.by: group.name,
            "metric": figure.title,
            "figure": reading.missing or figure.text(reading),
            "95 %": figure.interval(reading),
            "rests on": reading.basis,
            "level": level_and_distance(figure, reading),
        })  # fmt: skip
    return rows


def _bucket(group: Group, timezone: str) -> Row:
    from dashboard.figures import FIGURES, level_and_distance
    from dashboard.units import duration, percent

    levels = {figure.id: level_and_distance(figure, figure.of(group)) for figure in FIGURES}
    frequency, lead = group.deployment_frequency, group.change_lead_time
    fails, recovery, rework = (
        group.change_fail_rate,
        group.failed_deployment_recovery_time,
        group.deployment_rework_rate,
    )
    return {
        group.by: group.name,
        "from": edge(group.start, timezone),
        "to": edge(group.end, timezone),
        "deployments": frequency.deployments,
        "per day": round(frequency.per_day, 2) if frequency.per_day is not None else None,
        "frequency level": levels["deployment_frequency"],
        "lead time": duration(lead.median_seconds),
        "95 %": _span(lead.interval_seconds),
        "p90": duration(lead.p90_seconds),
        "n": lead.n,
        "waiting": lead.undeployed["n"],
        "with waiting": _with_waiting(lead),
        "lead level": levels["change_lead_time"],
        "fail rate": f"{percent(fails.rate)} ({fails.failed}/{fails.deployments}{_pending(fails)})",
        "fail level": levels["change_fail_rate"],
        "recovery": duration(recovery.kaplan_meier_median_seconds),
        "failures": recovery.n,
        "open": recovery.open,
        "rework": f"{percent(rework.rate)} ({rework.rework}/{rework.deployments})",
        "restore": duration(group.time_to_restore.kaplan_meier_median_seconds),
        "incidents": group.time_to_restore.n,
    }


def _pending(fails: ChangeFailRate) -> str:
    """How many are too young to judge and in neither number; empty without any."""
    return f", {fails.pending} pending" if fails.pending else ""


def _with_waiting(lead: ChangeLeadTime) -> str | None:
    """The Kaplan-Meier median, which counts what waits; None where nothing does."""
    from dashboard.basis import with_waiting

    return with_waiting(lead) if lead.undeployed["n"] else None


def _span(interval: Interval) -> str:
    from dashboard.units import duration

    return "-" if interval[0] is None else f"{duration(interval[0])} to {duration(interval[1])}"
