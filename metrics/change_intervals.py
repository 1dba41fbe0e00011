"""How sure a change is: 95 % intervals for a ratio of frequencies, a difference of shares, a ratio of medians.

None stands for an end that the data cannot give.
"""

from __future__ import annotations

import math
from functools import lru_cache

from metrics.intervals import Interval, beta_share

#: A figure with its own 95 % interval.
Figure = tuple[float | None, Interval]


@lru_cache(maxsize=4096)
def share_interval(hits: float, n: float) -> tuple[float, float]:
    """Exact (Clopper–Pearson) interval of a share, both ends in 0..1; (0, 1) when n is 0. No need of whole numbers.

    It never covers less than 95 %, and so claims less than Wilson's: right for a test, wide for a figure.
    """
    low = 0.0 if hits == 0 else _beta_quantile(0.025, hits, n - hits + 1)
    high = 1.0 if hits == n else _beta_quantile(0.975, hits + 1, n - hits)
    return low, high


def frequency_ratio(new: int, old: int, exposure: float = 1.0, dispersion: float = 1.0) -> Interval:
    """Exact interval of the ratio of two Poisson rates, new over old.

    `exposure`: the time in which the new events were counted over that of the old ones. Given the total, the new
    events are binomial, so the ends are those of an exact share (conditional test). The upper end is None when
    nothing happened before; (None, None) when nothing happened at all. `dispersion`: how many times the counts of weeks
    vary more than Poisson counts would; above 1 it widens the interval by its root, as for bursts it must. Where one
    count is 0 there is no ratio to widen around: the other tells as much as that many times fewer events.
    """
    if new + old == 0 or exposure <= 0:
        return (None, None)
    if dispersion > 1 and new and old:
        return _widened(new, old, exposure, math.sqrt(dispersion))
    worth = max(dispersion, 1.0)
    low, high = share_interval(new / worth, (new + old) / worth)
    return low / (1 - low) / exposure, None if high >= 1 else high / (1 - high) / exposure


def _widened(new: int, old: int, exposure: float, factor: float) -> Interval:
    """The exact interval with both ends that many times farther from the ratio, on the logarithm."""
    low, high = frequency_ratio(new, old, exposure)
    if not low or not high:
        return low, high
    ratio = new / old / exposure
    return ratio * (low / ratio) ** factor, ratio * (high / ratio) ** factor


def share_difference(new: Figure, old: Figure) -> Interval:
    """Newcombe's interval of the difference of two independent shares from their Wilson intervals (his method 10)."""
    (at_new, (low_new, high_new)), (at_old, (low_old, high_old)) = new, old
    if at_new is None or at_old is None or low_new is None or high_new is None or low_old is None or high_old is None:
        return (None, None)
    middle = at_new - at_old
    low = middle - math.hypot(at_new - low_new, high_old - at_old)
    high = middle + math.hypot(high_new - at_new, at_old - low_old)
    return low, high


def median_ratio(new: Figure, old: Figure) -> Interval:
    """Interval of the ratio of two independent medians of times, from their order-statistic (or survival) intervals.

    The distances of the ends from the medians are added in quadrature on the logarithm ("method of variance
    estimates recovery"), so no shape of the times is assumed. It needs both ends of both, all above 0.
    """
    (at_new, ends_new), (at_old, ends_old) = new, old
    known = (at_new, *ends_new, at_old, *ends_old)
    if any(value is None or value <= 0 for value in known):
        return (None, None)
    new_at, new_low, new_high, old_at, old_low, old_high = (math.log(value) for value in known if value is not None)
    low = new_at - old_at - math.hypot(new_at - new_low, old_high - old_at)
    high = new_at - old_at + math.hypot(new_high - new_at, old_at - old_low)
    return math.exp(low), math.exp(high)


def _beta_quantile(share: float, a: float, b: float) -> float:
    """The point below which a Beta(a, b) variable lies with probability `share`: Newton's steps inside a bracket."""
    low, high, point = 0.0, 1.0, a / (a + b)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    for _ in range(100):
        miss = beta_share(point, a, b) - share
        low, high = (low, point) if miss > 0 else (point, high)
        slope = math.exp(front + (a - 1) * math.log(point) + (b - 1) * math.log1p(-point))
        step = point - miss / slope if slope > 0 else low
        step = step if low < step < high else (low + high) / 2
        if abs(step - point) <= 1e-13 * point:
            break
        point = step
    return point
