"""`dora record`: push one event from a pipeline, or a stream of CloudEvents / CDEvents from stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from dora.cli.mismatches import unknown_to
from dora.cli.options import config_option, note, progress
from dora.config import Config, cache_folder, load_config, salt_value
from dora.errors import ConfigError, DoraError
from dora.tables import nearest

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
    records = _records(loaded, event, values, source)
    with write_lock(loaded.warehouse_path, "dora record", wait):
        warehouse = open_warehouse(loaded.warehouse_path, loaded.warehouse.memory_limit)
        try:
            changed = _store(warehouse, source, records)
            from dora.cli.publishing import publish_if_needed

            publish_if_needed(loaded, warehouse, progress())
        finally:
            warehouse.close()
    note(f"recorded {len(records)} ({changed} new or changed)")
    for sentence in unknown_to(loaded, records):
        note(f"warning: {sentence}")


def _records(config: Config, event: str, values: Sequence[str], source: str) -> list[Record]:
    from ingest.events import EVENTS, records_of_event
    from ingest.source import Context

    if event == "-" and values:
        raise ConfigError(f"`-` reads the event from standard input; {values[0]!r} is one too many")
    if "/" in source:
        raise ConfigError(f"--source {source!r} has a slash, which ends the name in ids such as ci/41; leave it out")
    if event not in ("-", *EVENTS):
        raise ConfigError(f"{event!r} is not an event that can be recorded{nearest(event, EVENTS)}")
    people = Context(cache=cache_folder(), base=config.folder, salt=salt_value(config))
    payload = sys.stdin.buffer.read() if event == "-" else values
    return records_of_event(None if event == "-" else event, payload, source, datetime.now(UTC), people.author)


def _store(warehouse: Warehouse, source: str, records: Sequence[Record]) -> int:
    """Complete what an earlier event of the same id said, then upsert; what is not complete then is a `DoraError`."""
    from dora.frames import frames_of
    from ingest.events import merge

    merged: dict[tuple[object, ...], Record] = {}
    for record in records:
        key = (record.TABLE, *(getattr(record, name) for name in record.KEY))
        old = merged.get(key) or warehouse.stored(record)
        merged[key] = merge(old, record) if old else record
    _check(merged.values())
    return warehouse.commit(source, "recorded", frames_of(list(merged.values())), None, merged=True)


def _check(records: Iterable[Record]) -> None:
    from ingest.rows import unfilled

    for record in records:
        missing = unfilled(record)
        if missing:
            place = "/".join(str(getattr(record, name)) for name in record.KEY)
            raise DoraError(
                f"{record.TABLE} {place}: {missing} is empty, and no earlier event of this id tells it; "
                f"add {missing.split(' or ')[0]}=..., or record the event that tells it first, under the same --source"
            )
