"""Where facts lie in the published file: a team's services side by side, each in time order.

A question about one team then reads a small part of every table, because DuckDB skips the blocks whose range of
`service_position` lies outside. Numbers stand for the texts by which rows would otherwise be found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from dora.definitions import REWORK_KINDS
from metrics.services import Ownership, ServiceName

if TYPE_CHECKING:
    import polars as pl


def placed_services(services: Iterable[ServiceName], ownerships: Sequence[Ownership]) -> list[ServiceName]:
    """By the first of their teams and by name; services of no team come first."""
    teams: dict[str, str] = {}
    for owned in ownerships:
        teams[owned.service] = min(owned.team, teams.get(owned.service, owned.team))
    return sorted(services, key=lambda s: (s.service in teams, teams.get(s.service, ""), s.service))


def rework_bits(kinds: Iterable[str]) -> int:
    """Kinds of rework as bits, the first of `REWORK_KINDS` lowest."""
    return sum(1 << REWORK_KINDS.index(kind) for kind in kinds)


def numbered_evidence(evidence: pl.DataFrame, deployments: pl.DataFrame) -> pl.DataFrame:
    """The ledger's rows with the numbers of the deployments that they name, in the order of the facts."""
    import polars as pl

    live = pl.col("is_production") & (pl.col("status") == "succeeded")
    blamed = deployments.select(
        "deployment_id",
        "service_position",
        "environment",
        deployment_number="number",
        deployed_at=pl.when(live).then("finished_at"),
    )
    recovery = deployments.select(recovery_id="deployment_id", recovery_number="number")
    joined = evidence.join(blamed, on="deployment_id", how="left", maintain_order="left")
    joined = joined.join(recovery, on="recovery_id", how="left", maintain_order="left")
    return joined.sort("service_position", "deployed_at", nulls_last=True, maintain_order=True)
