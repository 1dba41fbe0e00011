"""What change a group of this size could see: the least change found with 80 % power at 5 %, two-sided.

The plan compares a stretch of weeks with the stretch of the same length before it, by the very rule that draws the
arrows (`metrics.own_past`). Frequency and fail rate: the power is summed over all pairs of counts that may come;
where counts are large, from the normal curve on the scale that evens out their spread. Times: see `metrics.time_power`.
It takes the figures of the asked period as true, failures and incidents as independent, and weeks as alike: a plan, not a promise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from metrics.intervals import FEWEST, Interval, Z, beta_share, wilson
from metrics.own_past import known_days
from metrics.results import Ending, Group
from metrics.time_power import POWER, enough_in_both, visible_times
from metrics.weeks import Known, dispersion

WEEKS = (4, 8, 13, 26)
_SUM = Z + 0.8416212335729143
#: Expected counts above which the normal curve stands in for the sum over all pairs.
_LARGE = 150.0
#: The moves of a deployment that ship changes.
_SHIPPING = ("forward", "diverged")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visible:
    """The least visible change after `weeks`: as ratios new / old, or as new shares for rates.

    None: no change in that direction could be seen. `values`: how many values a stretch is expected to hold.
    """

    weeks: int
    values: float
    fall: float | None
    rise: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One metric of one group: its figure now, how many values a week brings, and what could be seen when.

    Values of a lead time are the deployments that ship changes. `visible` is empty when the asked period has too little data to plan with.
    """

    metric: str
    now: float | None
    per_week: float
    visible: tuple[Visible, ...]


def plans(group: Group, known: Known) -> tuple[Plan, ...]:
    """The plan of every metric, from the figures of the whole asked period.

    `known`: how much its weeks vary, so that bursts count for as little as they will in the arrows; a period of too few
    weeks to tell has no plan of its frequency, one of too few deployments none of a rate. What the data does not cover, or
    when the group owned nothing, counts as no time.
    """
    spread = dispersion(known.weekly)
    weeks = known_days(group, known) / 7 or math.inf
    deployments = group.deployment_frequency.deployments / weeks
    fails, rework = group.change_fail_rate, group.deployment_rework_rate
    return (
        Plan(
            metric="deployment_frequency",
            now=deployments / 7 or None,
            per_week=deployments,
            visible=_each(deployments, lambda mean: _ratios(mean / spread)) if deployments and spread else (),
        ),
        _lead_time(group, weeks),
        _shares("change_fail_rate", fails.rate, fails.deployments, weeks),
        _ending("failed_deployment_recovery_time", group.failed_deployment_recovery_time, weeks),
        _ending("time_to_restore", group.time_to_restore, weeks),
        _shares("deployment_rework_rate", rework.rate, rework.deployments, weeks),
    )


def visible_frequency(expected: float, rising: bool) -> float | None:
    """The least ratio of frequencies that is seen when `expected` deployments are usual in a stretch."""
    return _ratio(expected, rising)


def visible_share(share: float, n: int, rising: bool) -> float | None:
    """The nearest new share that is seen when both stretches hold `n` deployments and `share` was the old one.

    None below `FEWEST`, of which no change of a rate is judged.
    """
    if n < FEWEST:
        return None
    edge = 1.0 if rising else 0.0
    if n * share * (1 - share) > _LARGE:
        angle = math.asin(math.sqrt(share)) + (1 if rising else -1) * _SUM / math.sqrt(2 * n)
        return math.sin(angle) ** 2 if 0 < angle < math.pi / 2 else None
    return _nearest(lambda new: _share_power(share, new, n), share, edge)


def _ratios(expected: float) -> tuple[float | None, float | None]:
    return _ratio(expected, False), _ratio(expected, True)


def _each(per_week: float, least: Callable[[float], tuple[float | None, float | None]]) -> tuple[Visible, ...]:
    found = []
    for weeks in WEEKS:
        fall, rise = least(per_week * weeks)
        found.append(Visible(weeks=weeks, values=per_week * weeks, fall=fall, rise=rise))
    return tuple(found)


def _shares(metric: str, rate: float | None, n: int, weeks: float) -> Plan:
    plan = Plan(metric=metric, now=rate, per_week=n / weeks, visible=())
    if rate is None or n < FEWEST:
        return plan
    return replace(plan, visible=_each(n / weeks, lambda expected: _rates(rate, expected)))


def _rates(rate: float, expected: float) -> tuple[float | None, float | None]:
    if enough_in_both(expected) <= POWER:
        return None, None
    return visible_share(rate, round(expected), False), visible_share(rate, round(expected), True)


def _lead_time(group: Group, weeks: float) -> Plan:
    """Counted in deployments that shipped changes: it is these that are independent."""
    found, moves = group.change_lead_time, group.deployment_frequency.relations
    deployments = min(sum(moves.get(relation, 0) for relation in _SHIPPING), found.n)
    size = found.n / deployments if deployments else 1.0
    return _times("change_lead_time", found.median_seconds, found.interval_seconds, deployments, weeks, size)


def _ending(metric: str, found: Ending, weeks: float) -> Plan:
    """Counted in failures or incidents, open ones too: the arrows go by the Kaplan–Meier median of them all."""
    return _times(metric, found.kaplan_meier_median_seconds, found.interval_seconds, found.n, weeks, None)


def _times(metric: str, median: float | None, interval: Interval, n: int, weeks: float, size: float | None) -> Plan:
    low, high = interval
    plan = Plan(metric=metric, now=median, per_week=n / weeks, visible=())
    if not median or not low or high is None:
        return plan
    half = math.log(high / low) / 2
    return replace(plan, visible=_each(n / weeks, lambda expected: visible_times(half, n, expected, size)))


@lru_cache(maxsize=4096)
def _ratio(expected: float, rising: bool) -> float | None:
    if expected > _LARGE:
        root = math.sqrt(expected)
        moved = root + _SUM / math.sqrt(2) if rising else root - _SUM / math.sqrt(2)
        return moved**2 / expected if moved > 0 else None
    return _nearest(lambda ratio: _count_power(expected, ratio), 1.0, 4 + 40 / expected if rising else 0.0)


def _nearest(power: Callable[[float], float], start: float, edge: float) -> float | None:
    """The value nearest to `start`, towards `edge`, that has the power; None when even the edge has not."""
    if power(edge) < POWER:
        return None
    near, far = start, edge
    for _ in range(14):
        middle = (near + far) / 2
        if power(middle) >= POWER:
            far = middle
        else:
            near = middle
    return far


def _count_power(expected: float, ratio: float) -> float:
    """The chance that the exact interval of the ratio lies wholly on the side of the true one."""
    old, old_weight = _poisson(expected)
    new, new_weight = _poisson(expected * ratio)
    totals = np.add.outer(new, old)
    few = np.array([_few_of(n) for n in range(int(totals.max()) + 1)])[totals]
    seen = (old[None, :] <= few) & (old[None, :] > 0) if ratio > 1 else new[:, None] <= few
    return float(new_weight @ seen @ old_weight)


@lru_cache(maxsize=8192)
def _few_of(total: int) -> int:
    """The most of `total` events in one of two equal stretches that still shows it to be the rarer one; -1 if none."""
    low, high = -1, total // 2 if total else -1
    while low < high:
        middle = (low + high + 1) // 2
        if beta_share(0.5, total - middle, middle + 1) < 0.025:
            low = middle
        else:
            high = middle - 1
    return low


def _share_power(old_share: float, new_share: float, n: int) -> float:
    """The chance that Newcombe's interval of the difference lies wholly on the side of the true one."""
    old, old_weight = _binomial(n, old_share)
    new, new_weight = _binomial(n, new_share)
    at_old, low_old, high_old = _wilson_ends(old, n)
    at_new, low_new, high_new = _wilson_ends(new, n)
    middle = np.subtract.outer(at_new, at_old)
    if new_share > old_share:
        seen = middle > np.hypot.outer(at_new - low_new, high_old - at_old)
    else:
        seen = -middle > np.hypot.outer(high_new - at_new, at_old - low_old)
    return float(new_weight @ seen @ old_weight)


def _poisson(mean: float) -> tuple[Integers, Floats]:
    """The counts that come with any likelihood, and their probabilities."""
    counts = _window(mean, math.sqrt(mean), None)
    if mean <= 0:
        return counts, (counts == 0).astype(np.float64)
    return counts, np.exp(counts * math.log(mean) - mean - _log_factorials(counts))


def _binomial(n: int, share: float) -> tuple[Integers, Floats]:
    counts = _window(n * share, math.sqrt(n * share * (1 - share)), n)
    if share <= 0 or share >= 1:
        return counts, (counts == n * share).astype(np.float64)
    ways = math.lgamma(n + 1) - _log_factorials(counts) - _log_factorials(n - counts)
    return counts, np.exp(ways + counts * math.log(share) + (n - counts) * math.log1p(-share))


def _window(mean: float, sd: float, most: int | None) -> Integers:
    low, high = max(0, int(mean - 5 * sd - 5)), int(mean + 5 * sd + 6)
    return np.arange(low, (high if most is None else min(high, most)) + 1)


def _log_factorials(counts: Integers) -> Floats:
    return np.array([math.lgamma(count + 1) for count in counts.tolist()])


def _wilson_ends(hits: Integers, n: int) -> tuple[Floats, Floats, Floats]:
    ends = np.array([wilson(hit, n) for hit in hits.tolist()], dtype=np.float64)
    return hits / n, ends[:, 0], ends[:, 1]
