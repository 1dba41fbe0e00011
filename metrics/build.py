"""Records -> facts: the one place that runs lineage, ledger and changes over all services and writes the tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import cast

from dora.definitions import Definitions
from dora.overrides import Overrides
from dora.warehouse import Builder, Reader
from metrics import quality
from metrics.batch import Rules, build_batches, failed_checks, named_incidents
from metrics.deployments import replay_moves, replay_slots
from metrics.facts_version import FACTS_VERSION
from metrics.named_deployments import named_deployments
from metrics.placement import placed_services
from metrics.services import Ownership, ServiceMap, ServiceName, discovered, matches
from metrics.slices import read_sql

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Setting:
    """What the facts are built with: the configuration as plain values."""

    definitions: Definitions
    services: Sequence[ServiceName] = ()
    ownerships: Sequence[Ownership] = ()
    overrides: Overrides = field(default_factory=Overrides)
    organisation: str = "organisation"
    made_up: bool = False

    @property
    def hash(self) -> str:
        """Twelve hex digits that change with anything the facts depend on besides the records."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(f"{FACTS_VERSION}:{text}".encode()).hexdigest()[:12]


def build(builder: Builder, setting: Setting, read_at: datetime | None = None) -> None:
    """Make all fact tables in a copy of the records, and find what these cannot tell.

    `read_at`: when every source was read last, None where that is not known. Times are in UTC; without records the tables are empty.
    """
    facts(builder, setting)
    quality.record(builder, setting.definitions, read_at=read_at)


def facts(builder: Builder, setting: Setting) -> None:
    """The fact tables alone, without the findings."""
    builder.execute(read_sql("facts"))
    services = prepare(builder, setting)
    make(builder, setting, services, range(len(services)))
    finish(builder, setting)


def prepare(builder: Builder, setting: Setting, again: bool = False) -> list[ServiceName]:
    """Write the services, what records call them, and the moves back; returns the services in the order of their facts.

    `again`: over what was built before, with the moves of services of which a deployment changed; no incident is placed yet.
    """
    builder.execute(read_sql("build/tables"))
    if again:
        builder.execute(read_sql("rebuild/clear"))
    services = _services(builder, setting, again)
    builder.execute(read_sql("rebuild/moving" if again else "build/moving"))
    if not again:
        builder.execute(read_sql("build/wanted_incidents"))
        builder.execute(read_sql("build/placed_incidents"))
    builder.insert("replay_moves", replay_moves(builder, setting.definitions))
    return services


def make(builder: Builder, setting: Setting, services: Sequence[ServiceName], places: Sequence[int]) -> None:
    """Write the facts of the services of these places."""
    builder.execute(read_sql("build/placed_deployments"), {"places": list(places)})
    rules = Rules(
        setting.definitions,
        setting.overrides,
        replay_slots(builder, setting.definitions),
        failed_checks(builder),
        named_deployments(builder, places),
        named_incidents(builder, setting.overrides),
    )
    build_batches(builder, services, places, rules)


def finish(builder: Builder, setting: Setting) -> None:
    """Write what is made of the facts of all services."""
    builder.execute(read_sql("build/incident_facts"))
    definitions = setting.definitions
    builder.set_meta(
        definitions=json.dumps(definitions.as_dict(), sort_keys=True),
        definitions_hash=definitions.hash,
        data_as_of=data_as_of(builder),
        data_from=data_from(builder),
        organisation=setting.organisation,
        made_up="true" if setting.made_up else None,
        facts_version=str(FACTS_VERSION),
    )


def data_as_of(reader: Reader, now: datetime | None = None) -> str | None:
    """The newest moment until `now` that any record knows of, ISO 8601 in UTC without a zone; None without records."""
    return _moment(reader, "data_as_of", {"now": now or datetime.now(UTC)})


def data_from(reader: Reader) -> str | None:
    """The earliest moment of any deployment record, in the same form; None without deployments."""
    return _moment(reader, "data_from")


def _moment(reader: Reader, name: str, asked: Row | None = None) -> str | None:
    moment = reader.rows(read_sql(name), asked)[0][0]
    return None if moment is None else str(moment)


def _services(builder: Builder, setting: Setting, again: bool) -> list[ServiceName]:
    """The services in the order of their facts, written with what records call them and their environments.

    `again`: with what the records that changed called them before.
    """
    known = ServiceMap(setting.services or discovered(builder.rows(read_sql("build/deployed_names"))))  # type: ignore[arg-type]
    services = placed_services(known.services.values(), setting.ownerships)
    places = {service.service: place for place, service in enumerate(services)}
    _insert(builder, "services", [{"position": places[s.service], **asdict(s)} for s in services])
    _insert(builder, "team_services", [asdict(owned) for owned in setting.ownerships])
    own, named = dict(setting.definitions.services), []
    asked = ("build/names", "rebuild/named") if again else ("build/names",)
    for service, repository in dict.fromkeys(row for question in asked for row in builder.rows(read_sql(question))):
        found = known.find(service, repository)
        for name in found:
            named.append({
                "named_service": service, "named_repository": repository, "service": name, "service_position": places[name],
                "repository": known.services[name].repository, "shared": len(found) > 1,
                "judged_as": name if name in own else None,
            })  # fmt: skip
    _insert(builder, "known_names", named)
    _insert(builder, "known_environments", list(_environments(builder, setting.definitions)))
    return services


def _environments(builder: Builder, definitions: Definitions) -> Iterator[Row]:
    """What every environment that records name is: for the organisation (service null), and for services of their own."""
    judged: list[tuple[str | None, Definitions]] = [(None, definitions), *definitions.services]
    for environment in (cast("str | None", row[0]) for row in builder.rows(read_sql("build/environments"))):
        for service, theirs in judged:
            yield {
                "service": service,
                "environment": environment,
                "is_production": matches(environment, theirs.production),
                "is_rehearsal": matches(environment, theirs.rehearsal),
            }


def _insert(builder: Builder, table: str, rows: Sequence[Row]) -> None:
    import polars as pl

    if rows:
        builder.insert(table, pl.DataFrame(rows, infer_schema_length=None))
