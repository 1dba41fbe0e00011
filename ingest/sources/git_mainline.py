"""The first-parent line from commits already read: cheaper than having git walk the history a second time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy
import polars as pl

#: Hexadecimal digits that tell commits apart here; two commits that share them make `line` give up.
_DIGITS = 15


@dataclass(slots=True)
class Mainline:
    """Collects commits; then `line` follows the first parents from a tip."""

    shas: list[pl.Series] = field(default_factory=list)
    keys: list[numpy.ndarray] = field(default_factory=list)
    parents: list[numpy.ndarray] = field(default_factory=list)

    def add(self, commits: pl.DataFrame) -> None:
        """Remember the sha and first parent of each row of a `commits` frame."""
        first = pl.col("parents").list.first()
        numbers = commits.select(_number(pl.col("sha")).alias("key"), _number(first).fill_null(-1).alias("parent"))
        self.shas.append(commits["sha"])
        self.keys.append(numbers["key"].to_numpy())
        self.parents.append(numbers["parent"].to_numpy())

    def line(self, tip: str) -> list[str] | None:
        """The shas from `tip` back to the first commit; None when the commits do not hold all of it."""
        if not self.keys:
            return None
        keys, parents = numpy.concatenate(self.keys), numpy.concatenate(self.parents)
        order = numpy.argsort(keys)
        keys = keys[order]
        if (keys[1:] == keys[:-1]).any():
            return None
        place = numpy.minimum(numpy.searchsorted(keys, parents[order]), len(keys) - 1)
        after = numpy.where(keys[place] == parents[order], place, numpy.where(parents[order] < 0, -1, -2)).tolist()
        at = int(numpy.searchsorted(keys, int(tip[:_DIGITS], 16)))
        walked: list[int] = []
        while 0 <= at < len(after):
            walked.append(at)
            at = after[at]
        shas = pl.concat(self.shas)[order[walked]].to_list()
        return shas if at == -1 and shas[:1] == [tip] else None


def _number(sha: pl.Expr) -> pl.Expr:
    return sha.str.head(_DIGITS).str.to_integer(base=16, dtype=pl.Int64)
