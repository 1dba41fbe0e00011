"""What an analysis answers: plain rows with the definition that made them, and what the data could not tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from metrics.intervals import Floats, Interval, median_interval, quantile, wilson
from metrics.slices import Slices

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One analysis over one question; its rows have the same columns in the same order.

    Values are plain: spans in seconds, shares in 0..1, moments as naive UTC, 95 % intervals as (low, high), None
    where there is no data. The first `keys` columns name a row, the group before all others. `columns` name the
    columns also when there are no rows. `notes`: what the data cannot tell and how it was read.
    A column with `seconds`, or with `rate` or `share`, in its name holds spans or shares; an interval column ends
    in `interval`.
    """

    name: str
    title: str
    definition: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    keys: int = 1

    def key(self, row: Row) -> str:
        """What names a row: its first columns, joined by ` / `."""
        return " / ".join(str(row[name]) for name in self.columns[: self.keys])

    def as_dict(self) -> dict[str, object]:
        """The answer as plain values, for JSON."""
        return {
            "analysis": self.name,
            "title": self.title,
            "definition": self.definition,
            "columns": list(self.columns),
            "rows": [dict(row) for row in self.rows],
            "notes": list(self.notes),
        }


def by_group(cut: Slices, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    """(name, its rows) for every group of a question, those without rows included; `frame` has the column `grp`."""
    parts = frame.partition_by("grp", as_dict=True, include_key=True)
    for position, name in enumerate(cut.names):
        yield name, parts.get((position,), frame.clear())


def spread(name: str, values: pl.Series) -> dict[str, object]:
    """Median with interval, p90 and n of spans in seconds, nulls left out: `NAME_n`, `NAME_median_seconds`, ..."""
    ordered: Floats = np.sort(values.drop_nulls().cast(float).to_numpy())
    return {
        f"{name}_n": len(ordered),
        f"{name}_median_seconds": quantile(ordered, 0.5),
        f"{name}_seconds_interval": median_interval(ordered),
        f"{name}_p90_seconds": quantile(ordered, 0.9),
    }


def share(name: str, hits: int, n: int) -> dict[str, object]:
    """A share in 0..1 with its count and Wilson interval; None, never 0, when `n` is 0."""
    interval: Interval = wilson(hits, n)
    return {name: hits / n if n else None, f"{name}_interval": interval}
