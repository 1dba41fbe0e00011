"""The `files` source: CSV, NDJSON, JSON and Parquet files for every table of records.

The way in for every tool without a connector. All files of a table are one read: while none of them changes,
nothing is done; when one does, all are read again and replace what this source had said before, so a row that
was removed from a file disappears. Files are always read whole, whatever `since` asks. The columns are listed
in docs/files.md.
"""

from __future__ import annotations

import gc
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from dora.errors import ConfigError, SourceError
from dora.frames import SCHEMAS
from dora.model import BY_TABLE, RECORDS, Rejected, columns
from dora.tables import nearest
from ingest.columns import convert, frame_of
from ingest.file_names import FileTable, OneFile, column_names, find_files, missing_column
from ingest.file_readers import Chunk, read_chunks
from ingest.rows import rejected
from ingest.source import Batch, Context, Scope
from ingest.values import KINDS, BadValue, Rules, read_value

TABLES = tuple(record.TABLE for record in RECORDS if record is not Rejected)
#: raised whenever the same content would give other rows, so that everything is read again
_READING = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of a `files` source; exactly one of `folder` and `files`.

    folder: files named after their table (`deployments.csv`, `deployments-2025.ndjson.gz`).  files: which files
    hold which table, see `FileTable`.  timezone: of times without an offset.  ignore_columns: names or globs of
    columns to pass over.
    """

    folder: str | None = None
    files: tuple[FileTable, ...] = ()
    timezone: str = "UTC"
    ignore_columns: tuple[str, ...] = ()


def open_source(name: str, options: Options, context: Context) -> FilesSource:
    """Check the options; a mistake is a `ConfigError` naming the option and the nearest valid word."""
    if (options.folder is None) == (not options.files):
        raise ConfigError(f"{name}: give either folder or files, so that dora knows what to read")
    try:
        zone = ZoneInfo(options.timezone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"{name}: timezone {options.timezone!r} is not known; write one as in Europe/London"
        ) from None
    rules = Rules(source=name, zone=zone, author=context.author, keep_names=context.keep_names)
    for entry in options.files:
        _check(entry, f"{name}: files", rules)
    return FilesSource(name=name, options=options, context=context, rules=rules)


@dataclass(slots=True, kw_only=True)
class FilesSource:
    """One configured set of files; one stream a table."""

    name: str
    options: Options
    context: Context
    rules: Rules

    def streams(self) -> Sequence[str]:
        """All tables, so that the rows of a file that is gone go too; one when the files cannot be looked at."""
        try:
            self._files()
        except SourceError:
            return TABLES[5:6]
        return TABLES

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:  # noqa: ARG002
        """All rows of a table in one batch, then all its rejected ones with the cursor; nothing when unchanged."""
        files = [file for file in self._files() if file.table == stream]
        if not files and cursor is None:
            return
        mark = self._mark(files)
        if mark == cursor:
            return
        self.context.progress(f"{self.name}: reading {stream} from {len(files)} file{'s'[: len(files) != 1]}")
        read = _Read(stream, self.rules)
        for file in files:
            read.add_file(file, self.options.ignore_columns)
        own = Scope(stream, {"source": self.name}) if "source" in columns(BY_TABLE[stream]) else None
        yield Batch(frames={stream: read.rows()}, complete=own)
        bad = Scope(Rejected.TABLE, {"source": self.name, "stream": stream})
        yield Batch(frames={Rejected.TABLE: read.bad_rows()}, complete=bad, cursor=mark)

    def probe(self) -> Iterator[str]:
        """A line for each table that has files; a `SourceError` when there are none."""
        found: dict[str, list[str]] = {}
        for file in self._files():
            found.setdefault(file.table, []).append(file.shown)
        for table, names in found.items():
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            yield f"{table}: {', '.join(names[:3])}{more}"

    def _files(self) -> list[OneFile]:
        return find_files(self.name, self.context.base, self.options.folder, self.options.files, TABLES)

    def _mark(self, files: Sequence[OneFile]) -> str:
        """A hash of everything that decides the rows: names, contents and options."""
        rules = [_READING, self.name, self.options.timezone, self.options.ignore_columns, self.context.keep_names]
        whole = hashlib.blake2b(json.dumps([*rules, self.context.author("")]).encode(), digest_size=16)
        for file in files:
            entry = [file.shown, dict(file.entry.columns), {k: str(v) for k, v in file.entry.constants.items()}]
            whole.update(json.dumps(entry).encode())
            whole.update(_content_hash(file))
        return whole.hexdigest()


@dataclass(slots=True)
class _Read:
    """What was read so far of one table."""

    table: str
    rules: Rules
    frames: list[pl.DataFrame] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)

    def add_file(self, file: OneFile, ignored: Sequence[str]) -> None:
        """Read one more file; a `SourceError` when a column that the table needs is missing."""
        names = column_names(file, ignored)
        for chunk in _uncollected(read_chunks(file.path, file.shown, names)):
            _fill_constants(chunk, file.entry.constants)
            missing = missing_column(self.table, chunk.columns) if chunk.columns else None
            if missing:
                raise SourceError(f"{file.shown}: no column is {missing}; add it, or map one with columns")
            self._add(chunk, file.shown)

    def rows(self) -> pl.DataFrame:
        """One row a key: the newest `updated_at`, and of equals the last in the files' order."""
        if self.table == "people" and not self.rules.keep_names:
            return pl.DataFrame(schema=SCHEMAS[self.table])
        frame = pl.concat([pl.DataFrame(schema=SCHEMAS[self.table]), *self.frames])
        self.frames.clear()
        return _newest(self.table, frame)

    def bad_rows(self) -> pl.DataFrame:
        """The rejected rows, one a key."""
        return _newest(Rejected.TABLE, frame_of(Rejected.TABLE, self.rejected))

    def _add(self, chunk: Chunk, shown: str) -> None:
        done = convert(self.table, chunk.columns, len(chunk.places), self.rules)
        # The order of rows decides between equals; `convert` puts the rows of its slow way last.
        if done.good != sorted(done.good):
            order = pl.Series(done.good).arg_sort()
            self.frames.append(done.frame[order])
        else:
            self.frames.append(done.frame)
        for broken in chunk.broken:
            self._reject(f"{shown}:{broken.place}", broken.reason, broken.content)
        for n, reason in done.bad.items():
            row = {name: values[n] for name, values in chunk.columns.items()}
            self._reject(f"{shown}:{chunk.places[n]}", reason, row)

    def _reject(self, place: str, reason: str, content: object) -> None:
        self.rejected.append(rejected(self.rules, self.table, place, reason, content))


def _uncollected(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The chunks, made without the cyclic garbage collector, which finds nothing and doubles the time."""
    while True:
        on = gc.isenabled()
        gc.disable()
        try:
            chunk = next(chunks, None)
        finally:
            if on:
                gc.enable()
        if chunk is None:
            return
        yield chunk


def _newest(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    key = list(BY_TABLE[table].KEY)
    if not frame.select(key).is_duplicated().any():
        return frame
    if "updated_at" in frame.columns:
        frame = frame.sort("updated_at", nulls_last=False, maintain_order=True)
    return frame.unique(key, keep="last", maintain_order=True)


def _fill_constants(chunk: Chunk, constants: Mapping[str, object]) -> None:
    for name, constant in constants.items():
        values = chunk.columns.get(name)
        if values is None:
            chunk.columns[name] = [constant] * len(chunk.places)
        else:
            chunk.columns[name] = [constant if value is None or value == "" else value for value in values]


def _check(entry: FileTable, place: str, rules: Rules) -> None:
    if entry.table not in TABLES:
        raise ConfigError(f"{place}: unknown table {entry.table!r}{nearest(entry.table, TABLES)}")
    kinds = KINDS[entry.table]
    for name in [*entry.columns.values(), *entry.constants]:
        if name not in kinds:
            raise ConfigError(f"{place}: {entry.table} has no column {name!r}{nearest(str(name), kinds)}")
    for name, constant in entry.constants.items():
        try:
            read_value(kinds[name], constant, rules)
        except BadValue as error:
            raise ConfigError(f"{place}: constants: {name} {error}") from None


def _content_hash(file: OneFile) -> bytes:
    try:
        with open(file.path, "rb") as content:
            return hashlib.file_digest(content, lambda: hashlib.blake2b(digest_size=16)).digest()
    except OSError as error:
        raise SourceError(f"{file.shown}: cannot be read: {error.strerror or error}") from None
