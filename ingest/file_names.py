"""Which file holds which table, and which of its columns is which of ours."""

from __future__ import annotations

import glob
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from fnmatch import fnmatchcase
from pathlib import Path

from dora.errors import SourceError
from dora.model import BY_TABLE
from dora.tables import nearest
from ingest.file_readers import Names, UnknownColumn, suffix_of
from ingest.rows import ID_FROM, NEEDED
from ingest.values import KINDS, near

_REMEMBERED = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """One entry of the `files` option.

    table: which table the files hold.  path: a path or glob, relative to dora.toml.  columns: their column name
    -> ours.  constants: our column -> the value of rows that have none.  ignore_columns: names or globs to pass over.
    """

    table: str
    path: str
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, object] = field(default_factory=dict)
    ignore_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OneFile:
    """A file to read; `shown` is its name in places and sentences."""

    table: str
    path: Path
    shown: str
    entry: FileTable


def find_files(
    source: str, base: Path, folder: str | None, entries: Sequence[FileTable], tables: Sequence[str]
) -> list[OneFile]:
    """The files there are, sorted by name; none at all, or one that belongs to no table, is a `SourceError`."""
    if folder is not None:
        return _in_folder(source, base / folder, tables)
    return [file for entry in entries for file in _matching(source, base, entry)]


def column_names(file: OneFile, ignored: Sequence[str]) -> Names:
    """How the columns of a file are called here; exact names first, then without regard to case."""
    kinds = KINDS[file.table]
    mapped = {name.strip(): our for name, our in file.entry.columns.items()}
    passed = (*ignored, *file.entry.ignore_columns)
    known: dict[str, str | None] = {}

    def found(their: str) -> str | None:
        name = their.strip()
        if name in mapped:
            return mapped[name]
        if any(fnmatchcase(name, pattern) for pattern in passed):
            return None
        if name.lower() in kinds:
            return name.lower()
        raise UnknownColumn(
            f"{file.table} have no column {name[:60]!r}; rename it, map it with columns, "
            f"or list it in ignore_columns{near(name.lower(), kinds)}"
        )

    def ours(their: str) -> str | None:
        if their not in known:
            if len(known) > _REMEMBERED:
                known.clear()
            known[their] = found(their)
        return known[their]

    return ours


def missing_column(table: str, present: Mapping[str, object]) -> str | None:
    """The first column, or choice of columns, that no record can do without and that a file lacks."""
    filled = {"source"} | ({"id"} if table in ID_FROM else set())
    for column in fields(BY_TABLE[table]):
        if column.default is MISSING and column.name not in filled and column.name not in present:
            return repr(column.name)
    for group in NEEDED.get(table, ()):
        if not any(name in present for name in group):
            return " or ".join(repr(name) for name in group)
    return None


def _in_folder(source: str, folder: Path, tables: Sequence[str]) -> list[OneFile]:
    if not folder.is_dir():
        raise SourceError(f"{source}: the folder {folder} does not exist; make it, or correct the folder option")
    found = []
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.startswith((".", "~")) or suffix_of(path.name) is None or not path.is_file():
            continue
        table = re.split(r"[-. ]", path.name.lower())[0]
        if table not in tables:
            raise SourceError(
                f"{source}: {path}: no table is called {table[:60]!r}; rename or move the file, "
                f"or name its table in files{nearest(table[:60], tables)}"
            )
        found.append(OneFile(table, path, path.name, FileTable(table=table, path=path.name)))
    if not found:
        raise SourceError(f"{source}: {folder} holds no file named after a table; add one such as deployments.csv")
    return found


def _matching(source: str, base: Path, entry: FileTable) -> list[OneFile]:
    names = sorted(glob.glob(entry.path, root_dir=base, recursive=True))
    found = [OneFile(entry.table, base / name, name, entry) for name in names if (base / name).is_file()]
    if not found:
        raise SourceError(f"{source}: no file matches {base / entry.path}; correct path, or put the file there")
    for file in found:
        if suffix_of(file.shown) is None:
            raise SourceError(
                f"{source}: {file.path}: the name must end in .csv, .tsv, .ndjson, .jsonl, .json, their .gz, or .parquet"
            )
    return found
