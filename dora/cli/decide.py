"""`dora blame` and `dora absolve`: what people decided about a deployment, kept in a reviewed file."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from dora.cli.mismatches import say_mismatches
from dora.cli.options import config_option, deployment_meant, note, progress, reading
from dora.config import Config, load_config
from dora.errors import ConfigError, WarehouseError
from dora.overrides import Decision, Override, append_override


@click.command("blame")
@click.argument("deployment")
@config_option
@click.option("--incident", metavar="ID", help="The incident it caused, as its source names it.")
@click.option("--reason", metavar="TEXT", help="Why people say that it failed.")
@click.option("--wait", type=float, default=30.0, show_default=True, metavar="SECONDS")
def blame(deployment: str, config: str | None, incident: str | None, reason: str | None, wait: float) -> None:
    """Record that DEPLOYMENT failed, whatever the rules say (an id, a part of one, or service@version).

    Of two decisions about one deployment that contradict each other, the one that absolves it wins, whichever is later.
    """
    if not incident and not reason:
        raise ConfigError("say why: --incident ID, --reason TEXT, or both")
    _decide("blame", deployment, config, incident, reason or f"it caused incident {incident}", wait)


@click.command("absolve")
@click.argument("deployment")
@config_option
@click.option("--reason", required=True, metavar="TEXT", help="Why people say that it did not fail.")
@click.option("--wait", type=float, default=30.0, show_default=True, metavar="SECONDS")
def absolve(deployment: str, config: str | None, reason: str, wait: float) -> None:
    """Record that DEPLOYMENT did not fail, whatever the rules say.

    It wins over a decision to blame it, whichever is later. A decision is withdrawn by removing it from the file.
    """
    _decide("absolve", deployment, config, None, reason, wait)


def _decide(decision: Decision, text: str, config: str | None, incident: str | None, reason: str, wait: float) -> None:
    loaded = load_config(config)
    override = _override(text, config, incident, reason)
    append_override(loaded.overrides_path, decision, override)
    note(
        f"{decision}: {override.service} {override.version or ''} ({override.deployment}) in {loaded.overrides_path.name}"
    )
    _rebuild(loaded, decision, wait)
    say_mismatches(loaded)


def _override(text: str, config: str | None, incident: str | None, reason: str) -> Override:
    from metrics.decisions import decided

    with reading(config) as reader:
        about = decided(reader, deployment_meant(reader, text))
    return Override(
        deployment=about.deployment_id,
        service=about.service,
        environment=about.environment,
        version=about.version,
        finished_at=None if about.finished_at is None else str(about.finished_at),
        reason=reason,
        incident=incident,
        decided_at=datetime.now(UTC).strftime("%Y-%m-%d"),
    )


def _rebuild(config: Config, decision: Decision, wait: float) -> None:
    from dora.cli.publishing import publish_if_needed
    from dora.lock import write_lock
    from dora.warehouse import open_warehouse

    if not config.warehouse_path.is_file():
        raise WarehouseError(f"{config.warehouse_path}: the records are not here; run `dora build` where they are")
    with write_lock(config.warehouse_path, f"dora {decision}", wait):
        warehouse = open_warehouse(config.warehouse_path, config.warehouse.memory_limit)
        try:
            publish_if_needed(config, warehouse, progress())
        finally:
            warehouse.close()
