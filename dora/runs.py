"""The log of ingest runs: one JSON line a run, beside the warehouse.

Kept out of the warehouse on purpose: a run that finds nothing new changes no record there. It says when the data
was last known to be complete, which a number needs to tell "nothing happened" from "nobody looked".
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from dora.errors import WarehouseError
from dora.file_errors import file_sentence

_TAIL_BYTES = 1_000_000


def runs_path(warehouse: Path) -> Path:
    """`NAME.runs.ndjson` beside the records file, and so beside its published file, which may be given too."""
    return warehouse.with_name(warehouse.stem.removesuffix(".published") + ".runs.ndjson")


def append_run(warehouse: Path, run: Mapping[str, object]) -> None:
    """Append one line in a single write, so that readers never see half of it."""
    line = json.dumps(run, default=str) + "\n"
    path = runs_path(warehouse)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise WarehouseError(file_sentence(path, error.strerror or str(error))) from None


def read_runs(warehouse: Path, last: int = 50) -> list[dict[str, object]]:
    """The last runs, oldest first, of the log's last megabyte; empty when there is no log. Broken lines are skipped."""
    try:
        with runs_path(warehouse).open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = log.read().decode("utf-8", "replace").split("\n")[-last - 1 :]
    except OSError:
        return []
    runs = []
    for line in lines:
        try:
            runs.append(json.loads(line))
        except ValueError:
            continue
    return [run for run in runs if isinstance(run, dict)]


def last_complete(warehouse: Path) -> datetime | None:
    """When the last run in which every source succeeded began, aware UTC; None when there was none."""
    for run in reversed(read_runs(warehouse)):
        if run.get("complete"):
            with suppress(ValueError):
                return datetime.fromisoformat(str(run.get("started_at"))).astimezone(UTC)
    return None


def last_read(warehouse: Path) -> dict[str, datetime]:
    """When each source was last read to its end, the beginning of that run, aware UTC; others are missing."""
    read: dict[str, datetime] = {}
    for run in read_runs(warehouse):
        streams = run.get("streams")
        told = [stream for stream in streams if isinstance(stream, dict)] if isinstance(streams, list) else []
        failed = {stream.get("source") for stream in told if stream.get("error")}
        with suppress(ValueError):
            at = datetime.fromisoformat(str(run.get("started_at"))).astimezone(UTC)
            read |= {str(s.get("source")): at for s in told if s.get("source") not in failed}
    return read
