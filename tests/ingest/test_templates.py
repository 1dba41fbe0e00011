"""The templates can be read as they stand, and docs/files.md lists the columns that there are."""

from __future__ import annotations

import csv
import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from dora.model import RECORDS, Record, Rejected, columns
from dora.warehouse import open_warehouse
from ingest.rows import ID_FROM, NEEDED
from ingest.source import Context
from ingest.sources.files import TABLES, Options, open_source
from ingest.sync import sync
from ingest.templates import template_files

KINDS = [kind for kind in RECORDS if kind is not Rejected]
DOCS = (Path(__file__).parents[2] / "docs" / "files.md").read_text(encoding="utf-8")


def documented(table: str) -> dict[str, list[str]]:
    """Column -> the cells of its row in the document's section about a table."""
    section = re.split(r"^## ", DOCS.split(f"\n## {table}\n")[1], flags=re.MULTILINE)[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| `")
    ]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_there_is_one_template_a_table() -> None:
    assert sorted(template_files()) == sorted(f"{table}.csv" for table in TABLES)


@pytest.mark.parametrize("kind", KINDS)
def test_a_template_names_every_column_but_the_source(kind: type[Record]) -> None:
    header, *rows = csv.reader(template_files()[f"{kind.TABLE}.csv"].splitlines())
    assert header == [name for name in columns(kind) if name != "source"]
    assert len(rows) == 2


def test_the_templates_are_read_without_a_rejection(tmp_path: Path) -> None:
    for name, text in template_files().items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    warehouse = open_warehouse(tmp_path / "w.duckdb")
    source = open_source("files", Options(folder="."), Context(cache=tmp_path, base=tmp_path))
    results = sync(warehouse, [source])
    assert [(result.error, result.rejected) for result in results] == [(None, 0)] * len(TABLES)
    for table in TABLES:
        assert warehouse.rows(f"select count(*) from {table}") == [(2,)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_lists_the_columns_of_each_table_in_order(kind: type[Record]) -> None:
    assert list(documented(kind.TABLE)) == list(columns(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_document_says_what_is_needed_and_what_is_the_default(kind: type[Record]) -> None:
    filled = {"source"} | ({"id"} if kind.TABLE in ID_FROM else set())
    alone = {group[0] for group in NEEDED.get(kind.TABLE, ()) if len(group) == 1}
    for field in fields(kind):
        _value, needed, default, meaning = documented(kind.TABLE)[field.name]
        required = (field.default is MISSING and field.name not in filled) or field.name in alone
        assert (needed == "yes") == required
        expected = "" if field.default in (MISSING, None, (), "") else str(field.default)
        assert default.strip("`").lower() == expected.lower()
        assert meaning
