"""Records -> facts: the one place that runs lineage, ledger and changes over all services and writes the tables."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dora.definitions import Definitions
from dora.warehouse import Builder, Reader
from metrics import changes, failures, quality
from metrics.deployments import (
    Deployed,
    Line,
    classify_backward,
    known_deployments,
    lines,
    rehearse,
    replay_slots,
    trace,
)
from metrics.repository import Repository
from metrics.services import Ownership, ServiceMap, ServiceName, discovered, matches

if TYPE_CHECKING:
    import polars as pl

SQL = Path(__file__).parent / "sql"
Row = Mapping[str, object]
#: Raised when the same records and settings would give other facts, so that every published file is rebuilt.
BUILD_VERSION = 1


@dataclass(slots=True)
class Facts:
    """Rows by table while they are made."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table."""
        self.rows.setdefault(table, []).extend(rows)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the facts are built with: the configuration as plain values."""

    definitions: Definitions
    services: Sequence[ServiceName] = ()
    ownerships: Sequence[Ownership] = ()
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
    for table, rows in facts_of(builder, setting).rows.items():
        if rows:
            builder.insert(table, _frame(builder, table, rows))
    definitions = setting.definitions
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
    checks = reader.records("from verifications")
    resolve = {name: d.deployment_id for d in deployments for name in (d.record_id, d.deployment_id)}.get
    counts: dict[str, Row] = {}
    for name, service_lines in _grouped(by_line).items():
        repository = repositories.get(services.services[name].repository or _named_repository(service_lines))
        work = _Service(services.services[name], repository, service_lines, setting.definitions, slots)
        work.evidence = _Inputs(incidents.get(name, []), checks, resolve)
        work.run(facts, counts)
        repositories.release(name, services)
    facts.add("incident_facts", _incident_rows(incidents, facts))
    facts.add("deployment_facts", (_deployment_row(d, counts.get(d.deployment_id, {})) for d in deployments))
    facts.add("quality_facts", quality.findings(facts.rows, records, services))
    return facts


@dataclass(frozen=True, slots=True)
class _Inputs:
    incidents: Sequence[Row]
    checks: Sequence[Row]
    resolve: object


@dataclass(slots=True)
class _Service:
    """One service's lines through lineage, ledger and changes."""

    service: ServiceName
    repository: Repository | None
    lines: Sequence[Line]
    definitions: Definitions
    slots: set[tuple[str, int]]
    evidence: _Inputs = field(default_factory=lambda: _Inputs((), (), None))

    def run(self, facts: Facts, counts: dict[str, Row]) -> None:
        rehearsals = [line for line in self.lines if line[0].is_rehearsal]
        clocks = changes.PullClocks(self.repository) if self.repository else None
        for line in self.lines:
            visited = trace(line, self.repository)
            self._keep_own(line)
            classify_backward(line, self.slots, self.definitions)
            if line[0].is_production:
                rehearse(line, rehearsals)
                self._production(line, visited, clocks, facts, counts)

    def _keep_own(self, line: Line) -> None:
        """In a shared repository only the commits that touch the service's paths are its own."""
        if self.repository is None or not self.service.paths:
            return
        for deployed in line:
            if deployed.shipment:
                deployed.shipment.first = changes.own_commits(
                    self.repository, deployed.shipment.first, self.service.paths
                )
                deployed.shipment.range = changes.own_commits(
                    self.repository, deployed.shipment.range, self.service.paths
                )

    def _production(
        self,
        line: Line,
        visited: bytearray | None,
        clocks: changes.PullClocks | None,
        facts: Facts,
        counts: dict[str, Row],
    ) -> None:
        shipped = failures.Shipped.of(line, self.repository)
        evidence = list(self._ledger(shipped))
        facts.add("failure_evidence", (asdict(row) for row in evidence))
        self._rework(shipped)
        if self.repository is None or visited is None or clocks is None:
            return
        repository, name, environment = self.repository, self.service.service, line[0].environment
        for deployed in line:
            first = deployed.shipment.first if deployed.shipment else []
            rows = list(changes.change_rows(repository, clocks, name, environment, first, deployed if first else None))
            facts.add("change_facts", rows)
            counts[deployed.deployment_id] = _counts(rows)
        if any(d.position is not None for d in line):
            waiting = changes.own_commits(repository, changes.undeployed(repository, visited), self.service.paths)
            facts.add("change_facts", changes.change_rows(repository, clocks, name, environment, waiting, None))
            pulls = list(changes.pull_request_rows(repository, name, environment, shipped.by_commit, visited))
            facts.add("pull_request_facts", pulls)
            _count_pulls(pulls, counts)

    def _ledger(self, shipped: failures.Shipped) -> Iterator[failures.Evidence]:
        inputs = self.evidence
        linked = list(failures.linked_incidents(shipped, inputs.incidents, inputs.resolve))  # type: ignore[arg-type]
        known = {str(row.evidence_id) for row in linked}
        yield from linked
        yield from failures.verifications(shipped, inputs.checks)
        yield from failures.backward_moves(shipped)
        yield from failures.reverts(shipped)
        yield from failures.hotfixes(shipped, self.definitions)
        yield from failures.proximity(shipped, inputs.incidents, known, self.definitions)

    def _rework(self, shipped: failures.Shipped) -> None:
        repository = self.repository
        for deployed in shipped.line:
            if deployed.backward_kind == "rollback":
                deployed.rework_kinds.add("rollback")
            if repository and deployed.shipment and any(_reverting(repository, c) for c in deployed.shipment.range):
                deployed.rework_kinds.add("revert")
        for deployed, _, _ in failures.hotfix_deployments(shipped, self.definitions):
            deployed.rework_kinds.add("hotfix")
        by_id = {d.deployment_id: d for d in shipped.line}
        for incident in self.evidence.incidents:
            fix = _fix_of(incident, shipped, self.evidence.resolve)
            if fix in by_id:
                by_id[fix].rework_kinds.add("incident_fix")


def _fix_of(incident: Row, shipped: failures.Shipped, resolve: object) -> str:
    if incident["fix_deployment"] is not None and callable(resolve):
        return str(resolve(str(incident["fix_deployment"])))
    if incident["fix_pull_request"] is not None:
        deployed = failures.shipping(shipped, cast(int, incident["fix_pull_request"]))
        return deployed.deployment_id if deployed else ""
    return ""


def _reverting(repository: Repository, commit: int) -> bool:
    return repository.columns.subject[commit].startswith(("Revert", "Reapply")) or bool(repository.reverted(commit))


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


def _counts(rows: Sequence[Row]) -> Row:
    return {
        "commits": len(rows),
        "changes": sum(not row["is_merge"] for row in rows),
        "mainline_changes": sum(bool(row["mainline"]) for row in rows),
    }


def _count_pulls(pulls: Iterable[Row], counts: dict[str, Row]) -> None:
    for pull in pulls:
        key = pull["deployment_id"]
        if isinstance(key, str) and key in counts:
            held = counts[key]
            lines_known = pull["lines"] is not None or held.get("lines") is not None
            total = (cast("int | None", held.get("lines")) or 0) + (cast("int | None", pull["lines"]) or 0)
            pulled = cast(int, held.get("pull_requests", 0)) + 1
            counts[key] = {**held, "pull_requests": pulled, "lines": total if lines_known else None}


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
