"""The polars schema of every record table, derived from `dora.model`."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from dora.model import RECORDS, column_types

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
