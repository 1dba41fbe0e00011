"""How sure a number is: 95 % intervals for shares, medians, censored times and counts. Pure numpy.

None stands for an end that the data cannot give: no interval is invented for too few values.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Z = 1.959963984540054
Interval = tuple[float | None, float | None]
Floats = NDArray[np.float64]


def wilson(hits: int, n: int) -> Interval:
    """Wilson score interval of a share, both ends in 0..1; (None, None) when n is 0."""
    if n == 0:
        return (None, None)
    share, z2 = hits / n, Z * Z
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return (0.0 if hits == 0 else centre - half, 1.0 if hits == n else centre + half)


@lru_cache(maxsize=4096)
def median_ranks(n: int) -> tuple[int, int] | None:
    """Ranks (from 0) of the order statistics that bound the median with at least 95 %; None below 6 values."""
    if n < 6:
        return None
    if n > 400:
        half = Z * math.sqrt(n) / 2
        low = math.floor(n / 2 - half) - 1
        return low, n - 1 - low
    tail, low = 0.0, -1
    for k in range(n // 2):
        tail += math.comb(n, k) / 2**n
        if tail > 0.025:
            break
        low = k
    return (low, n - 1 - low) if low >= 0 else None


def median_interval(ordered: Floats) -> Interval:
    """Order-statistic interval of the median of sorted values, in their unit."""
    ranks = median_ranks(len(ordered))
    return (float(ordered[ranks[0]]), float(ordered[ranks[1]])) if ranks else (None, None)


def quantile(ordered: Floats, share: float) -> float | None:
    """Quantile of sorted values by linear interpolation; None without values."""
    n = len(ordered)
    if n == 0:
        return None
    place = share * (n - 1)
    low = int(place)
    high = min(low + 1, n - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (place - low))


def kaplan_meier_median(seconds: Floats, observed: NDArray[np.bool_]) -> tuple[float | None, Interval]:
    """Median time when some have not ended yet (observed False), with its log-log interval.

    None when the curve does not fall to one half; an interval end is None when its curve does not reach it.
    """
    if len(seconds) == 0 or not observed.any():
        return None, (None, None)
    times, survival, spread = _survival(seconds, observed)
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.log(-np.log(np.clip(survival, 1e-300, 1 - 1e-16)))
        error = Z * np.sqrt(spread) / np.abs(np.log(np.clip(survival, 1e-300, 1 - 1e-16)))
    lower = np.exp(-np.exp(logs + error))
    upper = np.exp(-np.exp(logs - error))
    upper[survival <= 0], lower[survival <= 0] = 0.0, 0.0
    return _crossing(times, survival), (_crossing(times, lower), _crossing(times, upper))


@lru_cache(maxsize=4096)
def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson mean after `count` events."""
    low = 0.0 if count == 0 else _poisson_end(count - 1, 0.975)
    return low, _poisson_end(count, 0.025)


def _survival(seconds: Floats, observed: NDArray[np.bool_]) -> tuple[Floats, Floats, Floats]:
    order = np.argsort(seconds, kind="stable")
    seconds, observed = seconds[order], observed[order]
    times, first = np.unique(seconds, return_index=True)
    events = np.add.reduceat(observed.astype(np.float64), first)
    at_risk = len(seconds) - first
    keep = events > 0
    times, events, at_risk = times[keep], events[keep], at_risk[keep]
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.cumsum(np.where(at_risk > events, events / (at_risk * (at_risk - events)), 0.0))
    return times, np.asarray(survival, dtype=np.float64), np.asarray(spread, dtype=np.float64)


def _crossing(times: Floats, curve: Floats) -> float | None:
    below = np.flatnonzero(curve <= 0.5 + 1e-12)
    return float(times[below[0]]) if len(below) else None


def _poisson_end(count: int, target: float) -> float:
    """The mean at which P(X <= count) is `target`, by bisection."""
    low, high = 0.0, count + 10 * math.sqrt(count + 1) + 10
    for _ in range(80):
        middle = (low + high) / 2
        if _poisson_cdf(count, middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _poisson_cdf(count: int, mean: float) -> float:
    if mean <= 0:
        return 1.0
    if count > 2000:  # Wilson–Hilferty: exact summing would underflow, and the error is below 1e-6 here
        a = count + 1
        z = ((mean / a) ** (1 / 3) - (1 - 1 / (9 * a))) * 3 * math.sqrt(a)
        return 0.5 * math.erfc(z / math.sqrt(2))
    logs = np.arange(count + 1) * math.log(mean) - mean - _log_factorials()[: count + 1]
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))


@lru_cache(maxsize=1)
def _log_factorials() -> Floats:
    return np.array([math.lgamma(k + 1) for k in range(2001)])
