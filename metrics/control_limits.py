"""Control limits of a weekly series: how far it varies by itself, and which points lie outside.

Times get an XmR chart: mean ± 2.66 mean moving ranges, of the logarithm, because the median of a week is skewed and
never negative. Shares get a p-chart with exact binomial limits: the usual three sigma would call a single failure in a
small week outside. Counts get the wider of two limits. Given the total, the count of a bucket is binomial with its part
of the time as the share (a u-chart, exact): three deployments in half a year make no week outside, as moving ranges
would, which are mostly 0. And moving ranges tell of bursts, which the exact limits know nothing of.
Two rules: a point beyond a limit, and eight in a row on one side of the median (of the points, or that a week of so
many deployments has at the pooled share: where failures are rare most weeks have none, and that is no signal). A week
without a time or a share has no point, and the next one follows the last that had. Fewer than `FEWEST` points give no
limits: the state is `insufficient data`.
Source: W. Shewhart's limits as in D. Wheeler, Understanding Variation; NIST/SEMATECH e-Handbook, 6.3; the conditional
test of Poisson counts of J. Przyborowski and H. Wilenski, Biometrika 31 (1940).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby, pairwise
from statistics import median
from typing import Literal

from metrics.intervals import beta_share

Side = Literal["above", "below"]
#: Points that limits need; also the run on one side of the median that is no accident (2 in 2^8).
FEWEST = 8
RUN = 8
_PER_RANGE = 2.66
#: P(X > limit) on each side, as that of three sigma.
_TAIL = 0.00135


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bucket: its figure and limits; None where it has none. `run`: one of eight or more on that side."""

    value: float | None
    low: float | None = None
    high: float | None = None
    outside: bool = False
    run: Side | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlLimits:
    """A series with its centre; without limits `centre` is None and no point is outside."""

    centre: float | None
    points: tuple[Point, ...]

    @property
    def state(self) -> str:
        """`insufficient data`, `steady`, or `signals`: some point is outside or part of a run."""
        if self.centre is None:
            return "insufficient data"
        return "signals" if any(point.outside or point.run is not None for point in self.points) else "steady"


def limits_of_times(seconds: Sequence[float | None]) -> ControlLimits:
    """XmR limits of one time a bucket, above 0 (below 1 s as 1 s); None where a bucket has none."""
    known = [value for value in seconds if value is not None]
    if len(known) < FEWEST:
        return _without_limits(seconds)
    ends = _moving_range_limits([math.log(max(value, 1.0)) for value in known])
    middle, low, high = (math.exp(end) for end in ends)
    return _judged(seconds, middle, [(low, high)] * len(seconds), _sides_of_median(seconds))


def limits_of_counts(counts: Sequence[int], days: Sequence[float]) -> ControlLimits:
    """u-chart and XmR limits, whichever is wider, of events per day in buckets that are so many `days` long, above 0.

    Chance alone puts fewer than 1.35 of 1000 counts outside on either side, however rare events are; bursts put more.
    """
    values = [count / length for count, length in zip(counts, days, strict=True)]
    if len(values) < FEWEST:
        return _without_limits(values)
    total, time = sum(counts), math.fsum(days)
    _, least, most = _moving_range_limits(values)
    limits = []
    for length in days:
        low, high = (total / length * end for end in _share_limits(total, length / time))
        limits.append((max(0.0, min(least, low)), max(most, high)))
    return _judged(values, total / time, limits, _sides_of_median(values))


def limits_of_shares(hits: Sequence[int], of: Sequence[int]) -> ControlLimits:
    """p-chart: `hits` of `of` a bucket around the pooled share; a bucket of none has no point.

    A share is outside when chance alone would put it there, on that side, in fewer than 1.35 of 1000 buckets.
    """
    values = [hit / n if n else None for hit, n in zip(hits, of, strict=True)]
    if sum(n > 0 for n in of) < FEWEST:
        return _without_limits(values)
    centre = sum(hits) / sum(of)
    sides = [_side(hit, _first(n, centre, 0.5)) if n else None for hit, n in zip(hits, of, strict=True)]
    return _judged(values, centre, [_share_limits(n, centre) if n else (0.0, 1.0) for n in of], sides)


def _without_limits(values: Sequence[float | None]) -> ControlLimits:
    return ControlLimits(centre=None, points=tuple(Point(value=value) for value in values))


def _moving_range_limits(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean, lower and upper limit."""
    centre = math.fsum(values) / len(values)
    spread = _PER_RANGE * math.fsum(abs(b - a) for a, b in pairwise(values)) / (len(values) - 1)
    return centre, centre - spread, centre + spread


def _sides_of_median(values: Sequence[float | None]) -> list[Side | None]:
    middle = median(value for value in values if value is not None)
    return [None if value is None else _side(value, middle) for value in values]


def _side(value: float, middle: float) -> Side | None:
    if math.isclose(value, middle, rel_tol=1e-9):
        return None
    return "above" if value > middle else "below"


def _judged(
    values: Sequence[float | None],
    centre: float,
    limits: Sequence[tuple[float, float]],
    sides: Sequence[Side | None],
) -> ControlLimits:
    points = []
    for value, (low, high), run in zip(values, limits, _runs(values, sides), strict=True):
        if value is None:
            points.append(Point(value=None))
            continue
        # A figure equal to its limit up to rounding is inside it.
        slack = 1e-9 * max(abs(low), abs(high))
        outside = value < low - slack or value > high + slack
        points.append(Point(value=value, low=low, high=high, outside=outside, run=run))
    return ControlLimits(centre=centre, points=tuple(points))


def _runs(values: Sequence[float | None], sides: Sequence[Side | None]) -> list[Side | None]:
    """The side of those that belong to eight or more in a row on it; one on neither side ends a run."""
    found: list[Side | None] = [None] * len(values)
    known = [place for place, value in enumerate(values) if value is not None]
    for side, group in groupby(known, key=lambda place: sides[place]):
        run = list(group)
        if side is not None and len(run) >= RUN:
            for place in run:
                found[place] = side
    return found


@lru_cache(maxsize=8192)
def _share_limits(n: int, share: float) -> tuple[float, float]:
    """The smallest and the largest share of `n` that chance gives with at least `_TAIL`, counted from its side."""
    if n == 0 or share <= 0 or share >= 1:
        return share, share
    return _first(n, share, 1 - _TAIL) / n, _first(n, share, _TAIL) / n


def _first(n: int, share: float, tail: float) -> int:
    """The smallest number of hits that at most `tail` of all samples of `n` exceed."""
    low, high = 0, n
    while low < high:
        middle = (low + high) // 2
        if beta_share(share, middle + 1, n - middle) <= tail:
            high = middle
        else:
            low = middle + 1
    return low
