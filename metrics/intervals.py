"""How sure a number is: 95 % intervals for shares, medians, censored times and counts. Pure numpy.

None stands for an end that the data cannot give: no interval is invented for too few values. What share of such
intervals holds the truth at 5, 20 and 100 values is measured by benchmarks/calibration.py.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from metrics.cells import Integers, each

Z = 1.959963984540054
#: The fewest values that bound a median: the lowest and the highest of five hold it with 93.75 %.
FEWEST = 5
#: Up to so many times, which are those of one team's year, what follows from their order is kept.
_KEPT = 256
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
    """Ranks (from 0) of the order statistics that bound the median with at least 95 %; None below 5 values.

    Five values are the one exception: no two of them hold it with more than 93.75 %.
    """
    if n <= FEWEST:
        return (0, n - 1) if n == FEWEST else None
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


def median_intervals(
    ordered: np.ndarray, low: Integers, n: Integers, unit: float = 1.0, worth: Integers | None = None
) -> Floats:
    """The same of the `n` sorted values from every `low` on, in `unit`: a line of two each, NaN for no end.

    `worth`: what the values of each are worth in independent ones, see `metrics.clusters`; all of them unless given.
    """
    worth = n if worth is None else worth
    ranks = each(_rank_below, n, worth).astype(np.int64)
    found, some = np.full((len(n), 2), np.nan), np.flatnonzero(ranks >= 0)
    first = low[some] + ranks[some]
    last = low[some] + n[some] - 1 - ranks[some]
    found[some] = np.column_stack([ordered[first], ordered[last]]) / unit
    return found


def _rank_below(n: int, worth: int) -> int:
    """The rank (from 0) of the lower end among `n` values that are worth so many; -1 for none."""
    ranks = median_ranks(worth)
    return ranks[0] * n // worth if ranks else -1


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
    """Median time when some have not ended yet (observed False), with its interval.

    The plain median when all have ended, None when the curve does not fall to one half; an interval end is None when the data does not reach it, and both
    are below five values. The interval is the mid-P beta product confidence procedure (Fay, Brittain, Proschan,
    Biostatistics 2013), which without censored times gives order statistics; the usual log-log interval
    covers 90 % of five values and 97.4 % of twenty.
    """
    times, ended = _in_order(seconds, observed)
    median, low, high = (_at(times, place) for place in survival_places(ended.tobytes()))
    return _median(times) if ended.all() else median, (low, high)


def survival_median(seconds: Floats, observed: NDArray[np.bool_]) -> float | None:
    """The median of `kaplan_meier_median` without its interval, which costs more than the median."""
    times, ended = _in_order(seconds, observed)
    return _median(times) if ended.all() else _at(times, _crossing(ended))


def beta_share(point: float, a: float, b: float) -> float:
    """P(X <= point) of a Beta(a, b) variable: the regularised incomplete beta function, for a and b above 0."""
    if point <= 0 or point >= 1:
        return 0.0 if point <= 0 else 1.0
    if point > (a + 1) / (a + b + 2):  # the fraction converges fast only below the mean
        return 1.0 - beta_share(1 - point, b, a)
    front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(point) + b * math.log1p(-point)
    return math.exp(front) / a * _beta_fraction(point, a, b)


@lru_cache(maxsize=4096)
def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson mean after `count` events."""
    low = 0.0 if count == 0 else _poisson_end(count - 1, 0.975)
    return low, _poisson_end(count, 0.025)


def _in_order(seconds: Floats, observed: NDArray[np.bool_]) -> tuple[Floats, NDArray[np.bool_]]:
    """Times in order, and which of them ended; of equal times the ended ones come first, one by one."""
    order = np.lexsort((~observed, seconds))
    return seconds[order], observed[order]


def _median(times: Floats) -> float | None:
    return float(np.median(times)) if len(times) else None


def _at(times: Floats, place: int | None) -> float | None:
    return None if place is None else float(times[place])


def survival_places(pattern: bytes) -> tuple[int | None, int | None, int | None]:
    """Places of the median and of its interval's ends, by which of the times in order ended (1) or are open (0)."""
    return _kept_places(pattern) if len(pattern) <= _KEPT else _survival_places(pattern)


def _survival_places(pattern: bytes) -> tuple[int | None, int | None, int | None]:
    ended = np.frombuffer(pattern, dtype=np.bool_)
    return (_crossing(ended), *_survival_ends(ended))


_kept_places = lru_cache(maxsize=16384)(_survival_places)


def _crossing(ended: NDArray[np.bool_]) -> int | None:
    survival = np.cumprod(1 - ended / np.arange(len(ended), 0, -1))
    place = int(np.searchsorted(-survival, -0.5 - 1e-12))
    return place if place < len(ended) else None


def _survival_ends(ended: NDArray[np.bool_]) -> tuple[int | None, int | None]:
    """From where the chance that survival is at or below one half reaches 2.5 %, to where it reaches 97.5 %."""
    n, events = len(ended), np.flatnonzero(ended).tolist()
    if n < FEWEST or not events:
        return None, None
    # Survival after an end is a product of Beta(at risk, 1) or less; until the next end, which may be now, or more.
    at_risk = np.arange(n, 0, -1.0)
    mean = np.cumprod(np.where(ended, at_risk / (at_risk + 1), 1.0))
    square = np.cumprod(np.where(ended, at_risk / (at_risk + 2), 1.0))

    def below(place: int) -> float:
        at, of_square, left = float(mean[place]), float(square[place]), n - 1.0 - place
        return (_below_half(at, of_square) + _below_half(at * left / (left + 1), of_square * left / (left + 2))) / 2

    low, high = bisect_left(range(n), 0.025, key=below), bisect_left(events, 0.975, key=below)
    return low if low < n else None, events[high] if high < len(events) else None


@lru_cache(maxsize=65536)
def _below_half(mean: float, square: float) -> float:
    """P(X <= 1/2) of the Beta variable with this mean and mean square."""
    spread = square - mean * mean
    if spread <= 0 or mean <= 0 or mean >= 1:
        return float(mean <= 0.5)
    size = mean * (1 - mean) / spread - 1
    if size > 30:  # Abramowitz and Stegun 26.5.20: here its error is below 2e-4, and the fraction is slow
        a, b = mean * size, (1 - mean) * size
        one, other = (b / 2) ** (1 / 3), (a / 2) ** (1 / 3)
        y = 3 * (one * (1 - 1 / (9 * b)) - other * (1 - 1 / (9 * a))) / math.hypot(one / b**0.5, other / a**0.5)
        return 0.5 * math.erfc(-y / math.sqrt(2))
    return beta_share(0.5, mean * size, (1 - mean) * size)


def _beta_fraction(x: float, a: float, b: float) -> float:
    """Continued fraction of the incomplete beta function, by Lentz's method."""
    c, d = 1.0, 1 / (1 - (a + b) * x / (a + 1))
    found = d
    for m in range(1, 100_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / (1 + even * d), 1 + even / c
        found *= c * d
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / (1 + odd * d), 1 + odd / c
        found *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return found


def _poisson_end(count: int, target: float) -> float:
    """The mean at which P(X <= count) is `target`, 0.025 or 0.975: Wilson and Hilferty's, then Newton's steps."""
    if count == 0:
        return -math.log(target)
    shape = count + 1
    z = Z if target < 0.5 else -Z
    mean = shape * (1 - 1 / (9 * shape) + z / (3 * math.sqrt(shape))) ** 3
    if count > 2000:  # exact summing would underflow, and the error is below 1e-6 here
        return mean
    for _ in range(20):
        density = math.exp(count * math.log(mean) - mean - math.lgamma(count + 1))
        step = (_poisson_cdf(count, mean) - target) / density
        mean = max(mean + step, mean / 2)
        if abs(step) <= 1e-12 * mean:
            break
    return mean


def _poisson_cdf(count: int, mean: float) -> float:
    logs = np.arange(count + 1) * math.log(mean) - mean - _log_factorials()[: count + 1]
    top = float(logs.max())
    return min(1.0, math.exp(top) * float(np.exp(logs - top).sum()))


@lru_cache(maxsize=1)
def _log_factorials() -> Floats:
    return np.array([math.lgamma(k + 1) for k in range(2001)])
