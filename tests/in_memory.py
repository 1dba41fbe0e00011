"""Records -> facts in a database without a file: the real schema and the real build, fast enough for many cases."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import duckdb

from dora.frames import frames_of
from dora.model import RECORDS, Record
from dora.warehouse import SCHEMA, Builder, Reader
from metrics.build import Setting, build, facts

_PARSED: dict[str, list[duckdb.Statement]] = {}


def facts_of_records(records: Sequence[Record], setting: Setting, findings: bool = False) -> Reader:
    """The records and the facts built from them, ready to be asked until the next call: all share one database.

    `findings`: also what they cannot tell, which takes a third of the time.
    """
    builder = Builder(_database(), Path("memory"), _PARSED)
    for record in RECORDS:
        builder.execute(f"truncate {record.TABLE}")
    builder.execute("truncate meta; drop table if exists quality_summary")
    for table, frame in frames_of(records).items():
        builder.insert(table, frame)
    (build if findings else facts)(builder, setting)
    return builder


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    """Without the optimizer, which takes longer than it saves on few rows; files are made and asked with it."""
    con = duckdb.connect(":memory:", config={"threads": 1})
    con.execute("pragma disable_optimizer")
    for script in sorted(SCHEMA.glob("*.sql")):
        con.execute(script.read_text())
    return con
