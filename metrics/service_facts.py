"""One service's deployments through lineage, ledger and changes: the rows of facts that it contributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from dora.definitions import Definitions
from dora.overrides import Overrides
from metrics import changes, failures
from metrics.changes import Picked
from metrics.deployments import Line, classify_backward, rehearse, trace
from metrics.incident_links import Links, Resolve
from metrics.repository import Repository
from metrics.services import ServiceName
from metrics.shipped import Shipped

Row = Mapping[str, object]


@dataclass(slots=True)
class Facts:
    """The facts of some services while they are made: which changes and pull requests, rows of the ledger."""

    changes: list[Picked] = field(default_factory=list)
    requests: list[Picked] = field(default_factory=list)
    evidence: list[failures.Evidence] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the rules of one service look at besides its deployments.

    `checks`: failed ones by the deployment they name; `resolve` tells which deployment an incident means; `named`: the
    incidents of any service that people's decisions name.
    """

    incidents: Sequence[Row] = ()
    checks: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    resolve: Resolve = lambda _incident, _column: None
    overrides: Overrides = field(default_factory=Overrides)
    named: Sequence[Row] = ()


@dataclass(slots=True)
class ServiceFacts:
    """One service's lines through lineage, ledger and changes; `position` is the service's place."""

    service: ServiceName
    position: int
    repository: Repository | None
    lines: Sequence[Line]
    definitions: Definitions
    slots: set[tuple[str, int]]
    inputs: Inputs = field(default_factory=Inputs)
    _live: list[Shipped] = field(default_factory=list, init=False)
    _linked: set[str] = field(default_factory=set, init=False)

    def run(self, facts: Facts) -> None:
        """Add what the service contributes to `facts`."""
        for line in self.lines:
            visited = trace(line, self.repository)
            production = line[0].is_production
            shipped = Shipped.of(line, self.repository, self.service.paths, visited) if production else None
            self._keep_own(line)
            classify_backward(line, self.slots, self.definitions)
            if shipped:
                self._live.append(shipped)
                self._shipped(shipped, facts)
            facts.lines.append(line)
        rehearsals = [line for line in self.lines if line[0].is_rehearsal]
        for shipped in self._live:
            rehearse(shipped.line, rehearsals)
            facts.evidence.extend(self._ledger(shipped))
            self._rework(shipped)
        for shipped in self._live:
            facts.evidence.extend(self._nearby(shipped))

    def _keep_own(self, line: Line) -> None:
        """In a shared repository only the commits that touch the service's paths are its own."""
        if self.repository is None or not self.service.paths:
            return
        for deployed in line:
            if deployed.shipment:
                deployed.shipment.first = self.repository.own(deployed.shipment.first, self.service.paths)
                deployed.shipment.range = self.repository.own(deployed.shipment.range, self.service.paths)

    def _shipped(self, shipped: Shipped, facts: Facts) -> None:
        """Its changes and pull requests."""
        line = shipped.line
        if self.repository is None or all(d.position is None for d in line):
            return
        repository = self.repository
        place = changes.Place(self.position, self.service.service, line[0].environment, repository.name)
        first = [(d, d.shipment.first) for d in line if d.shipment and d.shipment.first]
        waiting = repository.own(shipped.waiting, self.service.paths)
        facts.changes.append(changes.picked_changes(place, repository, first, waiting))
        ready = self.definitions.pickup_from == "ready"
        facts.requests.append(changes.picked_requests(place, repository, shipped, from_ready=ready))

    def _ledger(self, shipped: Shipped) -> Iterator[failures.Evidence]:
        inputs, incidents = self.inputs, self._incidents(shipped)
        yield from self._told(failures.decisions(shipped, inputs.overrides, inputs.named, self._links))
        yield from self._told(failures.linked_incidents(shipped, incidents, self._links))
        yield from failures.verifications(shipped, inputs.checks)
        yield from failures.backward_moves(shipped)
        yield from failures.reverts(shipped)
        yield from failures.hotfixes(shipped, self.definitions, incidents, self._links)

    def _told(self, rows: Iterable[failures.Evidence]) -> Iterator[failures.Evidence]:
        """Evidence that tells which deployment an incident is about."""
        for row in rows:
            if row.kind != "absolved":
                self._linked.add(str(row.evidence_id))
            yield row

    def _nearby(self, shipped: Shipped) -> Iterator[failures.Evidence]:
        """What nothing better is known of, in any environment of the service."""
        others = self._others(shipped)
        incidents = [i for i in self.inputs.incidents if i["environment"] not in others]
        yield from failures.proximity(shipped, incidents, self._linked, self.definitions, self._links)

    @property
    def _links(self) -> Links:
        return Links(self.inputs.resolve, self._live)

    def _others(self, shipped: Shipped) -> set[str]:
        """The service's other production environments."""
        return {other.line[0].environment for other in self._live} - {shipped.line[0].environment}

    def _incidents(self, shipped: Shipped) -> Sequence[Row]:
        """Those that may be about this line: not what names another environment, unless it names a deployment itself."""
        others = self._others(shipped)
        return [
            i for i in self.inputs.incidents if i["environment"] not in others or i["deployment"] or i["fix_deployment"]
        ]

    def _rework(self, shipped: Shipped) -> None:
        reverting = self.repository.reverting if self.repository else frozenset()
        for deployed in shipped.line:
            if deployed.backward_kind == "rollback":
                deployed.rework_kinds.add("rollback")
            if reverting and deployed.shipment and not reverting.isdisjoint(shipped.ranged(deployed.shipment)):
                deployed.rework_kinds.add("revert")
        for deployed, _, _ in failures.hotfix_deployments(shipped, self.definitions):
            deployed.rework_kinds.add("hotfix")
        for incident in self._incidents(shipped):
            fix = self._links.fixing(shipped, incident)
            if fix is not None:
                fix.rework_kinds.add("incident_fix")
