"""The DuckDB files: records are written here, facts are published from here, readers read here.

Two files: the records (one writer, under `dora.lock`) and the published file (any number of readers), which is
a whole copy of the records with the facts built into it, put in place by `os.replace`. With `dora.reader` the
only module that imports duckdb. Every failure is a `WarehouseError` in one sentence, and leaves both files as they were.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import duckdb

from dora import parts
from dora.by_source import Counts, remove_said
from dora.drafts import copy_file, flush_file, new_draft, remove_drafts
from dora.errors import WarehouseError
from dora.model import Record
from dora.moments import aware
from dora.reader import Builder as Builder
from dora.reader import Reader as Reader
from dora.reader import Row, sentences
from dora.upsert import remove_others, upsert

if TYPE_CHECKING:
    import polars as pl

SCHEMA = Path(__file__).parent / "schema"
_DUCKDB: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
#: What DuckDB may hold while facts are built; the rules need about as much again.
_BUILD_MEMORY = "1500MB"
#: DuckDB keeps what it has read, gigabytes of it, until its limit falls below.
_FORGET = "100MB"


class Published(NamedTuple):
    """Of a published file the facts about it, and the hashes of the records that it was made of."""

    meta: Mapping[str, str]
    parts: pl.DataFrame


class Warehouse(Builder):
    """The records file, open for writing; use `open_warehouse` under `write_lock`."""

    def forget(self, source: str) -> None:
        """Drop a source's cursors, so that the next run reads it from the start; its rows stay until replaced."""
        self.execute("delete from cursors where source = ?", [source])

    def commit(
        self,
        source: str,
        stream: str,
        frames: Mapping[str, pl.DataFrame],
        cursor: str | None,
        complete: tuple[str, Mapping[str, str]] | None = None,
        merged: bool = False,
    ) -> int:
        """Upsert the frames and move the cursor in one transaction; returns how many rows were new or changed.

        A frame holds one row a key and any subset of its table's columns. Of two rows with one key the newer
        stays, see `dora.frames`, so any order of deliveries ends alike. `complete` is a table and column values:
        the frame is all there is with these values, so its rows replace the stored ones and the others are
        removed. `merged`: the rows were made from the stored ones and replace them.
        """
        with self.transaction():
            changed = 0
            for table, frame in frames.items():
                if frame.height:
                    changed += upsert(self, table, frame, merged or (complete is not None and complete[0] == table))
            if complete:
                changed += remove_others(self, complete[0], complete[1], frames.get(complete[0]))
            if cursor is not None:
                self._con.execute("delete from cursors where source = ? and stream = ?", [source, stream])
                self._con.execute("insert into cursors values (?, ?, ?)", [source, stream, cursor])
            if changed:
                self.set_meta(unpublished="true")
        return changed

    def remove(self, sources: Sequence[str]) -> dict[str, Counts]:
        """Remove all that these sources said, and their cursors, in one transaction; returns what that was.

        Nothing else removes what a source said without having read it anew.
        """
        with self.transaction():
            removed = {source: remove_said(self, source) for source in sources}
            self.set_meta(unpublished="true")
        return removed

    def stored(self, record: Record) -> Record | None:
        """The stored record with the same key; None when there is none."""
        kind = type(record)
        where = " and ".join(f"{name} = ?" for name in kind.KEY)
        found = self.records(f"from {kind.TABLE} where {where}", [getattr(record, name) for name in kind.KEY])
        return kind(**{name: _stored(value) for name, value in found[0].items()}) if found else None

    def publish(
        self, target: Path, build: Callable[[Builder], None], rebuild: Callable[[Builder], bool] | None = None
    ) -> None:
        """Put a file with the records and the facts made of them in place atomically.

        `build` makes all facts in a copy of the records. `rebuild` makes only those that changed records touch, in a
        copy of the published file with the records of now, see `dora.parts`; it returns False when that cannot be done,
        and nothing is lost by asking. It is not asked where little is recorded.
        """
        draft = new_draft(target)
        try:
            with sentences(self.path):
                worth = parts.worth(self)
                before = self._published(target) if worth else None
                alike = rebuild is not None and before is not None and self._same_settings(before.meta)
                with _meanwhile(copy_file, target, draft) if alike else nullcontext():
                    now = self._parts(before) if worth else None
                changed = parts.changed_parts(now, before.parts) if alike and before and now is not None else None

                def again(builder: Builder) -> bool:
                    parts.bring_up(builder, self, changed or {})
                    return rebuild is not None and rebuild(builder)

                if changed is None or not self._draft(draft, again, now):
                    self._con.execute("checkpoint")
                    copy_file(self.path, new_draft(target))
                    self._draft(draft, build, now)
                os.replace(draft, target)
            with self.transaction():
                self.execute("delete from touched_parts")
                self.set_meta(unpublished=None, published_as=None if now is None else parts.digest(now))
        finally:
            remove_drafts(target)

    def _parts(self, before: Published | None) -> pl.DataFrame:
        """The hashes of all records: many rows, and so for once not on one thread; none of them stays in memory."""
        [[limit]] = self.rows("select current_setting('memory_limit')")
        self.execute("reset threads")
        try:
            if before and self.meta().get("published_as") == parts.digest(before.parts):
                return parts.parts_again(self, before.parts)
            return parts.parts_of(self)
        finally:
            self.execute("set threads = 1")
            with suppress(WarehouseError):
                self.execute(f"set memory_limit = '{_FORGET}'")
            self.execute(f"set memory_limit = '{limit}'")

    def _published(self, target: Path) -> Published | None:
        """What is known of the published file; None when there is no such file, or little was recorded then."""
        with suppress(WarehouseError):
            reader = open_published(target)
            try:
                return Published(reader.meta(), reader.frame("from record_parts"))
            finally:
                reader.close()
        return None

    def _same_settings(self, known: Mapping[str, str]) -> bool:
        """Whether a file with these facts about it was published under the settings of now."""
        mine = {key: value for key, value in self.meta().items() if key not in ("unpublished", "published_as")}
        return all(known.get(key) == value for key, value in mine.items())

    def _draft(self, draft: Path, make: Callable[[Builder], object], now: pl.DataFrame | None) -> bool:
        """Let `make` work on a copy; whether it could."""
        # While facts are made: closing the file waits for that at its end.
        flushing = Thread(target=flush_file, args=(draft,))
        flushing.start()
        con = duckdb.connect(str(draft), config=dict(_DUCKDB) | {"memory_limit": _BUILD_MEMORY})
        try:
            builder = Builder(con, draft)
            # One transaction: many would write every row to the log first, and again into the file.
            builder.execute("begin")
            builder.execute("delete from touched_parts")
            builder.set_meta(unpublished=None, published_as=None)
            if now is not None:
                parts.note_parts(builder, now)
            if make(builder) is False:
                return False
            builder.execute("commit")
            con.execute("checkpoint")
            return True
        finally:
            con.close()
            flushing.join()


@contextmanager
def _meanwhile(work: Callable[..., None], *given: object) -> Iterator[None]:
    """Do this work beside what the block does, which ends when both have; its error is raised there."""
    with ThreadPoolExecutor(1) as beside:
        working = beside.submit(work, *given)
        yield
        working.result()


def open_warehouse(path: Path, memory_limit: str | None = None) -> Warehouse:
    """Open (or make) the records file for writing and bring its schema up to date.

    One thread: small batches take a sixth less CPU than on two, less memory, and no more time.
    """
    with sentences(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        options = dict(_DUCKDB) | {"threads": 1} | ({"memory_limit": memory_limit} if memory_limit else {})
        if not path.exists():
            _create(path)
        warehouse = Warehouse(duckdb.connect(str(path), config=options), path)
        try:
            _migrate(warehouse)
        except BaseException:
            warehouse.close()
            raise
        return warehouse


def open_published(path: Path) -> Reader:
    """Open a published file for reading; a missing one is an error that says how to get it."""
    if not path.exists():
        raise WarehouseError(f"{path}: nothing is published yet; run `dora ingest` first")
    with sentences(path):
        reader = Reader(duckdb.connect(str(path), read_only=True, config=dict(_DUCKDB)), path)
        try:
            _check_version(reader)
        except BaseException:
            reader.close()
            raise
        return reader


def schema_version() -> int:
    """The newest schema that this version of dora knows."""
    return max(int(file.name[:4]) for file in SCHEMA.glob("*.sql"))


def _create(path: Path) -> None:
    """Make the records file beside its place and move it there: DuckDB cannot open a file it was killed making."""
    draft = new_draft(path)
    try:
        if Path(f"{path}.wal").exists():
            raise WarehouseError(
                f"{path}: missing, but its {path.name}.wal is there; move that away too, or bring the file back"
            )
        made = Warehouse(duckdb.connect(str(draft), config=dict(_DUCKDB)), draft)
        try:
            _migrate(made)
        finally:
            made.close()
        os.replace(draft, path)
    finally:
        remove_drafts(path)


def _migrate(warehouse: Warehouse) -> None:
    version = _version(warehouse)
    _check_version(warehouse)
    for file in sorted(SCHEMA.glob("*.sql")):
        number = int(file.name[:4])
        if number > version:
            warehouse.execute("begin")
            warehouse.execute(file.read_text())
            warehouse.set_meta(schema_version=str(number))
            warehouse.execute("commit")


def _version(reader: Reader) -> int:
    # Not by way of the list of tables: that takes DuckDB as long as opening the file.
    stated: list[Row] = []
    try:
        stated = reader.rows(
            "select value from meta where key = 'schema_version' and (select count(source) from cursors) >= 0"
        )
    except WarehouseError as error:
        if not isinstance(error.__cause__, duckdb.CatalogException | duckdb.BinderException):
            raise
    if stated and str(stated[0][0]).isdecimal():
        return int(str(stated[0][0]))
    if reader.tables():
        raise WarehouseError(f"{reader.path}: a DuckDB file, but not one of dora's; choose another [warehouse] path")
    return 0


def _check_version(reader: Reader) -> None:
    version, known = _version(reader), schema_version()
    if version > known:
        raise WarehouseError(
            f"{reader.path}: written by a newer dora (schema {version}, this one knows {known}); update dora, nothing was changed"
        )


def _stored(value: object) -> object:
    return tuple(value) if isinstance(value, list) else aware(value)
