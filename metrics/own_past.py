"""A team against its own past: how each metric changed, and whether the data can tell.

The intervals are those of `metrics.change_intervals`: exact for the ratio of frequencies, Newcombe's for the
difference of shares, from both order-statistic intervals for the ratio of medians. That weeks vary more than counts do is allowed for (`metrics.weeks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from metrics.catalog import METRICS
from metrics.change_intervals import Figure, frequency_ratio, median_ratio, share_difference
from metrics.estimates import Estimate, estimates
from metrics.intervals import FEWEST
from metrics.results import Group, Interval
from metrics.weeks import FEWEST_WEEKS, Known, dispersion

FEW_WEEKS = f"fewer than {FEWEST_WEEKS} whole weeks"
FEW_DEPLOYMENTS = f"fewer than {FEWEST} deployments"
UNBOUND = "a median without both ends of its interval"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """New against old: `ratio` of times and frequencies, `difference` of shares; 95 % `interval` of the same.

    `clear`: the interval excludes "no change" (ratio 1, difference 0). All None when one period has no data.
    `reason`: why a change has no interval, in words; None where it has one.
    """

    ratio: float | None = None
    difference: float | None = None
    interval: Interval = (None, None)
    reason: str | None = None

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


def changes(now: Group, before: Group, known: tuple[Known, Known]) -> Mapping[str, Change]:
    """The change of every metric between two periods, by the metric's id.

    `known`: of both periods the time that counts, so that the part that the data does not cover, or in which the group
    owned nothing, does not look like a time without deployments; and how much their weeks vary.
    """
    of_now, of_before = known
    new, old = known_estimates(now, of_now), known_estimates(before, of_before)
    days, days_before = known_days(now, of_now), known_days(before, of_before)
    found = {}
    for metric in METRICS.values():
        one, other = new[metric.id], old[metric.id]
        if metric.unit == "per day":
            exposure = days / days_before if days_before else 0.0
            found[metric.id] = frequency_change(one.n, other.n, exposure, dispersion(of_now.weekly, of_before.weekly))
        elif metric.unit == "seconds":
            found[metric.id] = time_change(_figure(one), _figure(other))
        else:
            found[metric.id] = rate_change(_figure(one), _figure(other), min(one.n, other.n))
    return found


def known_estimates(group: Group, known: Known) -> Mapping[str, Estimate]:
    """The figures of a group; no frequency of a period of which nothing is known, or in which it owned nothing."""
    found = dict(estimates(group))
    if not known.stretches:
        found["deployment_frequency"] = Estimate(value=None, interval=(None, None), n=0)
    return found


def known_days(group: Group, known: Known) -> float:
    """Days of the group's period, as its frequency counts them, that the data covers while it owned something."""
    return group.deployment_frequency.days * known.days / group.span.days


def frequency_change(new: int, old: int, exposure: float = 1.0, spread: float | None = 1.0) -> Change:
    """The ratio of deployments per day; no ratio when nothing was deployed before.

    `exposure`: the new days over the old ones. `spread`: see `dispersion`; no interval where it is not known.
    """
    if not old or not exposure:
        return Change()
    ratio = new / old / exposure
    if spread is None:
        return Change(ratio=ratio, reason=FEW_WEEKS)
    return Change(ratio=ratio, interval=frequency_ratio(new, old, exposure, spread))


def time_change(now: Figure, before: Figure) -> Change:
    """The ratio of two medians; its interval needs both ends of both intervals, all above 0."""
    new, old = now[0], before[0]
    if new is None or old is None or old <= 0 or new < 0:
        return Change()
    interval = median_ratio(now, before)
    return Change(ratio=new / old, interval=interval, reason=UNBOUND if interval == (None, None) else None)


def rate_change(now: Figure, before: Figure, n: int) -> Change:
    """The difference of two shares, in shares (0.02 is two percentage points).

    `n`: how many deployments the share of fewer rests on; below `FEWEST` there is no interval. Of 1 against 50 a single
    failure would be a clear change, in one of ten comparisons by chance; from 5 on chance makes 4.3 % of them clear.
    """
    new, old = now[0], before[0]
    if new is None or old is None:
        return Change()
    if n < FEWEST:
        return Change(difference=new - old, reason=FEW_DEPLOYMENTS)
    return Change(difference=new - old, interval=share_difference(now, before))


def _figure(found: Estimate) -> Figure:
    return found.value, found.interval
