"""Reading the published file while it is being replaced."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from dashboard.reading import identity, read
from dora.errors import WarehouseError
from dora.warehouse import Reader, open_warehouse
from metrics.facts_version import FACTS_VERSION


def _publish(folder: Path, value: str) -> Path:
    target = folder / "published.duckdb"
    warehouse = open_warehouse(folder / "records.duckdb")
    told = {"value": value, "facts_version": str(FACTS_VERSION)}
    warehouse.publish(target, lambda builder: builder.set_meta(**told))
    warehouse.close()
    return target


def _value(reader: Reader) -> str:
    return reader.meta()["value"]


def test_a_missing_file_says_which_command_makes_it(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="nothing is published yet; run `dora ingest` first"):
        read(tmp_path / "none.duckdb", _value)


def test_a_replaced_file_is_another_file_and_is_read_anew(tmp_path: Path) -> None:
    first, old = read(_publish(tmp_path, "old"), _value)
    second, new = read(_publish(tmp_path, "new"), _value)
    assert (old, new) == ("old", "new")
    assert first != second == identity(tmp_path / "published.duckdb")


def test_every_answer_belongs_to_the_file_it_names_while_four_threads_read_and_one_publishes(tmp_path: Path) -> None:
    target = _publish(tmp_path, "0")
    made = {identity(target): "0"}
    answers, errors = [], []
    done = threading.Event()

    def reader() -> None:
        while not done.is_set():
            try:
                answers.append(read(target, _value))
            except WarehouseError as error:
                errors.append(error)

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 12):
        other = tmp_path / str(number)
        other.mkdir()
        draft = _publish(other, str(number))
        state = os.stat(draft)
        made[(str(target), state.st_ino, state.st_mtime_ns, state.st_size)] = str(number)
        os.replace(draft, target)
    done.set()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len({name for name, _ in answers}) > 2
    assert all(made[name] == value for name, value in answers)
