"""`dora record`: push one event from a pipeline, or a stream of CloudEvents / CDEvents from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from dora.cli.options import config_option, note, progress
from dora.config import load_config
from dora.errors import DoraError

if TYPE_CHECKING:
    from dora.model import Record
    from dora.warehouse import Warehouse


@click.command("record")
@click.argument("event")
@click.argument("values", nargs=-1, metavar="[KEY=VALUE]...")
@config_option
@click.option("--source", default="recorded", show_default=True, help="The source's name in the warehouse.")
@click.option("--wait", type=float, default=30.0, show_default=True, metavar="SECONDS")
def command(event: str, values: tuple[str, ...], config: str | None, source: str, wait: float) -> None:
    """Record one EVENT: deployment, incident, pipeline_run, verification, flag_change, ... or `-` for JSON on stdin.

    \b
    dora record deployment service=shop environment=production version=v12 sha=4f2a91c
    cat cloudevent.json | dora record -
    """
    from dora.lock import write_lock
    from dora.warehouse import open_warehouse

    loaded = load_config(config)
    records = list(_records(event, values, source))
    with write_lock(loaded.warehouse_path, "dora record", wait):
        warehouse = open_warehouse(loaded.warehouse_path, loaded.warehouse.memory_limit)
        try:
            changed = _store(warehouse, source, records)
            from dora.cli.publishing import publish_if_needed

            publish_if_needed(loaded, warehouse, progress())
        finally:
            warehouse.close()
    note(f"recorded {len(records)} ({changed} new or changed)")


def _records(event: str, values: Sequence[str], source: str) -> Iterator[Record]:
    from ingest.events import records_of_event

    now = datetime.now(UTC)
    if event != "-":
        yield from records_of_event(event, _pairs(values), source, now)
        return
    for payload in _payloads(sys.stdin.buffer.read().decode("utf-8-sig", errors="replace")):
        yield from records_of_event(None, payload, source, now)


def _pairs(values: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals:
            raise DoraError(f"{value!r} is not KEY=VALUE")
        pairs[key] = text
    return pairs


def _payloads(text: str) -> list[object]:
    """One JSON document, an array of them, or one a line."""
    try:
        document = json.loads(text)
    except ValueError as whole:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]
        except ValueError:
            raise DoraError(f"standard input is not JSON: {whole}") from None
    return document if isinstance(document, list) else [document]


def _store(warehouse: Warehouse, source: str, records: Sequence[Record]) -> int:
    """Complete what an earlier event of the same id said, then upsert."""
    from dora.frames import frames_of
    from ingest.events import merge

    merged: dict[tuple[object, ...], Record] = {}
    for record in records:
        key = (record.TABLE, *(getattr(record, name) for name in record.KEY))
        old = merged.get(key) or warehouse.stored(record)
        merged[key] = merge(old, record) if old else record
    return warehouse.commit(source, "recorded", frames_of(list(merged.values())), None)
