"""A connection to a DuckDB file: questions, and in a file that nobody else sees yet, statements.

Every failure is a `WarehouseError` in one sentence. Times are UTC without a zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from dora.errors import WarehouseError
from dora.file_errors import file_sentence
from dora.moments import naive

if TYPE_CHECKING:
    import numpy
    import polars as pl

Parameters = Mapping[str, object] | Sequence[object] | None
Row = tuple[object, ...]


class Reader:
    """A connection that answers questions; over a published file it is read-only."""

    def __init__(
        self, con: duckdb.DuckDBPyConnection, path: Path, parsed: dict[str, list[duckdb.Statement]] | None = None
    ) -> None:
        """`parsed`: what others parsed before and will parse after; its own when there is none."""
        self._con = con
        self.path = path
        self._parsed = {} if parsed is None else parsed
        self._alone = False

    def rows(self, sql: str, parameters: Parameters = None) -> list[Row]:
        """The answer as tuples; times are naive UTC."""
        with sentences(self.path):
            return self._run(sql, parameters).fetchall()

    def records(self, sql: str, parameters: Parameters = None) -> list[dict[str, object]]:
        """The answer as one dict a row, by column name."""
        with sentences(self.path):
            done = self._run(sql, parameters)
            names = [column[0] for column in done.description or ()]
            return [dict(zip(names, row, strict=True)) for row in done.fetchall()]

    def arrays(self, sql: str, parameters: Parameters = None, many: bool = False) -> dict[str, numpy.ndarray]:
        """The answer as one numpy array a column: the way for many numbers.

        With `many` rows, tens of thousands, the answer is made whole before it is handed over: a millisecond more, and
        half the time a row. Few are read by one thread: to wake others takes a sixth more than they help.
        """
        with sentences(self.path):
            if many:
                self._threads(alone=False)
                return dict(self._con.sql(sql, params=_naive(parameters)).fetchnumpy())
            return dict(self._run(sql, parameters, alone=True).fetchnumpy())

    def frame(self, sql: str, parameters: Parameters = None) -> pl.DataFrame:
        """The answer as a polars frame; times are naive UTC."""
        with sentences(self.path):
            self._threads(alone=False)
            frame: pl.DataFrame = self._con.sql(self._statements(sql)[-1], params=_naive(parameters)).pl()
            return frame

    def meta(self) -> dict[str, str]:
        """The facts about the file: schema_version, definitions_hash, data_as_of, ..."""
        return {str(key): str(value) for key, value in self.rows("select key, value from meta")}

    def cursors(self) -> dict[tuple[str, str], str]:
        """Where every stream stands."""
        return {(str(s), str(t)): str(c) for s, t, c in self.rows("select source, stream, cursor from cursors")}

    def tables(self) -> list[str]:
        """The names of its tables, sorted."""
        return [
            str(row[0])
            for row in self.rows(
                "select table_name from duckdb_tables() where not temporary and database_name = current_database() order by 1"
            )
        ]

    def content_hash(self, skip: Sequence[str] = ()) -> dict[str, str]:
        """Table -> `rows:hash` of its content, whatever the order of the rows."""
        out = {}
        for table in self.tables():
            if table not in skip:
                count, value = self.rows(f'select count(*), sum(hash(t)::hugeint) from "{table}" t')[0]
                out[table] = f"{count}:{int(str(value or 0)) % 2**64:016x}"
        return out

    def close(self) -> None:
        """Let go of the file."""
        self._con.close()

    def _run(self, sql: str, parameters: Parameters = None, alone: bool = False) -> duckdb.DuckDBPyConnection:
        """Run one or more statements, of which the last takes the parameters; `alone`: on one thread."""
        self._threads(alone)
        *first, last = self._statements(sql)
        for statement in first:
            self._con.execute(statement)
        return self._con.execute(last, _naive(parameters))

    def _threads(self, alone: bool) -> None:
        """Work on one thread from here on, or on all again."""
        if alone != self._alone:
            self._con.execute("set threads = 1" if alone else "reset threads")
            self._alone = alone

    def _statements(self, sql: str) -> list[duckdb.Statement]:
        """Parsed once: to parse takes as long as to read a few hundred rows."""
        if sql not in self._parsed:
            self._parsed[sql] = self._con.extract_statements(sql)
        return self._parsed[sql]


class Builder(Reader):
    """A connection to a file nobody else sees yet; the metrics layer makes its tables in it."""

    def execute(self, sql: str, parameters: Parameters = None) -> None:
        """Run one or more statements."""
        with sentences(self.path):
            self._run(sql, parameters)

    def insert(self, table: str, frame: pl.DataFrame) -> None:  # noqa: ARG002 - the statement names it
        """Append a frame's rows to `table`, matching columns by name.

        DuckDB finds `frame` by its name here. Registered as a view it would be held, with all its rows, until the
        transaction ends: 3 GB for ten million changes.
        """
        with sentences(self.path):
            self._con.execute(f'insert into "{table}" by name from frame')

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block, or nothing of it."""
        with sentences(self.path):
            self._con.execute("begin")
            try:
                yield
                self._con.execute("commit")
            except BaseException:
                # After a full disk DuckDB has rolled back already, and says so; the first error is the one to tell.
                with suppress(duckdb.Error):
                    self._con.execute("rollback")
                raise

    @contextmanager
    def staged(self, name: str, frame: pl.DataFrame) -> Iterator[None]:
        """A frame as a table of this name."""
        self._con.register(name, frame)
        try:
            yield
        finally:
            self._con.unregister(name)

    def columns(self, table: str) -> list[str]:
        """The names of its columns, in their order."""
        with sentences(self.path):
            return [column[0] for column in self._run(f'from "{table}" limit 0').description or ()]

    def set_meta(self, **values: str | None) -> None:
        """Write facts about the file; None removes one."""
        told = {"keys": list(values), "texts": list(values.values())}
        self.execute("delete from meta where key in (select unnest($keys::varchar[]))", {"keys": told["keys"]})
        self.execute(
            "insert into meta select key, value from (select unnest($keys::varchar[]) as key, unnest($texts::varchar[]) as value) "
            "where value is not null",
            told,
        )


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what DuckDB and the file system raise into one sentence a person can act on."""
    try:
        yield
    except duckdb.Error as error:
        raise WarehouseError(file_sentence(path, str(error).splitlines()[0])) from error
    except OSError as error:
        raise WarehouseError(file_sentence(path, error.strerror or str(error))) from error


def _naive(parameters: Parameters) -> Parameters:
    if isinstance(parameters, Mapping):
        return {key: naive(value) for key, value in parameters.items()}
    return [naive(value) for value in parameters] if parameters is not None else None
