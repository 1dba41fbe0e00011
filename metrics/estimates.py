"""The headline figure of every metric in one shape: value, 95 % interval, and how many values it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.intervals import poisson_interval
from metrics.results import Ending, Group, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One metric of one group and period in its unit (per day, seconds, 0..1); value None without data.

    `n`: deployments, changes, failures or incidents behind it; `hits`: those of them that count in a rate.
    """

    value: float | None
    interval: Interval
    n: int
    hits: int = 0


def estimates(group: Group) -> Mapping[str, Estimate]:
    """The headline of every metric by its id; times are medians, those that may still run by Kaplan–Meier."""
    frequency, lead = group.deployment_frequency, group.change_lead_time
    fails, rework = group.change_fail_rate, group.deployment_rework_rate
    low, high = (end / frequency.days for end in poisson_interval(frequency.deployments))
    return {
        "deployment_frequency": Estimate(
            value=frequency.per_day, interval=(low, high), n=frequency.deployments, hits=frequency.deployments
        ),
        "change_lead_time": Estimate(value=lead.median_seconds, interval=lead.interval_seconds, n=lead.n),
        "change_fail_rate": Estimate(value=fails.rate, interval=fails.interval, n=fails.deployments, hits=fails.failed),
        "failed_deployment_recovery_time": _censored(group.failed_deployment_recovery_time),
        "time_to_restore": _censored(group.time_to_restore),
        "deployment_rework_rate": Estimate(
            value=rework.rate, interval=rework.interval, n=rework.deployments, hits=rework.rework
        ),
    }


def _censored(found: Ending) -> Estimate:
    return Estimate(value=found.kaplan_meier_median_seconds, interval=found.interval_seconds, n=found.n)
