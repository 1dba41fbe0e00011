"""Where facts lie in the published file: a team's services side by side, each in time order.

A question about one team then reads a small part of every table, because DuckDB skips the blocks whose range of
`service_position` lies outside. Numbers stand for the texts by which rows would otherwise be found.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dora.definitions import REWORK_KINDS

if TYPE_CHECKING:
    import polars as pl

_CLOCKS = {
    "deployment_facts": "finished_at",
    "change_facts": "deployed_at",
    "pull_request_facts": "deployed_at",
    "incident_facts": "detected_at",
}


def placed(frames: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """The frames of facts with their positions and numbers filled in, sorted by them; tables without rows stay out."""
    if "services" not in frames:
        return dict(frames)
    services = _services(frames["services"], frames.get("team_services"))
    places = services.select("service", service_position="position")
    out = {**frames, "services": services}
    for table, clock in _CLOCKS.items():
        if table in frames:
            out[table] = _by_place(frames[table].drop("service_position"), places, clock)
    if "deployment_facts" in out:
        out["deployment_facts"] = _numbered(out["deployment_facts"])
        if "failure_evidence" in frames:
            out["failure_evidence"] = _evidence(frames["failure_evidence"], out["deployment_facts"])
    return out


def _services(services: pl.DataFrame, owned: pl.DataFrame | None) -> pl.DataFrame:
    """By the first of their teams and by name; services of no team come first."""
    import polars as pl

    if owned is None:
        ordered = services.sort("service")
    else:
        teams = owned.group_by("service").agg(pl.col("team").min())
        ordered = services.join(teams, on="service", how="left").sort("team", "service").drop("team")
    return ordered.with_columns(position=pl.int_range(pl.len(), dtype=pl.Int32))


def _by_place(frame: pl.DataFrame, places: pl.DataFrame, clock: str) -> pl.DataFrame:
    return frame.join(places, on="service", how="left").sort(
        "service_position", clock, nulls_last=True, maintain_order=True
    )


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    kinds = pl.col("rework_kinds")
    bits = (kinds.list.contains(kind).cast(pl.Int8) * (1 << bit) for bit, kind in enumerate(REWORK_KINDS))
    return frame.with_columns(
        number=pl.int_range(pl.len(), dtype=pl.Int32), rework=pl.sum_horizontal(bits).cast(pl.Int8)
    )


def _evidence(evidence: pl.DataFrame, deployments: pl.DataFrame) -> pl.DataFrame:
    """The ledger's rows with the numbers of the deployments that they name."""
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
    rest = evidence.drop("service_position", "deployment_number", "environment", "deployed_at", "recovery_number")
    joined = rest.join(blamed, on="deployment_id", how="left", maintain_order="left")
    joined = joined.join(recovery, on="recovery_id", how="left", maintain_order="left")
    return joined.sort("service_position", "deployed_at", nulls_last=True, maintain_order=True)
