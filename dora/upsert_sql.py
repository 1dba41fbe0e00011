"""The statements that bring staged rows into a record table; every name comes from `dora.model`, never from data."""

from __future__ import annotations

from collections.abc import Sequence

from dora.model import Record, columns


def insert_sql(record: type[Record], present: Sequence[str]) -> str:
    """Insert the rows of `staged` whose key is new."""
    names = ", ".join(name for name in columns(record) if name in present)
    return f"insert into {record.TABLE} ({names}) select {names} from staged s anti join {record.TABLE} t on {same_sql(record)}"


def merge_sql(record: type[Record], present: Sequence[str], replace: bool) -> str:
    """Bring in all rows of `staged`. Of two rows with one key the staged one stays when `replace`, else the newer.

    The newer is told as in `dora.frames`: no `updated_at` is the oldest, then the columns decide in their order.
    Tables without `updated_at` keep what was said last.
    """
    known = [name for name in columns(record) if name in present]
    rest = [name for name in known if name not in record.KEY]
    insert = f"insert ({', '.join(known)}) values ({', '.join('s.' + name for name in known)})"
    merge = f"merge into {record.TABLE} t using staged s on {same_sql(record)}"
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


def same_sql(record: type[Record]) -> str:
    """The condition that a stored row `t` and a staged one `s` have the same key."""
    return " and ".join(f"t.{name} = s.{name}" for name in record.KEY)
