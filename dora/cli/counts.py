"""Rows of tables in words."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {"people": ("person", "people"), "rejected": ("rejected row", "rejected rows")}


def counted(count: int, table: str) -> str:
    """The rows of a table: `1 pull request`, `1 person`, `1,200 people`."""
    one, many = _WORDS.get(table, (table.removesuffix("s"), table))
    return f"{count:,} {(one if count == 1 else many).replace('_', ' ')}"


def all_counted(counts: Mapping[str, int]) -> str:
    """The rows of several tables, by name; `no record` for none."""
    return ", ".join(counted(count, table) for table, count in sorted(counts.items())) or "no record"
