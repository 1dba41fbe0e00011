"""Deployment records -> deployments of known services in time order, with lineage and what kind of move each was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from dora.definitions import Definitions
from dora.warehouse import Reader
from metrics.lineage import Shipment, ship
from metrics.mainline import ship_along
from metrics.repository import Repository
from metrics.sha_index import Positions
from metrics.slices import read_sql
from metrics.versions import NO_COMMIT, version_number

if TYPE_CHECKING:
    import polars as pl


@dataclass(slots=True)
class Deployed:
    """One succeeded deployment while facts are built: what the rules look at, and what they find out.

    `row`: its place among the deployments that are handled together; what no rule needs stays in that frame.
    """

    row: int
    deployment_id: str
    record_id: str
    source: str
    service: str
    environment: str
    is_production: bool
    is_rehearsal: bool
    version: str | None
    sha: str | None
    commit_rule: str | None
    digest: str | None
    run_id: str | None
    finished_at: datetime
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
    def full_id(self) -> str:
        """SOURCE/ID of its record."""
        return f"{self.source}/{self.record_id}"

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Time order; equal times keep the source's own order."""
        return (self.finished_at, self.sequence, self.deployment_id)


_COLUMNS = (
    "deployment_id", "record_id", "source", "service", "environment", "is_production", "is_rehearsal", "version", "sha",
    "commit_rule", "digest", "run_id", "finished_at", "sequence",
)  # fmt: skip

NOT_READ = "the service's repository is not configured or was not read"
#: One (service, environment): its succeeded deployments in time order.
Line = list[Deployed]


def lines(deployments: pl.DataFrame, positions: Positions) -> dict[tuple[str, str], Line]:
    """Succeeded deployments with a finish time, by (service, environment), in time order.

    `deployments`: rows in the order of `deployment_facts`, see metrics/sql/build/deployments.sql; `positions`: of the
    commits that they name by full sha, -1 for none.
    """
    import polars as pl

    live = deployments.with_row_index("row").filter(
        (pl.col("status") == "succeeded") & pl.col("finished_at").is_not_null()
    )
    rows = live["row"].to_list()
    found = [position if position >= 0 else None for position in positions[rows].tolist()]
    out: dict[tuple[str, str], Line] = defaultdict(list)
    for deployed in map(Deployed, rows, *(live[name].to_list() for name in _COLUMNS), found):
        out[deployed.service, deployed.environment].append(deployed)
    return dict(out)


def trace(line: Line, repository: Repository | None) -> bytearray | None:
    """Resolve versions, ship, and relate each deployment of a line; returns the commits ever contained."""
    for before, after in pairwise(line):
        after.replaced_id = before.deployment_id
    if repository is None:
        for deployed in line:
            deployed.unresolved_reason = NO_COMMIT if deployed.commit_rule == "none" else NOT_READ
            deployed.shipment = Shipment("unresolved")
        return None
    for deployed in line:
        if deployed.position is None:
            deployed.position, deployed.unresolved_reason = repository.resolve(
                deployed.version, deployed.sha, deployed.commit_rule
            )
            if deployed.position is not None:
                deployed.sha = repository.graph.sha(deployed.position)
        elif deployed.sha:
            deployed.sha = deployed.sha.lower()
    commits = [deployed.position for deployed in line]
    along = ship_along(repository.line, commits) if repository.line else None
    shipments, visited = along or ship(repository.graph, commits)
    for deployed, shipment in zip(line, shipments, strict=True):
        deployed.shipment = shipment
        if shipment.previous is not None:
            deployed.previous_id = line[shipment.previous].deployment_id
    return visited


def replay_moves(reader: Reader, definitions: Definitions) -> pl.DataFrame:
    """source, slot, mover, counted_as: the services of the table `moving` that moved to an earlier version in production.

    Configured or not; several that one record of their repository moves count as one. Earlier: a lower version number, or a
    version that was live there before. Slots are `replay_slot_seconds` long and start at the UTC epoch.
    """
    import polars as pl

    numbers: dict[object, tuple[int, ...] | None] = {}
    moves: dict[tuple[str, int, object, object], None] = {}
    for source, mover, counted_as, at_us, seen, before, version in reader.rows(read_sql("build/moves")):
        if not seen:
            for text in (before, version):
                if text not in numbers:
                    numbers[text] = version_number(str(text))
            now, then = numbers[version], numbers[before]
            if now is None or then is None or now >= then:
                continue
        moves[str(source), int(cast(int, at_us) / 1e6 // definitions.replay_slot_seconds), mover, counted_as] = None
    schema = {"source": pl.String, "slot": pl.Int64, "mover": pl.String, "counted_as": pl.String}
    return pl.DataFrame(list(moves), schema=schema, orient="row")


def replay_slots(reader: Reader, definitions: Definitions) -> set[tuple[str, int]]:
    """(source, slot number) in which at least `replay_services` services moved to an earlier version."""
    slots = reader.rows(read_sql("build/replay_slots"), {"services": definitions.replay_services})
    return {(str(source), cast(int, slot)) for source, slot in slots}


def classify_backward(line: Line, slots: set[tuple[str, int]], definitions: Definitions) -> None:
    """Tell rollback, out_of_order and replay apart for every backward deployment of a line."""
    for deployed in line:
        if deployed.shipment and deployed.shipment.relation == "backward":
            if (deployed.source, slot_of(deployed.finished_at, definitions.replay_slot_seconds)) in slots:
                deployed.backward_kind = "replay"
            else:
                deployed.backward_kind = "rollback" if deployed.shipment.live_before else "out_of_order"


def rehearse(line: Line, rehearsals: Sequence[Line]) -> None:
    """Set `rehearsed_at`: when the same version, else the same commit or digest, first succeeded in a rehearsal environment.

    Not after this one; where both commits are known they are the same. All lines are traced before, so that commits are
    those that versions lead to.
    """
    first: dict[tuple[str | None, ...], datetime] = {}
    for deployed in sorted((d for other in rehearsals for d in other), key=lambda d: d.order):
        for called in _called(deployed):
            first.setdefault(called, deployed.finished_at)
            first.setdefault((*called, deployed.sha or None), deployed.finished_at)
    for deployed in line if first else ():
        for called in _called(deployed):
            names = [(*called, deployed.sha), (*called, None)] if deployed.sha else [called]
            at = min((first[name] for name in names if name in first), default=None)
            if at is not None and at <= deployed.finished_at:
                deployed.rehearsed_at = at
                break


def _called(deployed: Deployed) -> list[tuple[str | None, ...]]:
    """What it is known by, each with its kind, what people call it first."""
    names = (("version", deployed.version), ("sha", deployed.sha), ("digest", deployed.digest))
    return [(kind, name) for kind, name in names if name]


def slot_of(at: object, slot_seconds: float) -> int:
    """The number of the slot of time, since the UTC epoch, in which a moment lies."""
    return int((cast(datetime, at) - datetime(1970, 1, 1)).total_seconds() // slot_seconds)
