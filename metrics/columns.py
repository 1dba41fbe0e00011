"""Figures of many cells as columns, one a field of the results, and the results made from them.

A column has a line a cell: numbers (NaN is no data), pairs and longer rows of numbers, levels, or columns by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import numpy as np

from metrics.cells import Cells, Floats, Integers
from metrics.results import Level

Result = TypeVar("Result")
#: The label where no interval is known.
TOO_LITTLE = "insufficient data"


@dataclass(frozen=True, slots=True)
class Levels:
    """The levels of one metric by cell; see `Level`. Where the data is too little for a level, it is for a distance too."""

    edition: int
    label: Sequence[str]
    cells: Sequence[tuple[str, ...]]
    times_slower_than_elite: Floats

    def __iter__(self) -> Iterator[Level]:
        for label, cells, slower in zip(self.label, self.cells, _values(self.times_slower_than_elite), strict=True):
            known = None if label == TOO_LITTLE else slower
            yield Level(edition=self.edition, label=label, cells=cells, times_slower_than_elite=known)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Present:
    """Counts by name, of which a cell has those above 0."""

    counts: Mapping[str, Integers]


Column = np.ndarray | Levels | Present | Mapping[str, np.ndarray]
Columns = Mapping[str, Column]


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of some cells and those of others one behind the other."""
    return {name: _joined([part[name] for part in parts]) for name in parts[0]}


def _joined(parts: Sequence[Column]) -> Column:
    first = parts[0]
    if isinstance(first, Levels):
        levels = cast("Sequence[Levels]", parts)
        return Levels(
            first.edition,
            [label for part in levels for label in part.label],
            [cells for part in levels for cells in part.cells],
            np.concatenate([part.times_slower_than_elite for part in levels]),
        )
    if isinstance(first, Present):
        return Present(joined([part.counts for part in cast("Sequence[Present]", parts)]))  # type: ignore[arg-type]
    if isinstance(first, Mapping):
        return joined(cast("Sequence[Columns]", parts))  # type: ignore[return-value]
    return np.concatenate(cast("Sequence[np.ndarray]", parts))


def pairs(low: Floats, high: Floats) -> Floats:
    """Intervals by cell from their ends."""
    return np.stack([low, high], axis=1)


def shares(hits: Integers, n: Integers) -> Floats:
    """hits of n as a share of 0..1; NaN of none."""
    found: Floats = np.divide(hits, n, out=np.full(len(n), np.nan), where=n > 0)
    return found


def counted_bits(cells: Cells, bits: Integers, names: Mapping[str, int]) -> Mapping[str, Integers]:
    """By name and cell in how many rows the bit of that place is set."""
    places = np.array([*names.values()], dtype=np.int64)
    return dict(zip(names, cells.total(bits[:, None] >> places & 1).T, strict=True))


def results(kind: type[Result], columns: Columns) -> list[Result]:
    """One result a cell from the columns of its fields."""
    names = tuple(columns)
    lines = zip(*map(_values, columns.values()), strict=True)
    return [kind(**dict(zip(names, line, strict=True))) for line in lines]


def _values(column: Column) -> list[object]:
    """The value of every cell as a result holds it."""
    if isinstance(column, Levels):
        return list(column)
    if isinstance(column, Present):
        return [{name: n for name, n in found.items() if n} for found in _values(column.counts)]  # type: ignore[attr-defined]
    if isinstance(column, Mapping):
        lines = zip(*map(_values, column.values()), strict=True)
        return [dict(zip(column, line, strict=True)) for line in lines]
    if column.ndim > 1:
        return list(zip(*(_values(part) for part in column.T), strict=True))
    found = column.tolist()
    return [None if value != value else value for value in found] if column.dtype.kind == "f" else found
