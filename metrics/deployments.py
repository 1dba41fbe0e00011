"""Deployment records -> deployments of known services in time order, with lineage and what kind of move each was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import cast

from dora.definitions import Definitions
from metrics.lineage import Shipment, ship
from metrics.repository import Repository
from metrics.services import ServiceMap, matches
from metrics.versions import version_number


@dataclass(slots=True, kw_only=True)
class Deployed:
    """One deployment while facts are built; the columns of `deployment_facts`, and its shipment."""

    deployment_id: str
    record_id: str
    source: str
    service: str
    repository: str | None
    environment: str
    is_production: bool
    is_rehearsal: bool
    status: str
    version: str | None
    sha: str | None
    commit_rule: str | None
    digest: str | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    actor: str | None
    actor_kind: str | None
    run_id: str | None
    mechanism: str | None
    url: str | None
    sequence: int
    position: int | None = None
    unresolved_reason: str | None = None
    shipment: Shipment | None = None
    previous_id: str | None = None
    replaced_id: str | None = None
    backward_kind: str | None = None
    rehearsed_at: datetime | None = None
    rework_kinds: set[str] = field(default_factory=set)

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Time order; equal times keep the source's own order."""
        return (self.finished_at or self.created_at or datetime.min, self.sequence, self.deployment_id)


#: One (service, environment): its succeeded deployments in time order.
Line = list[Deployed]


def known_deployments(
    records: Iterable[Mapping[str, object]], services: ServiceMap, definitions: Definitions
) -> list[Deployed]:
    """Deployments of known services, in time order; one row a service where a record's repository holds several."""
    out = []
    for record in records:
        names = services.find(record["service"], record["repository"])
        for name in names:
            out.append(_deployed(record, name, len(names) > 1, services, definitions))
    return sorted(out, key=lambda deployed: deployed.order)


def _deployed(
    record: Mapping[str, object], service: str, shared: bool, services: ServiceMap, definitions: Definitions
) -> Deployed:
    names = ("source", "environment", "status", "version", "sha", "commit_rule", "digest", "created_at", "started_at",
             "finished_at", "actor", "actor_kind", "run_id", "mechanism", "url")  # fmt: skip
    values = {name: record[name] for name in names}
    environment = cast(str, record["environment"])
    key = f"{record['source']}/{record['id']}"
    return Deployed(
        deployment_id=f"{key}#{service}" if shared else key,
        record_id=str(record["id"]),
        service=service,
        repository=services.services[service].repository or cast("str | None", record["repository"]),
        is_production=matches(environment, definitions.production),
        is_rehearsal=matches(environment, definitions.rehearsal),
        sequence=cast("int | None", record["sequence"]) or 0,
        **values,  # type: ignore[arg-type]
    )


def lines(deployments: Iterable[Deployed]) -> dict[tuple[str, str], Line]:
    """Succeeded deployments with a finish time, by (service, environment), in time order."""
    out: dict[tuple[str, str], Line] = defaultdict(list)
    for deployed in deployments:
        if deployed.status == "succeeded" and deployed.finished_at is not None:
            out[deployed.service, deployed.environment].append(deployed)
    return dict(out)


def trace(line: Line, repository: Repository | None) -> bytearray | None:
    """Resolve versions, ship, and relate each deployment of a line; returns the commits ever contained."""
    for before, after in pairwise(line):
        after.replaced_id = before.deployment_id
    if repository is None:
        for deployed in line:
            deployed.unresolved_reason = "the service's repository is not configured or was not read"
            deployed.shipment = Shipment("unresolved")
        return None
    for deployed in line:
        deployed.position, deployed.unresolved_reason = repository.resolve(
            deployed.version, deployed.sha, deployed.commit_rule
        )
        if deployed.position is not None:
            deployed.sha = repository.graph.shas[deployed.position]
    shipments, visited = ship(repository.graph, [deployed.position for deployed in line])
    for deployed, shipment in zip(line, shipments, strict=True):
        deployed.shipment = shipment
        if shipment.previous is not None:
            deployed.previous_id = line[shipment.previous].deployment_id
    return visited


def replay_slots(records: Iterable[Mapping[str, object]], definitions: Definitions) -> set[tuple[str, int]]:
    """(source, slot number) in which at least `replay_services` services moved to an earlier version.

    Counts every service of the source in production, configured or not. Earlier: a lower version number, or a
    version that was live there before. Slots are `replay_slot_seconds` long and start at the UTC epoch.
    """
    last: dict[tuple[object, ...], str] = {}
    live: dict[tuple[object, ...], set[str]] = defaultdict(set)
    movers: dict[tuple[str, int], set[object]] = defaultdict(set)
    for record in _in_order(records, definitions):
        version = str(record["version"] or record["sha"])
        key = (record["source"], record["environment"], record["service"] or record["repository"])
        if _is_earlier(version, last.get(key), live[key]):
            slot = int(_epoch(record["finished_at"]) // definitions.replay_slot_seconds)
            movers[str(record["source"]), slot].add(key[2])
        live[key].add(version)
        last[key] = version
    return {slot for slot, names in movers.items() if len(names) >= definitions.replay_services}


def classify_backward(line: Line, slots: set[tuple[str, int]], definitions: Definitions) -> None:
    """Tell rollback, out_of_order and replay apart for every backward deployment of a line."""
    for deployed in line:
        if deployed.shipment and deployed.shipment.relation == "backward":
            slot = int(_epoch(deployed.finished_at) // definitions.replay_slot_seconds)
            if (deployed.source, slot) in slots:
                deployed.backward_kind = "replay"
            else:
                deployed.backward_kind = "rollback" if deployed.shipment.live_before else "out_of_order"


def rehearse(line: Line, rehearsals: Sequence[Line]) -> None:
    """Set `rehearsed_at`: the first success of the same version in a rehearsal environment, not after this one."""
    first: dict[str, datetime] = {}
    for deployed in sorted((d for other in rehearsals for d in other), key=lambda d: d.order):
        if deployed.finished_at is not None:
            first.setdefault(str(deployed.version or deployed.sha), deployed.finished_at)
    for deployed in line:
        at = first.get(str(deployed.version or deployed.sha))
        if at is not None and deployed.finished_at is not None and at <= deployed.finished_at:
            deployed.rehearsed_at = at


def _in_order(records: Iterable[Mapping[str, object]], definitions: Definitions) -> list[Mapping[str, object]]:
    kept = [
        r
        for r in records
        if r["status"] == "succeeded" and r["finished_at"] is not None and (r["version"] or r["sha"])
        and matches(cast(str, r["environment"]), definitions.production)
    ]  # fmt: skip
    return sorted(kept, key=lambda r: (r["finished_at"], r["sequence"] or 0, r["id"]))


def _is_earlier(version: str, last: str | None, live: set[str]) -> bool:
    if last is None or version == last:
        return False
    if version in live:
        return True
    number, before = version_number(version), version_number(last)
    return number is not None and before is not None and number < before


def _epoch(at: object) -> float:
    return (cast(datetime, at) - datetime(1970, 1, 1)).total_seconds()
