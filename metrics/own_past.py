"""A team against its own past: how each metric changed, and whether the data can tell.

The intervals are those of `metrics.change_intervals`: exact for the ratio of frequencies, Newcombe's for the
difference of shares, from both order-statistic intervals for the ratio of medians. That weeks vary is allowed for where the rows
are at hand (`metrics.evidence`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from metrics.catalog import METRICS
from metrics.change_intervals import Figure, frequency_ratio, median_ratio, share_difference
from metrics.estimates import Estimate, estimates
from metrics.evidence import Evidence, dispersion, seen_days
from metrics.question import Seen
from metrics.results import DeploymentFrequency, Group, Interval


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


def changes(
    now: Group, before: Group, seen: Seen = (None, None), evidence: tuple[Evidence, Evidence] | None = None
) -> Mapping[str, Change]:
    """The change of every metric between two periods, by the metric's id.

    `seen`: from where to where the data goes, so that the part of a period that it does not know does not look like a
    time without deployments.
    `evidence` of both periods: what bursts leave of it; without, all deployments count as independent.
    """
    new, old = (known_estimates(group, seen) for group in (now, before))
    spread = dispersion(*evidence) if evidence is not None else 1.0
    found = {}
    for metric in METRICS.values():
        pairs = [(item[metric.id].value, item[metric.id].interval) for item in (new, old)]
        if metric.unit == "per day":
            days, days_before = known_days(now, seen), known_days(before, seen)
            found[metric.id] = _frequency(new[metric.id].n, old[metric.id].n, days, days_before, spread)
        else:
            found[metric.id] = (time_change if metric.unit == "seconds" else rate_change)(*pairs)
    return found


def known_estimates(group: Group, seen: Seen) -> Mapping[str, Estimate]:
    """The figures of a group; no frequency of a period of which the data knows nothing."""
    found = dict(estimates(group))
    if not known_days(group, seen):
        found["deployment_frequency"] = Estimate(value=None, interval=(None, None), n=0)
    return found


def known_days(group: Group, seen: Seen) -> float:
    """Days of the group's period, as its frequency counts them, that lie within the data."""
    start, end = datetime.fromisoformat(group.start), datetime.fromisoformat(group.end)
    return group.deployment_frequency.days * seen_days(start, end, seen) / seen_days(start, end, (None, None))


def frequency_change(now: DeploymentFrequency, before: DeploymentFrequency) -> Change:
    """The ratio of deployments per day; no ratio when nothing was deployed before."""
    return _frequency(now.deployments, before.deployments, now.days, before.days)


def _frequency(new: int, old: int, days: float, days_before: float, spread: float = 1.0) -> Change:
    if not old or not days or not days_before:
        return Change()
    exposure = days / days_before
    return Change(ratio=new / old / exposure, interval=frequency_ratio(new, old, exposure, spread))


def time_change(now: Figure, before: Figure) -> Change:
    """The ratio of two medians; its interval needs both ends of both intervals, all above 0."""
    new, old = now[0], before[0]
    if new is None or old is None or old <= 0 or new < 0:
        return Change()
    return Change(ratio=new / old, interval=median_ratio(now, before))


def rate_change(now: Figure, before: Figure) -> Change:
    """The difference of two shares, in shares (0.02 is two percentage points)."""
    new, old = now[0], before[0]
    if new is None or old is None:
        return Change()
    return Change(difference=new - old, interval=share_difference(now, before))
