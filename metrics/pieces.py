"""Facts written in large pieces: the database stores many rows at once in half the time, and in less space, than few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dora.warehouse import Builder

if TYPE_CHECKING:
    import polars as pl

#: Rows of a table at which they are written.
ROWS = 490_000


class Pieces:
    """Rows of tables that come bit by bit, held back until there are enough of them."""

    def __init__(self, builder: Builder) -> None:
        self._builder = builder
        self._held: dict[str, list[pl.DataFrame]] = {}

    def add(self, rows: Mapping[str, pl.DataFrame]) -> None:
        """Take rows by table; columns that their table does not have are left out."""
        for table, frame in rows.items():
            held = self._held.setdefault(table, [])
            held.append(frame.select(name for name in self._builder.columns(table) if name in frame.columns))
            if sum(one.height for one in held) >= ROWS:
                self._write(table)

    def end(self) -> None:
        """Write what is left."""
        for table in [*self._held]:
            self._write(table)

    def _write(self, table: str) -> None:
        import polars as pl

        # As one: left in the chunks that they came in, the file is a sixth larger, and later done.
        self._builder.insert(table, pl.concat(self._held.pop(table), how="diagonal_relaxed", rechunk=True))
