"""Records -> facts in a database without a file: the real schema and the real build, fast enough for many cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from dora.frames import frames_of
from dora.model import RECORDS, Record
from dora.warehouse import SCHEMA, Builder, Reader
from metrics.build import Setting, build


def facts_of_records(records: Sequence[Record], setting: Setting) -> Reader:
    """The records and the facts built from them, ready to be asked until the next call: all share one database."""
    builder = Builder(_database(), Path("memory"))
    for record in RECORDS:
        builder.execute(f"truncate {record.TABLE}")
    builder.execute("truncate meta")
    for table, frame in frames_of(records).items():
        builder.insert(table, frame)
    build(builder, setting)
    return builder


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:", config={"threads": 1})
    for script in sorted(SCHEMA.glob("*.sql")):
        con.execute(script.read_text())
    return con
