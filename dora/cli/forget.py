"""`dora ingest --forget`: remove what sources said that are configured no more."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from dora.cli.counts import all_counted
from dora.cli.speech import note, progress
from dora.config import Config
from dora.errors import ConfigError, WarehouseError
from dora.tables import nearest

if TYPE_CHECKING:
    from dora.by_source import Counts
    from dora.warehouse import Reader, Warehouse


def forget_sources(config: Config, names: Sequence[str], wait: float, dry_run: bool) -> None:
    """Remove all that these sources said, in one transaction, say what that was, and publish; `dry_run`: only say it."""
    from dora.cli.publishing import publish_if_needed
    from dora.lock import write_lock
    from dora.warehouse import open_warehouse

    _refuse_configured(config, names)
    if not config.warehouse_path.is_file():
        raise WarehouseError(f"{config.warehouse_path}: there are no records yet, and so nothing to forget")
    with write_lock(config.warehouse_path, "dora ingest --forget", wait):
        warehouse = open_warehouse(config.warehouse_path, config.warehouse.memory_limit)
        try:
            _say(_forget(config, warehouse, list(dict.fromkeys(names)), dry_run), dry_run)
            if not dry_run:
                publish_if_needed(config, warehouse, progress())
        finally:
            warehouse.close()


def retired(config: Config, reader: Reader) -> dict[str, Counts]:
    """What sources said that an ingest once read and that no `[[source]]` names now, by source; none where it is nothing.

    What `dora record` stored is of sources that no ingest reads: they are not among these.
    """
    from dora.by_source import rows_said

    gone = {source for source, _ in reader.cursors()}.difference(table.name for table in config.sources)
    return {name: counts for name, counts in rows_said(reader, sorted(gone)).items() if counts} if gone else {}


def forgetting(name: str) -> str:
    """The command that removes what a source said."""
    return f"`dora ingest --forget {shlex.quote(name)}`"


def _refuse_configured(config: Config, names: Sequence[str]) -> None:
    configured = {table.name for table in config.sources}
    for name in names:
        if name in configured:
            raise ConfigError(
                f"--forget: {name!r} is a [[source]] of {config.file}; `dora ingest --full {shlex.quote(name)}` reads it "
                "anew; to remove what it said, take it out of there first"
            )


def _forget(config: Config, warehouse: Warehouse, names: Sequence[str], dry_run: bool) -> Mapping[str, Counts]:
    from dora.by_source import known_sources, rows_said

    _check_known(names, {*known_sources(warehouse)}.difference(table.name for table in config.sources))
    return rows_said(warehouse, names) if dry_run else warehouse.remove(names)


def _check_known(names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            others = nearest(name, known) if known else "; all records are of sources that are configured"
            raise ConfigError(f"--forget: no record is of a source {name!r}{others}")


def _say(removed: Mapping[str, Counts], dry_run: bool) -> None:
    if dry_run:
        note("dry run: nothing is removed")
    for name, counts in removed.items():
        note(f"{'would forget' if dry_run else 'forgot'} {name!r}: {all_counted(counts)}")
