"""Reading the published file for a page: opened read-only, kept open, opened anew when it was replaced.

Within one process DuckDB hands out the database it already has open under a path, even when another file has
taken that path. So only one connection exists at any moment, one question is asked at a time, and the connection
is closed before the next is made.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from dora.errors import WarehouseError
from dora.warehouse import Reader
from metrics.facts_version import open_facts

T = TypeVar("T")
#: What tells two published files apart: path, inode, modification time in ns, size.
Identity = tuple[str, int, int, int]
_TRIES = 5
_one_connection = threading.Lock()
#: At most one entry, touched under the lock.
_open: dict[Identity, Reader] = {}


def identity(published: Path) -> Identity:
    """The identity of the file that is at `published` now; WarehouseError when there is none."""
    try:
        state = os.stat(published)
    except FileNotFoundError:
        raise WarehouseError(f"{published}: nothing is published yet; run `dora ingest` first") from None
    except OSError as error:
        raise WarehouseError(f"{published}: cannot be read ({error.strerror}); check its permissions") from error
    return (str(published), state.st_ino, state.st_mtime_ns, state.st_size)


def read(published: Path, question: Callable[[Reader], T]) -> tuple[Identity, T]:
    """Ask the published file one question; returns which file answered, and the answer.

    A file replaced while it is being opened is opened again, so the answer belongs to the identity.
    """
    with _one_connection:
        file = identity(published)
        if file not in _open:
            file = _reopen(published)
        return file, question(_open[file])


def _reopen(published: Path) -> Identity:
    while _open:
        _open.popitem()[1].close()
    for _ in range(_TRIES):
        before = identity(published)
        reader = open_facts(published)
        if identity(published) == before:
            _open[before] = reader
            return before
        reader.close()
    raise WarehouseError(f"{published}: is being replaced faster than it can be opened; load the page again")
