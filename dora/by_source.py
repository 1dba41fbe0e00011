"""What each source said: how many rows of every table that names sources, and their removal.

Commits, mainlines, paths, tags and people are kept by repository or by person, whoever read them: they are of no source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dora.model import RECORDS, columns
from dora.reader import Builder, Reader
from dora.upsert import remove_others

#: Rows of each table that has any.
Counts = Mapping[str, int]
TABLES = tuple(record.TABLE for record in RECORDS if "source" in columns(record))
_ROWS = " union all ".join(
    f"select source, '{table}', count(*) from {table} where source in (select unnest($names::varchar[])) group by source"
    for table in TABLES
)
_NAMES = " union ".join(f"select source from {table}" for table in (*TABLES, "cursors"))


def known_sources(reader: Reader) -> list[str]:
    """Every source that said something or was read, sorted."""
    return sorted(str(name) for (name,) in reader.rows(_NAMES))


def rows_said(reader: Reader, names: Sequence[str]) -> Mapping[str, Counts]:
    """What each of these sources said; empty for one that said nothing."""
    found: dict[str, dict[str, int]] = {name: {} for name in names}
    for name, table, count in reader.rows(_ROWS, {"names": list(names)}):
        found[str(name)][str(table)] = int(str(count))
    return found


def remove_said(builder: Builder, name: str) -> Counts:
    """Remove what a source said, and where its streams stand; returns what that was."""
    removed = {table: remove_others(builder, table, {"source": name}, None) for table in TABLES}
    builder.execute("delete from cursors where source = ?", [name])
    return {table: count for table, count in removed.items() if count}
