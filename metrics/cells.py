"""Rows arranged in cells, one a (group, bucket), and what is worked out over all cells at once.

The cells of a group follow one another, that of its whole period first. The rows of a bucket lie together, and so do
those of a whole period, which are the rows of all its buckets: cells of one layer share no rows, those of two do.
One cell and thousands take the same way. NaN stands for no figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, np.ndarray]
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
MICROS = 1e6


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
        """By cell the sum of whole numbers, or how many are true."""
        sums = _sums(values)
        return sums[self.high] - sums[self.low]

    def only(self, places: Integers) -> Cells:
        """Some of the cells, which share no rows."""
        return Cells(self.low[places], self.high[places], (np.arange(len(places)),))

    def where(self, kept: Flags) -> Cells:
        """The cells of the rows that are kept, when the others are dropped."""
        before = _sums(kept)
        return Cells(before[self.low], before[self.high], self.layers)

    def in_order(self, values: np.ndarray) -> Iterator[tuple[Integers, np.ndarray]]:
        """For every layer the places of its cells, and the values sorted within each of these; NaN comes last."""
        for places in self.layers:
            ordered = values.copy()
            for low, high in zip(self.low[places].tolist(), self.high[places].tolist(), strict=True):
                if high - low > 1:
                    ordered[low:high].sort()
            yield places, ordered

    def quantiles(self, values: np.ndarray, *shares: float, unit: float = 1.0) -> list[Floats]:
        """By cell the quantiles of its values in `unit`, by linear interpolation; NaN without any."""
        found = [np.full(len(self.low), np.nan) for _ in shares]
        for places, ordered in self.in_order(values):
            for share, wanted in zip(shares, found, strict=True):
                wanted[places] = quantiles(ordered, self.low[places], self.n[places], share, unit)
        return found


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


def arranged(columns: Arrays, low: Integers, high: Integers, group: Integers, groups: int, whole: bool) -> Rows:
    """Rows in cells, from the stretch `[low, high)` of them that each member of a group has in each bucket.

    low, high: a line a member, a column a bucket; group: that of each member; whole: also cells of whole periods.
    """
    buckets = low.shape[1]
    cell = (group[:, None] * buckets + np.arange(buckets)).ravel()
    order = np.argsort(cell, kind="stable")
    low, high = low.ravel()[order], high.ravel()[order]
    sizes = np.bincount(cell[order], weights=high - low, minlength=groups * buckets).astype(np.int64)
    return Rows(columns, _together(low, high), _bucket_cells(sizes.reshape(groups, buckets), whole))


def apart(sizes: Integers) -> Cells:
    """Cells of these sizes that lie one behind the other and share no rows."""
    edges = _sums(sizes)
    return Cells(edges[:-1], edges[1:], (np.arange(len(sizes)),))


def _bucket_cells(sizes: Integers, whole: bool) -> Cells:
    """From a line of sizes a group, the cells of its buckets, after that of the whole period when it is wanted."""
    cells = apart(sizes.ravel())
    if not whole:
        return cells
    low, high = (np.empty((sizes.shape[0], sizes.shape[1] + 1), dtype=np.int64) for _ in range(2))
    low[:, 1:], high[:, 1:] = cells.low.reshape(sizes.shape), cells.high.reshape(sizes.shape)
    low[:, 0], high[:, 0] = low[:, 1], high[:, -1]
    places = np.arange(low.size).reshape(low.shape)
    return Cells(low.ravel(), high.ravel(), (places[:, 1:].ravel(), places[:, 0]))


def quantiles(ordered: np.ndarray, low: Integers, n: Integers, share: float, unit: float = 1.0) -> Floats:
    """Quantiles of the `n` sorted values from every `low` on, in `unit`, by linear interpolation; NaN without any."""
    found, some = np.full(len(low), np.nan), np.flatnonzero(n)
    low, n = low[some], n[some]
    place = share * (n - 1)
    first = place.astype(np.int64)
    lower, upper = ordered[low + first] / unit, ordered[low + np.minimum(first + 1, n - 1)] / unit
    found[some] = lower + (upper - lower) * (place - first)
    return found


def ramps(low: Integers, n: Integers) -> Integers:
    """low, low + 1, ... of every length `n`, one behind the other."""
    found: Integers = np.repeat(low - (np.cumsum(n) - n), n) + np.arange(int(n.sum()))
    return found


def each(function: Callable[..., object], *keys: Integers) -> np.ndarray:
    """`function` of every line of whole numbers from 0 on, called once for those that are alike; None is NaN.

    A pair is a line of two figures.
    """
    code = keys[0]
    for key in keys[1:]:
        code = code * (int(key.max(initial=0)) + 1) + key
    _, first, place = np.unique(code, return_index=True, return_inverse=True)
    found = [function(*line) for line in zip(*(key[first].tolist() for key in keys), strict=True)]
    return np.array(found, dtype=np.float64)[place]


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
    """The sum of the values before each place, and at last of all."""
    sums = np.zeros(len(values) + 1, dtype=np.int64)
    np.cumsum(values, dtype=np.int64, out=sums[1:])
    return sums
