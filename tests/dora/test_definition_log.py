"""The log of definitions: one line a change, read back as what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dora.definition_log import definition_changes, definition_log_path, log_definitions
from dora.definitions import Definitions
from dora.errors import WarehouseError

FIRST, SECOND = datetime(2025, 1, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)


def test_the_first_build_and_the_same_definitions_again_are_no_change(tmp_path: Path) -> None:
    warehouse = tmp_path / "dora.duckdb"
    log_definitions(warehouse, Definitions(), FIRST)
    log_definitions(warehouse, Definitions(), SECOND)
    assert definition_changes(warehouse) == []
    assert len(definition_log_path(warehouse).read_text().splitlines()) == 1


def test_a_change_says_when_from_what_to_what_and_which_settings(tmp_path: Path) -> None:
    warehouse = tmp_path / "dora.duckdb"
    old, new = Definitions(), Definitions(clock="merged", production=("live", "eu-*"))
    log_definitions(warehouse, old, FIRST)
    log_definitions(warehouse, new, SECOND)
    (change,) = definition_changes(tmp_path / "dora.published.duckdb")
    assert (change.at, change.old, change.new) == (SECOND, old.hash, new.hash)
    assert set(change.settings) == {"clock", "production"}
    assert change.sentence.startswith(
        f"definitions changed on 2025-03-01 ({old.hash} -> {new.hash}: clock committed -> "
    )
    assert "live, eu-*" in change.sentence


def test_going_back_is_a_second_change(tmp_path: Path) -> None:
    warehouse = tmp_path / "dora.duckdb"
    for definitions in (Definitions(), Definitions(bots=False), Definitions()):
        log_definitions(warehouse, definitions, FIRST)
    assert [change.settings for change in definition_changes(warehouse)] == [
        {"bots": (True, False)},
        {"bots": (False, True)},
    ]


@pytest.mark.parametrize(
    "line", ['{"at": "2025', "[1]", '{"at": "x", "hash": "a", "definitions": {}}', '{"hash": "a"}', "7", "\0"]
)
def test_broken_lines_are_passed_over(tmp_path: Path, line: str) -> None:
    warehouse = tmp_path / "dora.duckdb"
    log_definitions(warehouse, Definitions(), FIRST)
    with definition_log_path(warehouse).open("a") as stream:
        stream.write(line + "\n")
    log_definitions(warehouse, Definitions(bots=False), SECOND)
    assert len(definition_changes(warehouse)) == 1


def test_no_log_is_no_change_and_one_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    warehouse = tmp_path / "dora.duckdb"
    assert definition_changes(warehouse) == []
    definition_log_path(warehouse).mkdir()
    with pytest.raises(WarehouseError, match=r"dora\.definitions\.ndjson"):
        log_definitions(warehouse, Definitions(), FIRST)
