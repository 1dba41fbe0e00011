"""Rows brought into a record table, with a note of the parts of it that this touched.

Every name in a statement comes from `dora.model`, never from data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dora import parts
from dora.model import BY_TABLE, Record, columns
from dora.reader import Builder

if TYPE_CHECKING:
    import polars as pl


def upsert(builder: Builder, table: str, frame: pl.DataFrame, replace: bool) -> int:
    """Bring in the rows of a frame; returns how many were new or changed. `replace`: see `merge_sql`.

    New keys are inserted first: `merge` alone takes 1.3x the CPU and 2x the memory when most keys are new.
    """
    record = BY_TABLE[table]
    stored = f"{table} t semi join staged s on {_same(record)}"
    left = set[str]()
    with builder.staged("staged", frame):
        changed = _count(builder, insert_sql(record, frame.columns))
        if changed < frame.height:
            # The stored rows may be in other parts than those that are brought.
            if not parts.told_by(table, record.KEY):
                left = _parts_of(builder, table, stored)
            changed += _count(builder, merge_sql(record, frame.columns, replace))
        if changed:
            told_by = "staged" if parts.told_by(table, frame.columns) else stored
            brought = parts.parts_brought(table, frame) or _parts_of(builder, table, told_by)
            parts.note_touched(builder, table, left | brought)
    return changed


def remove_others(builder: Builder, table: str, values: Mapping[str, str], frame: pl.DataFrame | None) -> int:
    """Remove the rows with these values whose keys a frame does not have; returns how many."""
    key, told = BY_TABLE[table].KEY, list(values.values())
    rows = f"{table} where {' and '.join(f'{column} = ?' for column in values)}"
    if frame is None or not frame.height:
        return _removed(builder, table, rows, told)
    same = " and ".join(f"kept.{column} = {table}.{column}" for column in key)
    with builder.staged("kept", frame):
        return _removed(builder, table, f"{rows} and not exists (from kept where {same})", told)


def _removed(builder: Builder, table: str, rows: str, told: Sequence[str]) -> int:
    left = _parts_of(builder, table, rows, told)
    if left:
        parts.note_touched(builder, table, left)
    return _count(builder, f"delete from {rows}", told)


def _parts_of(builder: Builder, table: str, rows: str, told: Sequence[str] = ()) -> set[str]:
    return {str(part) for (part,) in builder.rows(parts.parts_sql(table, rows), told)}


def _count(builder: Builder, sql: str, told: Sequence[str] = ()) -> int:
    return int(str(builder.rows(sql, told)[0][0]))


def insert_sql(record: type[Record], present: Sequence[str]) -> str:
    """Insert the rows of `staged` whose key is new."""
    names = ", ".join(name for name in columns(record) if name in present)
    return f"insert into {record.TABLE} ({names}) select {names} from staged s anti join {record.TABLE} t on {_same(record)}"


def merge_sql(record: type[Record], present: Sequence[str], replace: bool) -> str:
    """Bring in all rows of `staged`. Of two rows with one key the staged one stays when `replace`, else the newer.

    The newer is told as in `dora.frames`: no `updated_at` is the oldest, then the columns decide in their order.
    Tables without `updated_at` keep what was said last.
    """
    known = [name for name in columns(record) if name in present]
    rest = [name for name in known if name not in record.KEY]
    insert = f"insert ({', '.join(known)}) values ({', '.join('s.' + name for name in known)})"
    merge = f"merge into {record.TABLE} t using staged s on {_same(record)}"
    if not rest:
        return f"{merge} when not matched then {insert}"
    new, old = (f"row({', '.join(f'{side}.{name}' for name in rest)})" for side in ("s", "t"))
    newer = ""
    if "updated_at" in known and not replace:
        age = "coalesce({}.updated_at, '-infinity'::timestamp)"
        newer = f" and row({age.format('s')}, {new}) > row({age.format('t')}, {old})"
    update = ", ".join(f"{name} = s.{name}" for name in rest)
    return (
        f"{merge} when matched and {new} is distinct from {old}{newer} then update set {update} "
        f"when not matched then {insert}"
    )


def _same(record: type[Record]) -> str:
    return " and ".join(f"t.{name} = s.{name}" for name in record.KEY)
