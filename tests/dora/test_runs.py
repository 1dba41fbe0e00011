"""The log of ingest runs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dora.errors import WarehouseError
from dora.runs import append_run, last_complete, read_runs, runs_path


def test_last_complete_run_counts_and_later_failures_do_not(tmp_path: Path) -> None:
    warehouse = tmp_path / "dora.duckdb"
    for hour, complete in ((1, True), (2, True), (3, False)):
        append_run(warehouse, {"started_at": f"2025-01-01T0{hour}:00:00+00:00", "complete": complete})
    assert last_complete(warehouse) == datetime(2025, 1, 1, 2, tzinfo=UTC)
    assert len(read_runs(warehouse, 2)) == 2


@pytest.mark.parametrize(
    "line", ['{"complete": tr', "[1]", '{"complete": true}', '{"complete": true, "started_at": "x"}', "\0"]
)
def test_broken_lines_are_passed_over(tmp_path: Path, line: str) -> None:
    warehouse = tmp_path / "dora.duckdb"
    append_run(warehouse, {"started_at": "2025-01-01T01:00:00+00:00", "complete": True})
    with runs_path(warehouse).open("a") as stream:
        stream.write(line + "\n")
    assert last_complete(warehouse) == datetime(2025, 1, 1, 1, tzinfo=UTC)


def test_no_log_is_no_run(tmp_path: Path) -> None:
    assert read_runs(tmp_path / "dora.duckdb") == []
    assert last_complete(tmp_path / "dora.duckdb") is None


def test_log_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    runs_path(tmp_path / "dora.duckdb").mkdir()
    with pytest.raises(WarehouseError, match=r"dora\.runs\.ndjson"):
        append_run(tmp_path / "dora.duckdb", {"complete": True})
