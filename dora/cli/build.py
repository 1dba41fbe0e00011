"""`dora build`: facts again from the stored records, after a change of definitions, teams or services."""

from __future__ import annotations

import click

from dora.cli.mismatches import say_mismatches
from dora.cli.options import config_option, note, progress
from dora.config import load_config
from dora.errors import WarehouseError


@click.command("build")
@config_option
@click.option("--wait", type=float, default=0.0, metavar="SECONDS", help="How long to wait for another writer.")
def command(config: str | None, wait: float) -> None:
    """Rebuild all facts from the stored records and publish them; asks no network."""
    from dora.cli.publishing import publish
    from dora.lock import write_lock
    from dora.warehouse import open_warehouse

    loaded = load_config(config)
    if not loaded.warehouse_path.is_file():
        raise WarehouseError(f"{loaded.warehouse_path}: there are no records yet; run `dora ingest` first")
    with write_lock(loaded.warehouse_path, "dora build", wait):
        warehouse = open_warehouse(loaded.warehouse_path, loaded.warehouse.memory_limit)
        try:
            publish(loaded, warehouse, progress())
        finally:
            warehouse.close()
    say_mismatches(loaded)
    note(f"published {loaded.published_path} with definitions {loaded.definitions.hash}")
