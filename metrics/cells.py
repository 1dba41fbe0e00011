"""Rows arranged in cells, one a (group, bucket), and what is worked out over all cells at once.

The cells of a group follow one another, that of its whole period first. The rows of a bucket lie together, and so do
those of a whole period, which are the rows of all its buckets: cells of one layer share no rows, those of two do.
One cell and thousands take the same way. NaN stands for no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, np.ndarray]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MICROS = 1e6
#: From so many values on it pays not to sort more than is asked for.
_MANY = 1000
_INT32 = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Cells:
    """Where the rows of every cell lie, `[low, high)`. `layers`: the places of cells that share no rows, whole periods last."""

    low: Integers
    high: Integers
    layers: tuple[Integers, ...]

    @property
    def n(self) -> Integers:
        """Rows by cell."""
        return self.high - self.low

    def total(self, values: np.ndarray) -> Integers:
        """By cell the sum of whole numbers, or how many are true; of a table by column."""
        sums = _sums(values)
        return sums[self.high] - sums[self.low]

    def tally(self, codes: np.ndarray, kinds: int) -> Integers:
        """By cell a line of how many rows have each code below `kinds`."""
        found = np.empty((len(self.low), kinds), dtype=np.int64)
        for places in self.layers:
            cell = np.repeat(np.arange(0, len(places) * kinds, kinds), self.n[places])
            cell += codes  # all rows are in one cell of every layer
            found[places] = np.bincount(cell, minlength=len(places) * kinds).reshape(-1, kinds)
        return found

    def only(self, places: Integers) -> Cells:
        """Some of the cells, which share no rows."""
        return Cells(self.low[places], self.high[places], (np.arange(len(places)),))

    def where(self, kept: Flags) -> Cells:
        """The cells of the rows that are kept, when the others are dropped."""
        before = _sums(kept)
        return Cells(before[self.low], before[self.high], self.layers)

    def in_order(self, values: np.ndarray) -> Iterator[tuple[Integers, np.ndarray]]:
        """For every layer the places of its cells, and the values sorted within each of these; NaN comes last."""
        small, unit = _small(values)
        for places in self.layers:
            ordered = small.copy()
            for low, high in self._bounds(places):
                ordered[low:high].sort()
            yield places, ordered if unit is None else ordered.astype(np.int64) * unit

    def quantiles(self, values: np.ndarray, *shares: float, unit: float = 1.0) -> Floats:
        """A line a share: by cell the quantile of its values in `unit`, by linear interpolation; NaN without any."""
        found = np.empty((len(shares), len(self.low)))
        for places in self.layers:
            ordered = values.copy()
            for low, high in self._bounds(places):
                if high - low < _MANY:
                    ordered[low:high].sort()
                else:
                    ordered[low:high].partition(_ranks(high - low, shares))
            found[:, places] = quantiles(ordered, self.low[places], self.n[places], *shares, unit=unit)
        return found

    def _bounds(self, places: Integers) -> Iterator[tuple[int, int]]:
        """Where the cells of more than one row begin and end."""
        several = places[self.n[places] > 1]
        return zip(self.low[several].tolist(), self.high[several].tolist(), strict=True)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a question arranged in cells; a column is brought into their order when it is asked for."""

    columns: Arrays
    taken: Integers | slice
    cells: Cells

    def __getitem__(self, name: str) -> np.ndarray:
        return self.columns[name][self.taken]

    def where(self, kept: Flags) -> Rows:
        """Those rows alone for which `kept`, in their order, holds."""
        if kept.all():
            return self
        places = np.flatnonzero(kept)
        taken = places + self.taken.start if isinstance(self.taken, slice) else self.taken[places]
        return Rows(self.columns, taken, self.cells.where(kept))


@dataclass(frozen=True, slots=True)
class Layout:
    """How the stretches of rows that members have in buckets, by member, lie in cells.

    order: puts them in the order of the cells; first: the first of each bucket's in that order, and the end of the last;
    low, high: of every cell, also of whole periods, where in `first` it begins and ends; layers: see `Cells`.
    """

    order: Integers
    first: Integers
    low: Integers
    high: Integers
    layers: tuple[Integers, ...]

    @classmethod
    def of(cls, group: Integers, groups: int, buckets: int, whole: bool) -> Layout:
        """For members of these groups; `whole`: a cell for the whole period comes before those of a group's buckets."""
        bucket = (group[:, None] * buckets + np.arange(buckets)).ravel()
        order = np.argsort(bucket, kind="stable")
        first = bucket[order].searchsorted(np.arange(groups * buckets + 1))
        low = np.arange(groups * buckets).reshape(groups, buckets)
        high = low + 1
        layers: tuple[Integers, ...] = (low.ravel(),)
        if whole:
            low, high = np.column_stack([low[:, :1], low]), np.column_stack([high[:, -1:], high])
            places = np.arange(low.size).reshape(low.shape)
            layers = (places[:, 1:].ravel(), places[:, 0])
        return cls(order, first, low.ravel(), high.ravel(), layers)

    def arranged(self, columns: Arrays, cuts: Integers) -> Rows:
        """The rows in cells, from a line a member: at which rows a bucket begins and the one before it ends."""
        low, high = cuts[:, :-1].ravel()[self.order], cuts[:, 1:].ravel()[self.order]
        edges = _sums(high - low)[self.first]
        return Rows(columns, _together(low, high), Cells(edges[self.low], edges[self.high], self.layers))


def apart(sizes: Integers) -> Cells:
    """Cells of these sizes that lie one behind the other and share no rows."""
    edges = _sums(sizes)
    return Cells(edges[:-1], edges[1:], (np.arange(len(sizes)),))


def quantiles(ordered: np.ndarray, low: Integers, n: Integers, *shares: float, unit: float = 1.0) -> Floats:
    """A line a share: quantiles of the `n` sorted values from every `low` on, in `unit`; NaN without any."""
    found, some = np.full((len(shares), len(low)), np.nan), np.flatnonzero(n)
    last = n[some] - 1
    place = np.array(shares)[:, None] * last
    first = place.astype(np.int64)
    lower, upper = (ordered[low[some] + at] / unit for at in (first, np.minimum(first + 1, last)))
    found[:, some] = lower + (upper - lower) * (place - first)
    return found


def _ranks(n: int, shares: Sequence[float]) -> list[int]:
    """The places among `n` sorted values that their quantiles are read from."""
    firsts = {int(share * (n - 1)) for share in shares}
    return sorted(firsts | {min(first + 1, n - 1) for first in firsts})


def _small(values: np.ndarray) -> tuple[np.ndarray, np.int64 | None]:
    """Whole seconds in microseconds as the seconds, where all are, and what they are multiples of: four times faster to sort."""
    unit = np.int64(MICROS)
    if values.dtype != np.int64 or len(values) < _MANY or (values % unit).any() or np.abs(values).max() > _INT32 * unit:
        return values, None
    return (values // unit).astype(np.int32), unit


def ramps(low: Integers, n: Integers) -> Integers:
    """low, low + 1, ... of every length `n`, one behind the other."""
    some = np.flatnonzero(n)
    low, ends = low[some], np.cumsum(n[some])
    found = np.ones(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    found[:1] = low[:1]
    found[ends[:-1]] = low[1:] - low[:-1] - n[some[:-1]] + 1
    found.cumsum(out=found)
    return found


def each(function: Callable[..., object], *keys: Integers) -> np.ndarray:
    """`function` of every line of whole numbers, called once for those that are alike; None is NaN.

    A pair is a line of two figures.
    """
    lines = list(zip(*(key.tolist() for key in keys), strict=True))
    found = {line: function(*line) for line in set(lines)}
    return np.array([found[line] for line in lines], dtype=np.float64)


def _together(low: Integers, high: Integers) -> Integers | slice:
    """The rows of all stretches in their order; a slice when they are one stretch."""
    some = np.flatnonzero(high > low)
    low, high = low[some], high[some]
    if not len(low):
        return slice(0, 0)
    if (low[1:] == high[:-1]).all():
        return slice(int(low[0]), int(high[-1]))
    return ramps(low, high - low)


def _sums(values: np.ndarray) -> Integers:
    """The sum of the values before each place, and at last of all; of a table by column."""
    sums = np.zeros((len(values) + 1, *values.shape[1:]), dtype=np.int64)
    values.cumsum(axis=0, dtype=np.int64, out=sums[1:])
    return sums
