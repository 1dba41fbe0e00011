"""Control limits of a weekly series: how far it varies by itself, and which points lie outside.

Counts and times get an XmR chart (mean ± 2.66 mean moving ranges; of times the logarithm, because the median of a
week is skewed and never negative), shares a p-chart with exact binomial limits: the usual three sigma would call a
single failure in a small week outside. Two rules: a point beyond a limit, and eight in a row on one side of the
median (of the points, or that a week of so many deployments has at the pooled share: where failures are rare most weeks have
none, and that is no signal). An empty week has no point, and the next one follows the last that had. Fewer than `FEWEST` points give
no limits: the state is `insufficient data`.
Source: W. Shewhart's limits as in D. Wheeler, Understanding Variation; NIST/SEMATECH e-Handbook, 6.3.
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


def limits_of_values(values: Sequence[float | None], kind: Literal["counts", "times"]) -> ControlLimits:
    """XmR limits of one figure a bucket: `counts` are 0 or more, `times` are seconds above 0 (below 1 s as 1 s)."""
    known = [value for value in values if value is not None]
    if len(known) < FEWEST:
        return ControlLimits(centre=None, points=tuple(Point(value=value) for value in values))
    scaled = [math.log(max(value, 1.0)) for value in known] if kind == "times" else known
    centre = math.fsum(scaled) / len(scaled)
    spread = _PER_RANGE * math.fsum(abs(b - a) for a, b in pairwise(scaled)) / (len(scaled) - 1)
    ends = (centre, centre - spread, centre + spread)
    middle, low, high = (math.exp(end) for end in ends) if kind == "times" else ends
    sides = [None if value is None else _side(value, median(known)) for value in values]
    return _judged(values, middle, [(max(0.0, low), high)] * len(values), sides)


def limits_of_shares(hits: Sequence[int], of: Sequence[int]) -> ControlLimits:
    """p-chart: `hits` of `of` a bucket around the pooled share; a bucket of none has no point.

    A share is outside when chance alone would put it there, on that side, in fewer than 1.35 of 1000 buckets.
    """
    values = [hit / n if n else None for hit, n in zip(hits, of, strict=True)]
    if sum(n > 0 for n in of) < FEWEST:
        return ControlLimits(centre=None, points=tuple(Point(value=value) for value in values))
    centre = sum(hits) / sum(of)
    sides = [_side(hit, _first(n, centre, 0.5)) if n else None for hit, n in zip(hits, of, strict=True)]
    return _judged(values, centre, [_share_limits(n, centre) if n else (0.0, 1.0) for n in of], sides)


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
    if share <= 0 or share >= 1:
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
