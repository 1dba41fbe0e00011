"""What change of a median of times a stretch could show, by the rule that draws the arrows (`median_ratio`).

How many values a stretch brings is chance, and below `FEWEST` there is no interval, so counts are Poisson. Times are
normal on the logarithm, with the spread that the asked period's own interval tells. An arrow needs the shift to exceed
what the two medians and the ends of their intervals leave open; that amount, in spreads, is drawn some thousand times
from a fixed seed, and the shift that exceeds it in 80 % of draws is the least visible one.

Lead times come in batches, one a deployment, and so do the draws: of geometric size, their times correlated as in the
histories that this was tried on (0.7 to 0.85 within a deployment). The interval that told the spread was of one number of
values, and its ranks jump from number to number, so its usual width is drawn for that very number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from metrics.clusters import independent_values
from metrics.intervals import FEWEST, median_intervals, median_ranks, survival_places

POWER = 0.8
#: Changes beyond this many times are not planned with.
HUGE = 1000.0
#: How many changes a deployment ships, by the nearest of which draws are made.
_SIZES = (1.0, 1.5, 3.0)
_ALIKE = 0.75
#: Shifts are drawn for mean counts that are this many times apart. Beyond the most of them, which for batches take far
#: longer, the root of the count tells.
_STEP = 1.1
_MOST_VALUES, _MOST_BATCHES = 1000.0, 60.0
_MOST_DRAWS, _DRAWN = 2500, 120_000
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
#: Of every count the lower end of the interval, the median and the upper end; NaN where there is no interval.
Drawn = tuple[Floats, Floats, Floats]


def visible_times(
    half_width: float, n: int, expected: float, size: float | None = None
) -> tuple[float | None, float | None]:
    """(fall, rise) as ratios of medians, when `n` values gave an interval `half_width` wide on each side of the log.

    `expected`: the mean count of values in either stretch. `size`: how many changes such a value is, when values are
    deployments; None for times that come one by one. None when no change of up to a thousand times is seen in 80 % of
    cases, most often because one of the stretches will hold too few values.
    """
    kind = None if size is None else min(_SIZES, key=lambda known: abs(math.log(known / max(size, 1.0))))
    usual, least = usual_half_width(n, kind), least_shift(expected, kind)
    if usual is None or least is None:
        return None, None
    shift = half_width / usual * least
    return (math.exp(-shift), math.exp(shift)) if shift <= math.log(HUGE) else (None, None)


def least_shift(expected: float, size: float | None) -> float | None:
    """The least shift of the logarithm, in its spreads, that is seen in 80 % of cases; None when none is."""
    most = _most(size)
    if expected > most:
        at_most = least_shift(most, size)
        return None if at_most is None else at_most * math.sqrt(most / expected)
    if enough_in_both(expected) <= POWER:
        return None
    place = math.log(expected, _STEP)
    low, high = (_least_at(step, size) for step in (math.floor(place), math.floor(place) + 1))
    if low is None or high is None:
        return high
    return low + (high - low) * (place - math.floor(place))


def enough_in_both(expected: float) -> float:
    """The chance that two Poisson counts of this mean are both at least `FEWEST`."""
    if expected > 100:
        return 1.0
    few = math.fsum(math.exp(-expected) * expected**count / math.factorial(count) for count in range(FEWEST))
    return (1 - few) ** 2


def usual_half_width(n: int, size: float | None) -> float | None:
    """Half the mean distance between the ends of an interval from `n` values, in spreads; None below `FEWEST`."""
    if n < FEWEST:
        return None
    drawn = min(n, int(_most(size)))
    return _half_at(drawn, size) * math.sqrt(drawn / n)


def _most(size: float | None) -> float:
    return _MOST_VALUES if size is None or size == 1 else _MOST_BATCHES


def _draws(mean: float, size: float | None) -> int:
    return _MOST_DRAWS if size is None or size == 1 else min(_MOST_DRAWS, round(_DRAWN / mean / size))


@lru_cache(maxsize=1024)
def _least_at(step: int, size: float | None) -> float | None:
    """`least_shift` for the mean count `_STEP ** step`."""
    random, mean = np.random.default_rng(7), _STEP**step
    draws = _draws(mean, size)
    drawn = _drawn(random, random.poisson(mean, 2 * draws), size)
    (low, _), (middle, before), (_, high) = (np.split(found, 2) for found in drawn)
    open_ = np.hypot(middle - low, high - before) - (middle - before)
    least = float(np.sort(np.where(np.isnan(open_), np.inf, open_))[math.ceil(POWER * draws) - 1])
    return least if math.isfinite(least) else None


@lru_cache(maxsize=4096)
def _half_at(n: int, size: float | None) -> float:
    """The half width for `n` values, at least `FEWEST`."""
    low, _, high = _drawn(np.random.default_rng(7), np.full(_draws(n, size) // 2, n), size)
    return float(np.nanmean(high - low)) / 2


def _drawn(random: np.random.Generator, counts: Counts, size: float | None) -> Drawn:
    if size is None:
        return _single(random, counts, survival_ranks)
    return _single(random, counts, _ranks) if size == 1 else _batches(random, counts, size)


def _single(random: np.random.Generator, counts: Counts, ranks: Callable[[int], tuple[int, int]]) -> Drawn:
    """From so many standard normal values of which all are known; `ranks`: the places of the ends of their interval.

    Uniform values in order cut a line into gaps that are exponential, so sums of gaps, which are Gamma, tell those wanted.
    """
    few, n = counts < FEWEST, np.maximum(counts, FEWEST)
    ends = {one: ranks(one) for one in np.unique(n).tolist()}
    low, high = np.array([ends[one] for one in n.tolist()], dtype=np.int64).T
    places = np.stack([np.full_like(n, -1), low, (n - 1) // 2, n // 2, high, n])
    sums = np.cumsum(random.standard_gamma(np.diff(places, axis=0).astype(np.float64)), axis=0)
    first, one, other, last = np.where(few, np.nan, _normal(sums[:-1] / sums[-1]))
    return first, (one + other) / 2, last


def _batches(random: np.random.Generator, counts: Counts, size: float) -> Drawn:
    """From so many batches of standard normal values, those of a batch alike as far as `_ALIKE` says."""
    batches = np.maximum(counts, 1)
    sizes = random.geometric(1 / size, int(batches.sum()))
    clusters = np.repeat(np.arange(len(sizes)), sizes)
    shared, own = random.standard_normal(len(sizes)), random.standard_normal(len(clusters))
    n = np.add.reduceat(sizes, np.cumsum(batches) - batches)
    low, apart = np.cumsum(n) - n, np.repeat(100.0 * np.arange(len(n)), n)  # one sort puts each count's values in order
    values = math.sqrt(_ALIKE) * shared[clusters] + math.sqrt(1 - _ALIKE) * own + apart
    ordered, values = np.sort(values) - apart, values - apart
    middles = (ordered[low + (n - 1) // 2] + ordered[low + n // 2]) / 2
    ends = median_intervals(ordered, low, n, worth=independent_values(values, n, middles, sizes))
    return ends[:, 0], middles, ends[:, 1]


@lru_cache(maxsize=4096)
def survival_ranks(n: int) -> tuple[int, int]:
    """The places of the ends of the interval of a Kaplan–Meier median when all of `n`, at least `FEWEST`, have ended."""
    _, low, high = survival_places(b"\x01" * n)
    return low or 0, n - 1 if high is None else high


def _ranks(n: int) -> tuple[int, int]:
    """The places of the ends of the interval of a plain median of `n` values, at least `FEWEST`."""
    return median_ranks(n) or (0, n - 1)


def _normal(shares: Floats) -> Floats:
    """The points below which a standard normal value lies with these probabilities."""
    points, below = _curve()
    return np.interp(shares, below, points)


@lru_cache(maxsize=1)
def _curve() -> tuple[Floats, Floats]:
    points = np.linspace(-8, 8, 4001)
    return points, np.array([math.erfc(-point / math.sqrt(2)) / 2 for point in points.tolist()])
