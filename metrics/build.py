"""Records -> facts: the one place that runs lineage, ledger and changes over all services and writes the tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dora.definitions import Definitions
from dora.overrides import Overrides
from dora.warehouse import Builder, Reader
from metrics import failures, quality
from metrics.deployments import (
    Deployed,
    Line,
    known_deployments,
    lines,
    replay_slots,
)
from metrics.placement import placed
from metrics.repository import Repository
from metrics.service_facts import Facts, Inputs, ServiceFacts
from metrics.services import Ownership, ServiceMap, ServiceName, discovered, matches

if TYPE_CHECKING:
    import polars as pl

SQL = Path(__file__).parent / "sql"
Row = Mapping[str, object]
#: Raised when the same records and settings would give other facts, so that every published file is rebuilt.
BUILD_VERSION = 3


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
        return hashlib.sha256(f"{BUILD_VERSION}:{text}".encode()).hexdigest()[:12]


def build(builder: Builder, setting: Setting) -> None:
    """Make all fact tables in a copy of the records; times in UTC, empty tables when there are no records."""
    builder.execute((SQL / "facts.sql").read_text())
    frames = {table: _frame(builder, table, rows) for table, rows in facts_of(builder, setting).rows.items() if rows}
    for table, frame in placed(frames).items():
        builder.insert(table, frame)
    definitions = setting.definitions
    quality.record(builder, definitions)
    builder.set_meta(
        definitions=json.dumps(definitions.as_dict(), sort_keys=True),
        definitions_hash=definitions.hash,
        data_as_of=data_as_of(builder),
        organisation=setting.organisation,
        made_up="true" if setting.made_up else None,
    )


def data_as_of(reader: Reader) -> str | None:
    """The newest moment that any record knows of, ISO 8601 in UTC without a zone; None without records."""
    newest = reader.rows((SQL / "data_as_of.sql").read_text())[0][0]
    return None if newest is None else str(newest)


def facts_of(reader: Reader, setting: Setting) -> Facts:
    """All facts as rows by table."""
    facts = Facts()
    records = reader.records("from deployments")
    services = ServiceMap(setting.services or discovered((r["service"], r["repository"]) for r in records))
    deployments = known_deployments(records, services, setting.definitions)
    by_line = lines(deployments)
    repositories = _Repositories(reader)
    slots = replay_slots(records, setting.definitions)
    facts.add(
        "services",
        (
            {"service": s.service, "repository": s.repository, "paths": list(s.paths), "aliases": list(s.aliases)}
            for s in services.services.values()
        ),
    )
    facts.add("team_services", (asdict(o) for o in setting.ownerships))
    incidents = _by_service(reader.records("from incidents"), services, setting.definitions)
    checks: dict[str, list[Row]] = {}
    for check in reader.records("from verifications order by source, id"):
        checks.setdefault(str(check["deployment"]), []).append(check)
    resolve = {name: d.deployment_id for d in deployments for name in (d.record_id, d.deployment_id)}.get
    counts: dict[str, Row] = {}
    for name, service_lines in _grouped(by_line).items():
        repository = repositories.get(services.services[name].repository or _named_repository(service_lines))
        inputs = Inputs(incidents.get(name, []), checks, resolve, setting.overrides)
        ServiceFacts(services.services[name], repository, service_lines, setting.definitions, slots, inputs).run(
            facts, counts
        )
        repositories.release(name, services)
    facts.add("incident_facts", _incident_rows(incidents, facts))
    facts.add("deployment_facts", (_deployment_row(d, counts.get(d.deployment_id, {})) for d in deployments))
    return facts


class _Repositories:
    """Repositories read once, and let go when the last service that needs them is done."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._known = {str(row[0]) for row in reader.rows("select distinct repository from commits")}
        self._open: dict[str, Repository] = {}

    def get(self, name: str | None) -> Repository | None:
        if name is None or name not in self._known:
            return None
        if name not in self._open:
            self._open[name] = Repository(name, self._reader)
        return self._open[name]

    def release(self, service: str, services: ServiceMap) -> None:
        name = services.services[service].repository
        if name and len(services.find(None, name)) < 2:
            self._open.pop(name, None)


def _grouped(by_line: Mapping[tuple[str, str], Line]) -> dict[str, list[Line]]:
    out: dict[str, list[Line]] = {}
    for (service, _), line in sorted(by_line.items()):
        out.setdefault(service, []).append(line)
    return out


def _named_repository(service_lines: Sequence[Line]) -> str | None:
    return next((d.repository for line in service_lines for d in line if d.repository), None)


def _by_service(incidents: Iterable[Row], services: ServiceMap, definitions: Definitions) -> dict[str, list[Row]]:
    """Production incidents by service; one that names no environment is taken for production."""
    out: dict[str, list[Row]] = {}
    for incident in sorted(incidents, key=failures.incident_id):
        environment = cast("str | None", incident["environment"])
        if environment is not None and not matches(environment, definitions.production):
            continue
        for name in services.find(incident["service"], incident["repository"]):
            out.setdefault(name, []).append(incident)
    return out


def _incident_rows(incidents: Mapping[str, Sequence[Row]], facts: Facts) -> Iterator[Row]:
    linked = {
        str(row["evidence_id"]): row["deployment_id"]
        for row in facts.rows.get("failure_evidence", [])
        if row["kind"] == "linked_incident"
    }
    names = (
        "title",
        "severity",
        "impact_started_at",
        "detected_at",
        "acknowledged_at",
        "mitigated_at",
        "resolved_at",
        "url",
    )
    for service, rows in incidents.items():
        for incident in rows:
            key = failures.incident_id(incident)
            yield {"incident_id": key, "service": service, "deployment_id": linked.get(key)} | {
                n: incident[n] for n in names
            }


_FROM_DEPLOYED = tuple(
    f.name for f in fields(Deployed) if f.name not in ("record_id", "commit_rule", "sequence", "position", "shipment", "rework_kinds")
)  # fmt: skip


def _deployment_row(deployed: Deployed, counts: Row) -> Row:
    row: dict[str, object] = {name: getattr(deployed, name) for name in _FROM_DEPLOYED}
    row["relation"] = deployed.shipment.relation if deployed.shipment else None
    row["rework_kinds"] = sorted(deployed.rework_kinds)
    for name in ("commits", "changes", "mainline_changes", "pull_requests"):
        row[name] = counts.get(name, 0)
    row["lines"] = counts.get("lines")
    return row


def _frame(builder: Builder, table: str, rows: Sequence[Row]) -> pl.DataFrame:
    schema = builder.frame(f'from "{table}" limit 0').schema
    import polars as pl

    return pl.DataFrame([[row.get(name) for name in schema] for row in rows], schema=schema, orient="row")
