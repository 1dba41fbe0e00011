"""A team against its own past: how each metric changed, and whether the data can tell.

Ratios come with the interval that the two intervals imply (the "method of variance estimates recovery": the
distances to the ends are added in quadrature), on the logarithm for times and as Newcombe's difference for shares.
A frequency ratio is exact given the total: new deployments of all are binomial, with Wilson's interval.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from metrics.intervals import wilson
from metrics.results import DeploymentFrequency, Group, Interval, RecoveryTime

#: Below this many values no order statistics bound a median with 95 %; a Kaplan–Meier interval is no better then.
FEWEST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New against old: `ratio` of times and frequencies, `difference` of shares; 95 % `interval` of the same.

    `clear`: the interval excludes "no change" (ratio 1, difference 0). All None when one period has no data.
    """

    ratio: float | None = None
    difference: float | None = None
    interval: Interval = (None, None)

    @property
    def clear(self) -> bool:
        """True when the interval lies wholly on one side of no change."""
        low, high = self.interval
        if low is None or high is None:
            return False
        none = 0.0 if self.difference is not None else 1.0
        return low > none or high < none

    @property
    def upwards(self) -> bool:
        """True when the figure grew, whether that is clear or not."""
        if self.difference is not None:
            return self.difference > 0
        return self.ratio is not None and self.ratio > 1


def changes(now: Group, before: Group) -> Mapping[str, Change]:
    """The change of every metric between two periods, by the metric's id."""
    lead_now, lead_before = now.change_lead_time, before.change_lead_time
    recovery, recovery_before = now.failed_deployment_recovery_time, before.failed_deployment_recovery_time
    failed, failed_before = now.change_fail_rate, before.change_fail_rate
    rework, rework_before = now.deployment_rework_rate, before.deployment_rework_rate
    return {
        "deployment_frequency": frequency_change(now.deployment_frequency, before.deployment_frequency),
        "change_lead_time": time_change(
            (lead_now.median_seconds, lead_now.interval_seconds),
            (lead_before.median_seconds, lead_before.interval_seconds),
        ),
        "change_fail_rate": rate_change((failed.rate, failed.interval), (failed_before.rate, failed_before.interval)),
        "failed_deployment_recovery_time": time_change(
            (recovery.kaplan_meier_median_seconds, _enough(recovery)),
            (recovery_before.kaplan_meier_median_seconds, _enough(recovery_before)),
        ),
        "deployment_rework_rate": rate_change(
            (rework.rate, rework.interval), (rework_before.rate, rework_before.interval)
        ),
    }


def _enough(found: RecoveryTime) -> Interval:
    """The interval of a recovery time, unless it rests on too few failures to be one."""
    return found.interval_seconds if found.n >= FEWEST else (None, None)


def frequency_change(now: DeploymentFrequency, before: DeploymentFrequency) -> Change:
    """The ratio of deployments per day; no ratio when nothing was deployed before."""
    new, old = now.deployments, before.deployments
    if not new + old or not old or not now.days or not before.days:
        return Change()
    days = before.days / now.days
    low, high = (
        None if share is None or share >= 1 else share / (1 - share) * days for share in wilson(new, new + old)
    )
    return Change(ratio=new / old * days, interval=(low, high))


def time_change(now: tuple[float | None, Interval], before: tuple[float | None, Interval]) -> Change:
    """The ratio of two medians; its interval needs both ends of both intervals, all above 0."""
    new, old = now[0], before[0]
    if new is None or old is None or old <= 0 or new < 0:
        return Change()
    ends = (*now[1], *before[1])
    if new == 0 or any(end is None or end <= 0 for end in ends):
        return Change(ratio=new / old)
    low_new, high_new, low_old, high_old = (math.log(end) for end in ends if end is not None)
    middle, middle_old = math.log(new), math.log(old)
    centre = middle - middle_old
    low = centre - math.hypot(middle - low_new, high_old - middle_old)
    high = centre + math.hypot(high_new - middle, middle_old - low_old)
    return Change(ratio=new / old, interval=(math.exp(low), math.exp(high)))


def rate_change(now: tuple[float | None, Interval], before: tuple[float | None, Interval]) -> Change:
    """The difference of two shares, in shares (0.02 is two percentage points)."""
    (new, (low_new, high_new)), (old, (low_old, high_old)) = now, before
    if new is None or old is None:
        return Change()
    if low_new is None or high_new is None or low_old is None or high_old is None:
        return Change(difference=new - old)
    low = new - old - math.hypot(new - low_new, high_old - old)
    high = new - old + math.hypot(high_new - new, old - low_old)
    return Change(difference=new - old, interval=(low, high))
