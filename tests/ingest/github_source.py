"""A GitHub source that reads from a local server and never sleeps, and what it read, as tables."""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from dora.model import Record, columns
from dora.tables import read_table
from ingest.source import Batch, Context, source_module
from tests.servers import GitHubServer

TOKEN = "ghp_madeUpTokenMadeUpToken00001"
DEPLOY = {"deploy_workflows": ["deploy.yml"], "deployments_from": ["deployments", "releases", "workflows"]}


class Watch:
    """A clock that only waiting moves, and the lines that a person would have seen."""

    def __init__(self, start: float = 1_750_000_000.0) -> None:
        self.now = start
        self.waits: list[float] = []
        self.lines: list[str] = []

    def sleep(self, seconds: float) -> None:
        """Pass the time at once."""
        self.waits.append(seconds)
        self.now += seconds


def source(server: GitHubServer, watch: Watch | None = None, secret: str = TOKEN, **options: Any) -> Any:
    """The source as the command line would build it; `options` are keys of its table."""
    module = source_module("github", "test")
    watch = watch or Watch()
    table = {"repositories": ["acme/shop"], "base_url": server.url, **DEPLOY, **options}
    if "owner" in options:
        table.pop("repositories")
    settings = read_table(module.Options, table, "test")
    place = Path(tempfile.gettempdir())
    variable = settings.private_key_env or settings.token_env
    context = Context(cache=place, base=place, salt="s", secrets={variable: secret}, progress=watch.lines.append)
    return module.open_source("hub", settings, context, sleep=watch.sleep, clock=lambda: watch.now)


def read_all(opened: Any, cursors: dict[str, str | None] | None = None, since: datetime | None = None) -> list[Record]:
    """Everything of every stream, twice over, so that what was unfinished is asked for again."""
    cursors = cursors if cursors is not None else {}
    records: list[Record] = []
    for _ in range(2):
        for stream in opened.streams():
            for batch in opened.batches(stream, cursors.get(stream), since):
                records += batch.records
                cursors[stream] = batch.cursor
    return records


def read_stream(opened: Any, stream: str, cursor: str | None = None, since: datetime | None = None) -> list[Batch]:
    """The batches of one stream, read once."""
    return list(opened.batches(stream, cursor, since))


def tables(records: list[Record]) -> dict[Any, Record]:
    """What a warehouse would hold: of the records with one key the newest, of equally new ones the last."""
    found: dict[Any, Record] = {}
    for record in records:
        key = (record.TABLE, *(getattr(record, name) for name in record.KEY))
        known = found.get(key)
        if known is None or "updated_at" not in columns(type(record)) or _moment(record) >= _moment(known):
            found[key] = record
    return found


def _moment(record: Any) -> float:
    return record.updated_at.timestamp() if record.updated_at else 0.0
