"""Records -> facts in a database without a file: the real schema and the real build, fast enough for many cases."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from dora.frames import frames_of
from dora.model import Record
from dora.warehouse import SCHEMA, Builder, Reader
from metrics.build import Setting, build


def facts_of_records(records: Sequence[Record], setting: Setting) -> Reader:
    """The records and the facts built from them, ready to be asked."""
    builder = Builder(duckdb.connect(":memory:"), Path("memory"))
    for script in sorted(SCHEMA.glob("*.sql")):
        builder.execute(script.read_text())
    for table, frame in frames_of(records).items():
        builder.insert(table, frame)
    build(builder, setting)
    return builder
