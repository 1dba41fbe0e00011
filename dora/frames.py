"""Records as polars frames, one a table, with the schema that `dora.model` gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

import polars as pl

from dora.model import RECORDS, Record, column_types
from dora.moments import naive

_TYPES: Mapping[str, pl.DataType] = {
    "str": pl.String(),
    "int": pl.Int64(),
    "bool": pl.Boolean(),
    "float": pl.Float64(),
    "datetime": pl.Datetime("us"),
    "tuple[str, ...]": pl.List(pl.String),
    "tuple[int, ...]": pl.List(pl.Int64),
}

#: table -> column -> polars type; times are naive UTC.
SCHEMAS: Mapping[str, dict[str, pl.DataType]] = {
    record.TABLE: {name: _TYPES[hint.removesuffix(" | None")] for name, hint in column_types(record).items()}
    for record in RECORDS
}


def frames_of(records: Sequence[Record]) -> dict[str, pl.DataFrame]:
    """Records as one frame a table, one row a key: the newest (`updated_at`), and of equals the greatest."""
    newest: dict[str, dict[tuple[object, ...], Record]] = {}
    for record in records:
        rows = newest.setdefault(record.TABLE, {})
        key = tuple(getattr(record, name) for name in record.KEY)
        if key not in rows or _age(rows[key]) < _age(record):
            rows[key] = record
    return {
        table: pl.DataFrame([_values(row) for row in rows.values()], schema=SCHEMAS[table], orient="row")
        for table, rows in newest.items()
    }


def _values(record: Record) -> list[object]:
    values = (getattr(record, field.name) for field in fields(record))
    return [naive(list(value) if isinstance(value, tuple) else value) for value in values]


def _age(record: Record) -> tuple[tuple[bool, object], ...]:
    """What the newer of two rows has more of: `updated_at` (none is the oldest), then the columns in their order.

    None is above every value, as in DuckDB's order of rows, so that it makes no difference which of the two decides.
    """
    updated = getattr(record, "updated_at", None)
    values = [getattr(record, field.name) for field in fields(record)]
    return ((updated is not None, updated), *((value is None, value) for value in values))
