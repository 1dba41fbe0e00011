"""The inter-process write lock: one writer at a time, and a clear word about who it is.

An advisory `flock` on a small file beside the warehouse; the kernel lets go of it when its holder dies, however
it dies, so a stale lock cannot exist. The file's text says who holds it and since when.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dora.errors import LockedError, WarehouseError


@contextmanager
def write_lock(path: Path, command: str, wait_seconds: float = 0.0) -> Iterator[None]:
    """Hold the lock of the warehouse at `path`; `LockedError` when it is not free within `wait_seconds`."""
    file = path.with_name(path.name + ".lock")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise WarehouseError(
            f"{file.parent}: cannot be written ({error.strerror}); choose another [warehouse] path or make the folder writable"
        ) from None
    try:
        _acquire(handle, file, wait_seconds)
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "command": command, "since": _now()}
        os.ftruncate(handle, 0)
        os.pwrite(handle, json.dumps(holder).encode(), 0)
        yield
    finally:
        os.close(handle)


def _acquire(handle: int, file: Path, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise LockedError(f"{_holder(file)}; wait for it, or use --wait SECONDS") from None
            time.sleep(0.05)


def _holder(file: Path) -> str:
    try:
        holder = json.loads(file.read_text())
        return f"the warehouse is being written by `{holder['command']}` (process {holder['pid']} on {holder['host']}) since {holder['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "the warehouse is being written by another process"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
