"""Control limits of a weekly series: how far it varies by itself, and which points lie outside.

Counts and times get an XmR chart (mean ± 2.66 mean moving ranges; of times the logarithm, because the median of a
week is skewed and never negative), shares a p-chart with exact binomial limits: the usual three sigma would call a
single failure in a small week outside. Two rules: a point beyond a limit, and eight in a row on one side of the
centre. An empty week has no point, and the next one follows the last that had. Fewer than `FEWEST` points give
no limits: the state is `insufficient data`.
Source: W. Shewhart's limits as in D. Wheeler, Understanding Variation; NIST/SEMATECH e-Handbook, 6.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from metrics.intervals import beta_share

Kind = Literal["counts", "times", "shares"]
#: Points that limits need; also the run on one side of the centre that is no accident (2 in 2^8).
FEWEST = 8
RUN = 8
_PER_RANGE = 2.66
#: P(X > limit) on each side, as that of three sigma.
_TAIL = 0.00135


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One bucket: its figure and limits; None where it has none. `run`: one of eight or more on one side."""

    value: float | None
    low: float | None = None
    high: float | None = None
    outside: bool = False
    run: bool = False


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
        return "signals" if any(point.outside or point.run for point in self.points) else "steady"


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
    return _judged(values, middle, [(max(0.0, low), high)] * len(values))


def limits_of_shares(hits: Sequence[int], of: Sequence[int]) -> ControlLimits:
    """p-chart: `hits` of `of` a bucket around the pooled share; a bucket of none has no point.

    A share is outside when chance alone would put it there, on that side, in fewer than 1.35 of 1000 buckets.
    """
    values = [hit / n if n else None for hit, n in zip(hits, of, strict=True)]
    if sum(n > 0 for n in of) < FEWEST:
        return ControlLimits(centre=None, points=tuple(Point(value=value) for value in values))
    centre = sum(hits) / sum(of)
    return _judged(values, centre, [_share_limits(n, centre) if n else (0.0, 1.0) for n in of])


def _judged(values: Sequence[float | None], centre: float, limits: Sequence[tuple[float, float]]) -> ControlLimits:
    in_run = _runs(values, centre)
    points = []
    for value, (low, high), run in zip(values, limits, in_run, strict=True):
        if value is None:
            points.append(Point(value=None))
            continue
        # A figure equal to its limit up to rounding is inside it.
        slack = 1e-9 * max(abs(low), abs(high))
        outside = value < low - slack or value > high + slack
        points.append(Point(value=value, low=low, high=high, outside=outside, run=run))
    return ControlLimits(centre=centre, points=tuple(points))


def _runs(values: Sequence[float | None], centre: float) -> list[bool]:
    """Which values belong to eight or more in a row on one side; one on the centre ends a run."""
    found, side = [False] * len(values), 0
    run: list[int] = []
    for place, value in enumerate(values):
        if value is None:
            continue
        here = 0 if math.isclose(value, centre, rel_tol=1e-9) else 1 if value > centre else -1
        run = [*run, place] if here == side and here else [place] if here else []
        side = here
        if len(run) >= RUN:
            for member in run:
                found[member] = True
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
