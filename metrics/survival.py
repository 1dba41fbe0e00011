"""Kaplan–Meier over many cells at once: the medians of times of which some have not ended yet.

The rules are those of `metrics.intervals`, whose one-cell way decides where rounding could. Times are whole microseconds;
figures are seconds, NaN when the curve does not fall to one half. Where all have ended the median is the plain one.
"""

from __future__ import annotations

import numpy as np

from metrics.cells import MICROS, Cells, Flags, Floats, Integers, quantiles, ramps
from metrics.intervals import survival_median, survival_places


def survival_figures(times: Integers, going: Flags, cells: Cells) -> tuple[Floats, Floats]:
    """By cell the median of times of which some are `going` on, and a line of the two ends of its interval."""
    found, still = np.full((len(cells.low), 3), np.nan), cells.total(going)
    for places, ordered in cells.in_order(2 * times + going):  # of equal times the ended ones come first
        some = places[cells.n[places] > 0]
        ended = (ordered & 1 == 0).tobytes()
        lows = cells.low[some]
        patterns = [ended[low:high] for low, high in zip(lows.tolist(), cells.high[some].tolist(), strict=True)]
        chosen = {pattern: survival_places(pattern) for pattern in set(patterns)}
        at = np.array([chosen[pattern] for pattern in patterns], dtype=np.float64).reshape(-1, 3)
        known = ~np.isnan(at)
        figures = (ordered[lows[:, None] + np.where(known, at, 0).astype(np.int64)] >> 1) / MICROS
        found[some] = np.where(known, figures, np.nan)
        whole = some[still[some] == 0]
        [found[whole, 0]] = quantiles(ordered >> 1, cells.low[whole], cells.n[whole], 0.5, unit=MICROS)
    return found[:, 0], found[:, 1:]


def censored_medians(ended: Integers, cells: Cells, going: Integers, waiting: Cells) -> Floats:
    """By cell the median of the `ended` times in `cells` and of those `going` on in `waiting`, each in order."""
    found: Floats = quantiles(ended, cells.low, cells.n, 0.5, unit=MICROS)[0]
    place, some = np.full(len(found), -1), np.flatnonzero(waiting.n)
    found[some] = np.nan
    place[some], doubtful = _crossings(ended, cells.only(some), going, waiting.only(some))
    known = np.flatnonzero(place >= 0)
    found[known] = ended[cells.low[known] + place[known]] / MICROS
    for cell in some[doubtful].tolist():
        times = [ended[cells.low[cell] : cells.high[cell]], going[waiting.low[cell] : waiting.high[cell]]]
        observed = np.arange(len(times[0]) + len(times[1])) < len(times[0])
        median = survival_median(np.concatenate(times) / MICROS, observed)
        found[cell] = np.nan if median is None else median
    return found


def _crossings(ended: Integers, cells: Cells, going: Integers, waiting: Cells) -> tuple[Integers, Flags]:
    """By cell, all with some `going` on, the place in its ended times where the curve falls to one half, -1 for none.

    And where rounding could decide. Up to the first open time the curve falls by 1 / all at every end, after it by more: by
    `weight`, the product of r / (r - 1) over the open ones so far, r being those at risk. So it is worked out by stretches
    between open times rather than by ends.
    """
    n, opened = cells.n, waiting.n
    cell = np.repeat(np.arange(len(n)), opened + 1)
    open_before = ramps(np.zeros_like(opened), opened + 1)
    begins, ends = open_before == 0, open_before == opened[cell]
    earlier = _ended_by(ended, cells, going, waiting)
    all_ = (n + opened)[cell]
    low, high, weight = np.zeros(len(cell), dtype=np.int64), n[cell], np.zeros(len(cell))
    low[~begins], high[~ends] = earlier, earlier
    at_risk = np.maximum(all_[~ends] - earlier - open_before[~ends], 2)  # behind the last one nothing can end
    weight[~begins] = np.log(at_risk / (at_risk - 1))
    weight = np.cumsum(weight)
    weight = np.exp(weight - weight[begins][cell])
    exact = all_ - 1 - open_before - all_ / (2 * weight)
    place = np.maximum(np.ceil(exact).astype(np.int64), low)
    reached = np.flatnonzero(place < high)
    found, which = np.full(len(n), -1), np.unique(cell[reached], return_index=True)
    found[which[0]] = place[reached[which[1]]]
    near = ~begins & (np.abs(exact - np.rint(exact)) <= 1e-9 * all_) & (exact > low - 2) & (exact < high + 1)
    doubtful = np.zeros(len(n), dtype=np.bool_)
    doubtful[cell[near]] = True
    return found, doubtful


def _ended_by(ended: Integers, cells: Cells, going: Integers, waiting: Cells) -> Integers:
    """For every time going on, how many of its cell had ended by then."""
    counts = np.empty(int(waiting.n.sum()), dtype=np.int64)
    at = 0
    bounds = (column.tolist() for column in (cells.low, cells.high, waiting.low, waiting.high))
    for low, high, first, last in zip(*bounds, strict=True):
        counts[at : at + last - first] = ended[low:high].searchsorted(going[first:last], "right")
        at += last - first
    return counts
