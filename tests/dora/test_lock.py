"""The write lock between processes: who holds it, waiting for it, and letting go when its holder dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from dora.errors import LockedError, WarehouseError
from dora.lock import write_lock
from tests.dora.processes import dora, environment

HOLD = """
import sys
from pathlib import Path
from dora.lock import write_lock
with write_lock(Path(sys.argv[1]), "dora ingest"):
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input is closed."""
    command = [sys.executable, "-c", HOLD, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=environment(), text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def test_second_writer_is_told_who_writes_and_since_when(tmp_path: Path) -> None:
    path = tmp_path / "dora.duckdb"
    with holder(path) as process, pytest.raises(LockedError) as raised, write_lock(path, "dora build"):
        pass
    assert f"`dora ingest` (process {process.pid} on " in str(raised.value)
    assert " since 20" in str(raised.value)
    assert "--wait SECONDS" in str(raised.value)


def test_waiting_gets_the_lock_when_it_is_let_go(tmp_path: Path) -> None:
    got = []

    def wait() -> None:
        with write_lock(tmp_path / "dora.duckdb", "dora build", 60):
            got.append("lock")

    with holder(tmp_path / "dora.duckdb") as process:
        waiting = Thread(target=wait)
        waiting.start()
        assert process.stdin is not None
        process.stdin.close()
        waiting.join(60)
    assert got == ["lock"]


def test_killed_holder_leaves_the_lock_free(tmp_path: Path) -> None:
    with holder(tmp_path / "dora.duckdb") as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        with write_lock(tmp_path / "dora.duckdb", "dora build"):
            pass


def test_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError), write_lock(tmp_path / "dora.duckdb", "dora build"):
        raise WarehouseError("something")
    with write_lock(tmp_path / "dora.duckdb", "dora build"):
        pass


def test_unreadable_text_of_the_holder_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "dora.duckdb"
    with holder(path):
        path.with_name("dora.duckdb.lock").write_bytes(b"\xff[1")
        with pytest.raises(LockedError, match="another process"), write_lock(path, "dora build"):
            pass


def test_every_writing_command_waits_or_says_who_writes(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nfolder = "."\n')
    dora(tmp_path, "record", "deployment", "service=shop", "status=succeeded")
    with holder(tmp_path / "dora.duckdb"):
        for words in (["build"], ["ingest"], ["record", "--wait", "0.1", "deployment", "service=shop"]):
            done = dora(tmp_path, *words, code=1)
            assert done.stdout == ""
            assert "is being written by `dora ingest`" in done.stderr
        dora(tmp_path, "metrics")
