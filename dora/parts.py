"""Records in parts, a hash each: how what changed since a file was published is found, whatever it was that changed it.

A part is a repository of a table, or what one service reported, or a day of one source: few rows beside the whole, and
what facts are made anew by. The hashes stand in the published file, in `record_parts`. Every commit notes the parts that
it touches in `touched_parts`: only these are hashed again where nothing else can have changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from dora.model import BY_TABLE, RECORDS, columns
from dora.reader import Builder, Reader

if TYPE_CHECKING:
    import polars as pl

_REPOSITORY, _SERVICE = "repository", "concat_ws(chr(31), service, repository)"
_RUN_DAY = "concat_ws(' ', source, created_at::date)"
_ONE = "''"
#: table -> what tells its parts apart; the others are one part each.
_PARTS = {
    "commits": _REPOSITORY, "mainline_commits": _REPOSITORY, "commit_paths": _REPOSITORY, "tags": _REPOSITORY,
    "pull_requests": _REPOSITORY, "deployments": _SERVICE, "incidents": _SERVICE,
    "pipeline_runs": _RUN_DAY, "pipeline_steps": _RUN_DAY,
    "verifications": "concat_ws(' ', source, coalesce(finished_at, started_at)::date)",
    "telemetry_samples": "concat_ws(' ', source, sampled_at::date)",
}  # fmt: skip
#: table -> the columns that tell its parts apart.
_NEEDED = {
    table: frozenset(columns(BY_TABLE[table])).intersection(re.findall(r"\w+", part)) for table, part in _PARTS.items()
}
#: The tables of which what changed reaches further than the part that it is in.
KEPT = ("deployments", "incidents", "verifications")
#: Of all rows, how many may lie in parts that changed; more are left to a full build.
SHARE = 0.1
#: Of fewer records than this all facts are made in about the time that it takes to find what changed.
WORTH_ROWS = 100_000
_COLUMNS = {record.TABLE: columns(record) for record in RECORDS} | {"cursors": ["source", "stream", "cursor"]}
_HASHED = {
    table: f"select '{table}' as table_name, {_PARTS.get(table, _ONE)} as part, count(*) as rows, "
    f"bit_xor(hash({', '.join(names)})) as hash from {table} "
    for table, names in _COLUMNS.items()
}
_GROUPED = "group by all having count(*) > 0"
_ROWS = "select " + " + ".join(f"(select count(*) from {table})" for table in _COLUMNS)


def worth(records: Reader) -> bool:
    """Whether there are so many records that it is worth to find what changed."""
    return int(str(records.rows(_ROWS)[0][0])) >= WORTH_ROWS


def parts_of(records: Reader) -> pl.DataFrame:
    """table_name, part, rows, hash: every part of the records."""
    return records.frame(" union all ".join(f"{hashed}{_GROUPED}" for hashed in _HASHED.values()))


def parts_again(records: Reader, before: pl.DataFrame) -> pl.DataFrame:
    """The same out of what they were `before`, where only cursors and `touched_parts` can have changed."""
    import polars as pl

    touched = records.frame("select table_name, part from touched_parts union select 'cursors', ''")
    now = [before.join(touched, on=["table_name", "part"], how="anti")]
    for (table,), some in touched.group_by("table_name"):
        wanted, asked = _wanted(str(table), some["part"].to_list())
        now.append(records.frame(f"{_HASHED[str(table)]} {wanted} {_GROUPED}", asked))
    return pl.concat(now)


def digest(parts: pl.DataFrame) -> str:
    """A number made of all parts, whatever their order, in hexadecimal digits."""
    return f"{int(parts.hash_rows().sum()) % 2**64:016x}"


def parts_sql(table: str, rows: str) -> str:
    """The question for the parts of these rows of a table, `rows` being what stands after `from`."""
    return f"select distinct {_PARTS.get(table, _ONE)} from {rows}"


def parts_brought(table: str, frame: pl.DataFrame) -> set[str] | None:
    """The parts of the rows of a frame; None where it takes the database to tell, or what is stored."""
    part = _PARTS.get(table, _ONE)
    if part == _ONE:
        return {""}
    return set(frame[part].unique().to_list()) if part in frame.columns else None


def note_touched(builder: Builder, table: str, parts: AbstractSet[str]) -> None:
    """Note that a commit touched these parts of a table."""
    known = builder.rows("select part from touched_parts where table_name = $name", {"name": table})
    new = sorted(parts - {str(part) for (part,) in known})
    if new:
        builder.execute(
            "insert into touched_parts select $name, unnest($parts::varchar[])", {"name": table, "parts": new}
        )


def told_by(table: str, columns: Iterable[str]) -> bool:
    """Whether these columns of a row tell which part it is in."""
    return _NEEDED.get(table, frozenset()).issubset(columns)


def changed_parts(now: pl.DataFrame, before: pl.DataFrame) -> dict[str, list[str]] | None:
    """The parts that are not as they were, by table; None when more than `SHARE` of all rows lie in them."""
    import polars as pl

    key = ["table_name", "part"]
    new = now.join(before, on=now.columns, how="anti")
    gone = before.join(now, on=key, how="anti")
    if int(new["rows"].sum()) + int(gone["rows"].sum()) > SHARE * int(now["rows"].sum()):
        return None
    changed: dict[str, list[str]] = {}
    for table, part in pl.concat([new.select(key), gone.select(key)]).sort(key).iter_rows():
        changed.setdefault(table, []).append(part)
    return changed


def note_parts(builder: Builder, now: pl.DataFrame) -> None:
    """Write the table `record_parts`."""
    builder.execute(
        "create or replace table record_parts (table_name varchar not null, part varchar not null, rows bigint not null, hash ubigint not null)"
    )
    builder.insert("record_parts", now)


def bring_up(builder: Builder, records: Reader, changed: Mapping[str, Sequence[str]]) -> None:
    """Give a copy of a published file the rows that differ in the parts that changed.

    Leaves in temporary tables what that was: `changed_parts` (table_name, part), and for what services report the rows
    before and after, `was_TABLE` and `now_TABLE`, empty where nothing changed. `lost_commits`: those that are no more, as
    after a rewrite of a history.
    """
    builder.execute("create temp table changed_parts (table_name varchar, part varchar)")
    builder.execute("create temp table lost_commits (repository varchar, sha varchar)")
    for table in KEPT:
        builder.execute(f"create temp table was_{table} as from {table} limit 0")
        builder.execute(f"create temp table now_{table} as from {table} limit 0")
    for table, parts in changed.items():
        asked = {"name": table, "parts": list(parts)}
        builder.execute("insert into changed_parts select $name, unnest($parts::varchar[])", asked)
        _replace(builder, records, table, parts)


def _replace(builder: Builder, records: Reader, table: str, parts: Sequence[object]) -> None:
    wanted, asked = _wanted(table, parts)
    hashes = f"select rowid as row_, hash({', '.join(_COLUMNS[table])}) as hash from {table} {wanted}"
    was, now = (reader.frame(hashes, asked) for reader in (builder, records))
    gone, come = was.join(now, on="hash", how="anti"), now.join(was, on="hash", how="anti")
    rows = f"from {table} where rowid in (select unnest($rows::bigint[]))"
    new = records.frame(rows, {"rows": come["row_"].to_list()})
    left = {"rows": gone["row_"].to_list()}
    if table in KEPT:
        builder.execute(f"insert into was_{table} {rows}", left)
        builder.insert(f"now_{table}", new)
    if table == "commits":
        lost = builder.frame(f"select repository, sha {rows}", left)
        builder.insert("lost_commits", lost.join(new, on=lost.columns, how="anti"))
    builder.execute(f"delete {rows}", left)
    builder.insert(table, new)


def _wanted(table: str, parts: Sequence[object]) -> tuple[str, dict[str, object]]:
    """The condition that finds these parts of a table: their rows first, as DuckDB reads every column of all rows without that."""
    part = f"{_PARTS.get(table, _ONE)} in (select unnest($parts::varchar[]))"
    return f"where rowid in (select rowid from {table} where {part})", {"parts": list(parts)}
