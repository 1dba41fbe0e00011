"""Configuration -> facts -> the published file; shared by ingest, build, record and demo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dora.config import Config, ownership_instant
from dora.definition_log import log_definitions
from dora.overrides import Overrides, read_overrides
from dora.runs import last_complete

if TYPE_CHECKING:
    from dora.warehouse import Warehouse
    from metrics.build import Setting
    from metrics.services import Ownership, ServiceName


def setting_of(config: Config) -> Setting:
    """What facts are built with, as plain values."""
    from metrics.build import Setting

    return Setting(
        definitions=config.definitions,
        services=services_of(config),
        ownerships=ownerships_of(config),
        overrides=decisions_of(config),
        organisation=config.organisation.name,
        made_up=config.organisation.made_up,
    )


def services_of(config: Config) -> list[ServiceName]:
    """The configured services, in their order; none where records are to tell."""
    from metrics.services import ServiceName

    return [
        ServiceName(service=s.name, repository=s.repository, paths=s.paths, aliases=s.aliases) for s in config.services
    ]


def decisions_of(config: Config) -> Overrides:
    """What people decided; a service that has been renamed since is found by the alias that its old name became."""
    from metrics.services import ServiceMap

    decided, known = read_overrides(config.overrides_path), ServiceMap(services_of(config))
    blame, absolve = (
        tuple(replace(row, service=name) for row in rows for name in known.find(row.service) or [row.service])
        for rows in (decided.blame, decided.absolve)
    )
    return Overrides(blame=blame, absolve=absolve)


def ownerships_of(config: Config) -> list[Ownership]:
    """Which team owns which service, and when."""
    from metrics.services import Ownership

    owned = [Ownership(team=team.name, service=service) for team in config.teams for service in team.services]
    for team in config.teams:
        for row in team.owns:
            since, until = (ownership_instant(end, config.definitions.timezone) for end in (row.since, row.until))
            owned.append(Ownership(team=team.name, service=row.service, owned_from=since, owned_until=until))
    return owned


def publish(
    config: Config,
    warehouse: Warehouse,
    say: Callable[[str], None],
    only_changed: bool = False,
    read_at: datetime | None = None,
) -> None:
    """Build the facts into a new published file and put it in place; all of them, or those that changed records reach.

    `read_at`: the beginning of the run that has just read every source; else what the log of runs tells.
    """
    from metrics.build import build
    from metrics.rebuild import rebuild

    setting = setting_of(config)
    read_at = read_at or last_complete(config.warehouse_path)
    say("building facts")
    # `unpublished` first: killed between here and the end, the next run knows that the published file is older.
    warehouse.set_meta(unpublished="true", definitions_hash=config.definitions.hash, setting_hash=setting.hash)
    warehouse.publish(
        config.published_path,
        lambda builder: build(builder, setting, read_at),
        (lambda builder: rebuild(builder, setting, read_at)) if only_changed else None,
    )
    log_definitions(config.warehouse_path, config.definitions, datetime.now(UTC))
    say("")


def publish_if_needed(
    config: Config, warehouse: Warehouse, say: Callable[[str], None], read_at: datetime | None = None
) -> None:
    """Publish when records or settings changed since the last time, or nothing is published yet.

    Also in the first run of a day that reads every source (`read_at`): what is silent or waits does so for a day longer.
    """
    meta = warehouse.meta()
    current = meta.get("setting_hash") == setting_of(config).hash and meta.get("unpublished") is None
    if not current or not config.published_path.is_file() or _of_another_day(config, read_at):
        publish(config, warehouse, say, only_changed=True, read_at=read_at)


def _of_another_day(config: Config, read_at: datetime | None) -> bool:
    """Whether every source is read for the first time on this day, in UTC as findings have it."""
    last = last_complete(config.warehouse_path)
    return read_at is not None and (last is None or last.date() < read_at.astimezone(UTC).date())
