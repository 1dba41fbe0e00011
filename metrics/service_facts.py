"""One service's deployments through lineage, ledger and changes: the rows of facts that it contributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import cast

from dora.definitions import Definitions
from dora.overrides import Overrides
from metrics import changes, failures
from metrics.deployments import Line, classify_backward, rehearse, trace
from metrics.repository import Repository
from metrics.services import ServiceName

Row = Mapping[str, object]


@dataclass(slots=True)
class Facts:
    """Rows by table while they are made."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, rows: Iterable[Row]) -> None:
        """Append rows to a table."""
        self.rows.setdefault(table, []).extend(rows)


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the rules of one service look at besides its deployments.

    `checks` by the deployment they name; `resolve` turns a deployment's id as an incident writes it into ours.
    """

    incidents: Sequence[Row] = ()
    checks: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    resolve: Callable[[str], str | None] = lambda _name: None
    overrides: Overrides = field(default_factory=Overrides)


@dataclass(slots=True)
class ServiceFacts:
    """One service's lines through lineage, ledger and changes."""

    service: ServiceName
    repository: Repository | None
    lines: Sequence[Line]
    definitions: Definitions
    slots: set[tuple[str, int]]
    inputs: Inputs = field(default_factory=Inputs)

    def run(self, facts: Facts, counts: dict[str, Row]) -> None:
        """Add the service's rows to `facts`, and what each deployment shipped to `counts`."""
        rehearsals = [line for line in self.lines if line[0].is_rehearsal]
        for line in self.lines:
            visited = trace(line, self.repository)
            self._keep_own(line)
            classify_backward(line, self.slots, self.definitions)
            if line[0].is_production:
                rehearse(line, rehearsals)
                self._production(line, visited, facts, counts)

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
        facts: Facts,
        counts: dict[str, Row],
    ) -> None:
        shipped = failures.Shipped.of(line, self.repository)
        evidence = list(self._ledger(shipped))
        facts.add("failure_evidence", (asdict(row) for row in evidence))
        self._rework(shipped)
        if self.repository is None or visited is None:
            return
        repository, name, environment = self.repository, self.service.service, line[0].environment
        for deployed in line:
            first = deployed.shipment.first if deployed.shipment else []
            rows = list(changes.change_rows(repository, name, environment, first, deployed if first else None))
            facts.add("change_facts", rows)
            counts[deployed.deployment_id] = _counts(rows)
        if any(d.position is not None for d in line):
            waiting = changes.own_commits(repository, changes.undeployed(repository, visited), self.service.paths)
            facts.add("change_facts", changes.change_rows(repository, name, environment, waiting, None))
            pulls = list(changes.pull_request_rows(repository, name, environment, shipped.by_commit, visited))
            facts.add("pull_request_facts", pulls)
            _count_pulls(pulls, counts)

    def _ledger(self, shipped: failures.Shipped) -> Iterator[failures.Evidence]:
        inputs = self.inputs
        linked = list(failures.linked_incidents(shipped, inputs.incidents, inputs.resolve))
        known = {str(row.evidence_id) for row in linked}
        yield from failures.decisions(shipped, inputs.overrides, inputs.incidents)
        yield from linked
        yield from failures.verifications(shipped, inputs.checks)
        yield from failures.backward_moves(shipped)
        yield from failures.reverts(shipped)
        yield from failures.hotfixes(shipped, self.definitions)
        yield from failures.proximity(shipped, inputs.incidents, known, self.definitions, inputs.resolve)

    def _rework(self, shipped: failures.Shipped) -> None:
        repository = self.repository
        for deployed in shipped.line:
            if deployed.backward_kind == "rollback":
                deployed.rework_kinds.add("rollback")
            if repository and deployed.shipment and any(_reverting(repository, c) for c in deployed.shipment.range):
                deployed.rework_kinds.add("revert")
        for deployed, _, _ in failures.hotfix_deployments(shipped, self.definitions):
            deployed.rework_kinds.add("hotfix")
        for incident in self.inputs.incidents:
            fix = failures.fixing(shipped, incident, self.inputs.resolve)
            if fix is not None:
                fix.rework_kinds.add("incident_fix")


def _reverting(repository: Repository, commit: int) -> bool:
    return repository.columns.subject[commit].startswith(("Revert", "Reapply")) or bool(repository.reverted(commit))


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
