"""Whole columns of loosely typed values -> a frame of one record table: the fast way for well-formed files.

Each column is converted at once where its values have the common shapes; a row that has any other shape is
left to `ingest.rows`, which decides. Both ways give the same record for the same row, so the fast way is only
allowed to be narrower, never different.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import UTC
from itertools import repeat

import polars as pl

from dora.frames import SCHEMAS
from dora.model import BY_TABLE, Record
from ingest.rows import FINAL, ID_FROM, NEEDED, RowError, derived_id, record_of
from ingest.values import CREDENTIALS, HASH, KINDS, LATEST_EPOCH, SHA, SPACES, WORDS, Rules

_TIME = r"^[12]\d{3}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d{1,6})?"
_OFFSET = r"[+-][01]\d:[0-5]\d$"
_US = pl.Datetime("us")
_LATEST_MICROS = int(LATEST_EPOCH.timestamp()) * 10**6


@dataclass(frozen=True, slots=True)
class Converted:
    """`frame`: one row a good row, in the table's full schema; `good`: their positions; `bad`: position -> reason."""

    frame: pl.DataFrame
    good: list[int]
    bad: dict[int, str]


def convert(table: str, values: Mapping[str, Sequence[object]], rows: int, rules: Rules) -> Converted:
    """Turn `rows` rows, given as columns named as in `dora.model`, into records."""
    raw = {name: _series(name, column) for name, column in values.items()}
    typed, done = _typed_columns(table, raw, rows, rules)
    fast = _filled(table, typed, rules).with_row_index("row_").filter(done & _complete(table))
    positions = fast["row_"].to_list()
    fast = fast.drop("row_")
    if len(positions) == rows:
        return Converted(_with_ids(table, fast), positions, {})
    kept = set(positions)
    records, slow, bad = _row_by_row(table, values, (n for n in range(rows) if n not in kept), rules)
    frame = pl.concat([_with_ids(table, fast), frame_of(table, records)])
    return Converted(frame, [*positions, *slow], bad)


def frame_of(table: str, records: Sequence[Record]) -> pl.DataFrame:
    """Records of one table as a frame, in their order and with all their repetitions."""
    rows = [[_stored(getattr(record, name)) for name in SCHEMAS[table]] for record in records]
    return pl.DataFrame(rows, schema=SCHEMAS[table], orient="row")


def _row_by_row(
    table: str, values: Mapping[str, Sequence[object]], positions: object, rules: Rules
) -> tuple[list[Record], list[int], dict[int, str]]:
    records, good, bad = [], [], {}
    for n in positions:  # type: ignore[attr-defined]
        try:
            records.append(record_of(BY_TABLE[table], {name: column[n] for name, column in values.items()}, rules))
            good.append(n)
        except RowError as error:
            bad[n] = str(error)
    return records, good, bad


def _stored(value: object) -> object:
    if isinstance(value, tuple):
        return list(value)
    offset = getattr(value, "utcoffset", None)
    return value.astimezone(UTC).replace(tzinfo=None) if offset else value  # type: ignore[attr-defined]


def _series(name: str, column: Sequence[object]) -> pl.Series | None:
    if isinstance(column, pl.Series):
        return column
    try:
        return pl.Series(name, column, strict=True)
    except (TypeError, ValueError, OverflowError, UnicodeError, pl.exceptions.PolarsError):
        return None


def _typed_columns(
    table: str, raw: Mapping[str, pl.Series | None], rows: int, rules: Rules
) -> tuple[pl.DataFrame, pl.Series]:
    """The columns in their types, null where nothing was said; and which rows were read without any doubt."""
    done = pl.Series(repeat(True, rows), dtype=pl.Boolean)
    typed = {}
    for name, kind in SCHEMAS[table].items():
        column = raw.get(name)
        if name not in raw or (column is not None and column.dtype == pl.Null):
            typed[name] = pl.Series(name, [None], dtype=kind).new_from_index(0, rows)
            continue
        if column is not None and column.dtype == pl.String:
            column = column.str.strip_chars(SPACES)
            column = column.to_frame().select(pl.when(pl.col(column.name) != "").then(pl.col(column.name))).to_series()
        read = None if column is None else _read(KINDS[table][name], column, rules)
        if read is None:
            said = [value is None for value in raw_values(column, rows)]
            done &= pl.Series(said, dtype=pl.Boolean)
            read = pl.Series(name, [None], dtype=kind).new_from_index(0, rows)
        elif column is not None and not _forgets(KINDS[table][name], rules):
            done &= read.is_not_null() | column.is_null()
        typed[name] = read.alias(name).cast(kind)
    return pl.DataFrame(typed), done


def raw_values(column: pl.Series | None, rows: int) -> Sequence[object]:
    """The values of a column that could not be typed at once; a stand-in for "something" when there is no column."""
    return column.to_list() if column is not None else [True] * rows


def _forgets(kind: str, rules: Rules) -> bool:
    return kind == "person" and rules.author is None


def _read(kind: str, column: pl.Series, rules: Rules) -> pl.Series | None:
    """The column converted, null where a value needs the slow way; None when its whole type does."""
    if column.dtype == pl.String:
        return _read_text(kind, column, rules)
    if kind == "time" and isinstance(column.dtype, pl.Datetime):
        return _read_moments(column, rules)
    whole = column.dtype.is_integer() and column.dtype not in (pl.UInt64, pl.Int128)
    if (kind == "int" and whole) or (kind == "bool" and column.dtype == pl.Boolean):
        return column
    if kind == "time" and whole:
        return _read_epochs(column)
    if kind == "float" and (column.dtype.is_float() or whole):
        return _finite(column.cast(pl.Float64))
    if kind == "text" and whole:
        return column.cast(pl.String)
    if kind == "texts" and column.dtype == pl.List(pl.String):
        plain = column.list.eval(pl.element().is_not_null() & (pl.element() != "")).list.all()
        return column.to_frame().select(pl.when(plain).then(pl.col(column.name))).to_series()
    return None


def _read_moments(column: pl.Series, rules: Rules) -> pl.Series:
    if getattr(column.dtype, "time_zone", None):
        return column.dt.convert_time_zone("UTC").dt.replace_time_zone(None).dt.cast_time_unit("us")
    return _to_utc(column.dt.cast_time_unit("us"), rules)


def _read_text(kind: str, column: pl.Series, rules: Rules) -> pl.Series | None:
    if kind == "text":
        return column
    if kind == "time":
        return _read_times(column, rules)
    if kind in WORDS:
        words: Mapping[str, object] = WORDS[kind]
        if kind == "bool":
            words = {word: stored == "true" for word, stored in WORDS[kind].items()}
        dtype = pl.Boolean if kind == "bool" else pl.String
        return column.str.to_lowercase().replace_strict(words, default=None, return_dtype=dtype)
    if kind == "person":
        return _read_people(column, rules)
    if kind == "int":
        return _gated(column, r"^[+-]?\d{1,18}$").str.to_integer(strict=False)
    if kind == "float":
        return _finite(_gated(column, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$").cast(pl.Float64, strict=False))
    if kind == "sha":
        return _lower_shas(column)
    if kind == "url":
        return column.str.replace_all(CREDENTIALS, "${1}")
    if kind == "texts":
        plain = _gated(column, r"^[^\[;][^;]*(;[^;]*[^;\s][^;]*)*$")
        return plain.str.split(";").list.eval(pl.element().str.strip_chars(SPACES))
    return None


def _finite(column: pl.Series) -> pl.Series:
    return column.to_frame().select(pl.when(pl.col(column.name).is_finite()).then(pl.col(column.name))).to_series()


def _gated(column: pl.Series, pattern: str) -> pl.Series:
    """The column with null for every value that does not match."""
    name = column.name
    return column.to_frame().select(pl.when(pl.col(name).str.contains(pattern)).then(pl.col(name))).to_series()


def _lower_shas(column: pl.Series) -> pl.Series:
    name = column.name
    lower = pl.when(pl.col(name).str.contains(SHA)).then(pl.col(name).str.to_lowercase()).otherwise(pl.col(name))
    return column.to_frame().select(lower).to_series()


def _read_people(column: pl.Series, rules: Rules) -> pl.Series:
    author = rules.author
    if author is None:
        return _gated(column, HASH)
    names = [str(name) for name in column.drop_nulls().unique().to_list()]
    hashes = {name: name if pl.Series([name]).str.contains(HASH)[0] else author(name) for name in names}
    return column.replace_strict(hashes, default=None, return_dtype=pl.String)


def _read_times(column: pl.Series, rules: Rules) -> pl.Series:
    joined = column.str.replace(r"^(\d{4}-\d\d-\d\d) (\d)", "${1}T${2}")
    moments = _parsed_times(_gated(joined, _TIME + "Z$").str.strip_suffix("Z"), "")
    if moments.null_count() == column.null_count():
        return moments
    local = _to_utc(_parsed_times(_gated(joined, _TIME + "$"), ""), rules)
    epochs = _read_epochs(_gated(column, r"^[0-9]{9,13}$").str.to_integer(strict=False))
    aware = _parsed_times(_gated(joined, _TIME + _OFFSET), "%:z")
    shifted = aware.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return pl.select(pl.coalesce(moments, local, epochs, shifted)).to_series()


def _read_epochs(numbers: pl.Series) -> pl.Series:
    """Whole seconds or milliseconds as times; null where the size of the number leaves a doubt."""
    number = pl.col("n")
    micros = pl.when(number < 10**11).then(number * 10**6).otherwise(number * 1000)
    sure = (number >= 0) & (number < 10**13) & (micros <= _LATEST_MICROS)
    return numbers.cast(pl.Int64).alias("n").to_frame().select(pl.when(sure).then(micros).cast(_US)).to_series()


def _parsed_times(column: pl.Series, offset: str) -> pl.Series:
    return column.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f" + offset, time_unit="us", strict=False)


def _to_utc(moments: pl.Series, rules: Rules) -> pl.Series:
    """Local times as UTC; null, so left to the slow way, where the clocks change."""
    key = getattr(rules.zone, "key", "UTC")
    if key == "UTC":
        return moments
    placed = moments.dt.replace_time_zone(key, ambiguous="null", non_existent="null")
    return placed.dt.convert_time_zone("UTC").dt.replace_time_zone(None)


def _filled(table: str, frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """The columns with what `ingest.rows.fill` and the defaults put into absent ones."""
    if table == "deployments":
        begun = pl.when(pl.col("status").fill_null("succeeded").is_in(FINAL)).then(
            pl.coalesce("started_at", "created_at")
        )
        frame = frame.with_columns(pl.coalesce("finished_at", begun).alias("finished_at"))
    if table == "pull_requests":
        closed = pl.when(pl.col("closed_at").is_not_null()).then(pl.lit("closed"))
        derived = pl.when(pl.col("merged_at").is_not_null()).then(pl.lit("merged")).otherwise(closed)
        frame = frame.with_columns(pl.coalesce("state", derived).alias("state"))
    defaults = {f.name: f.default for f in fields(BY_TABLE[table]) if f.default not in (MISSING, None)}
    if "source" in frame.columns:
        defaults["source"] = rules.source
    return frame.with_columns(
        pl.col(name).fill_null(pl.lit(list(value) if isinstance(value, tuple) else value, dtype=SCHEMAS[table][name]))
        for name, value in defaults.items()
    )


def _complete(table: str) -> pl.Expr:
    """Whether a row has all that a record needs; the slow way says what is missing."""
    derived = {"id"} if table in ID_FROM else set()
    needed = [f.name for f in fields(BY_TABLE[table]) if f.default is MISSING and f.name not in derived]
    every = [pl.col(name).is_not_null() for name in needed]
    some = [pl.any_horizontal(pl.col(group).is_not_null() & _said(group)) for group in NEEDED.get(table, ())]
    return pl.all_horizontal(*every, *some)


def _said(group: tuple[str, ...]) -> pl.Expr:
    texts = [name for name in group if name in ("deployment", "flag")]
    return pl.col(texts[0]) != "" if texts else pl.lit(value=True)


def _with_ids(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    if table not in ID_FROM or not frame["id"].null_count():
        return frame
    needed = [*ID_FROM[table], *(name for name in ("created_at", "started_at", "finished_at") if name in frame.columns)]
    rows = frame.filter(pl.col("id").is_null()).select(list(dict.fromkeys(needed))).iter_rows(named=True)
    ids = iter([derived_id(table, row) for row in rows])
    return frame.with_columns(pl.Series("id", [known or next(ids) for known in frame["id"].to_list()], dtype=pl.String))
