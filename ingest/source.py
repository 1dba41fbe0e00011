"""The contract that every source meets, and the list of the sources there are.

A source is a name and some streams. `batches` yields what is new since the stream's cursor, oldest first, in
batches small enough to hold in memory. The rows of a batch and its cursor are committed in one transaction,
so a run killed anywhere resumes after the last batch. Cursor rules: an opaque string that only its source
reads; `None` means the stream was never read; a batch whose cursor is None moves nothing, and its rows are
read again after an interruption, which is harmless because rows are upserted. A source never interprets: a
row it cannot turn into a record is yielded as `Rejected`, never dropped, never an exception.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Protocol

import polars as pl

from dora.errors import ConfigError
from dora.model import Record
from dora.tables import nearest

#: type in dora.toml -> module
SOURCES: Mapping[str, str] = {
    "git": "ingest.sources.git",
    "gitops": "ingest.sources.gitops",
    "files": "ingest.sources.files",
    "github": "ingest.sources.github",
}


@dataclass(frozen=True, slots=True)
class Scope:
    """Says that a batch holds every row of `table` whose columns have these values; others are removed."""

    table: str
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Rows to commit together, and where the stream stands after them.

    `records` may be of several kinds. `frames` is the fast way for many rows: table name -> a frame with (a
    subset of) that table's columns, times as naive-UTC microseconds, lists as lists. `remark`: why there is nothing.
    """

    records: Sequence[Record] = ()
    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    cursor: str | None = None
    complete: Scope | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the command line hands down: no source reads the environment itself.

    `secrets`: environment variable name -> value, for the names that the options mention. `path_globs`:
    repository -> globs of the services in it. `progress` is called with one short line now and then.
    """

    cache: Path
    base: Path
    salt: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    path_globs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keep_names: bool = True
    progress: Callable[[str], None] = lambda _line: None

    def author(self, identity: str) -> str:
        """The salted hash that stands for a person (an e-mail address or a login, case-folded)."""
        return hashlib.blake2b(
            identity.strip().lower().encode(), key=self.salt.encode()[:64], digest_size=10
        ).hexdigest()


class Source(Protocol):
    """One configured source; built by its module's `open_source(name, options, context)`."""

    @property
    def name(self) -> str:
        """What dora.toml calls it: the first part of the ids of its records (`ci/41`), so without a slash."""

    def streams(self) -> Sequence[str]:
        """The names of its streams, in the order they should be read."""

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        """Yield what is new since `cursor`; on a first read, nothing that ended before `since`."""

    def probe(self) -> Iterator[str]:
        """Reach the tool at the cost of a request or two: a line for each thing found, else a `SourceError`."""


def source_module(kind: str, place: str) -> ModuleType:
    """The module of a source type; an unknown type is a `ConfigError` naming the nearest one."""
    if kind not in SOURCES:
        raise ConfigError(f"{place}: unknown source type {kind!r}{nearest(kind, SOURCES)}")
    return importlib.import_module(SOURCES[kind])
