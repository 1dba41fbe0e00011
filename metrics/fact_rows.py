"""What the rules found of some services, as rows of the tables of facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING

from dora.definitions import REWORK_KINDS
from metrics import changes
from metrics.failures import Evidence
from metrics.placement import numbered_evidence, rework_bits
from metrics.service_facts import Facts

if TYPE_CHECKING:
    import polars as pl

#: Numbers that each service has for its deployments.
_OF_SERVICE = 1 << 32
_FOUND = ("row", "unresolved_reason", "sha", "previous_id", "replaced_id", "backward_kind", "rehearsed_at")


def fact_rows(deployments: pl.DataFrame, facts: Facts) -> dict[str, pl.DataFrame]:
    """The rows by table; `deployments`: what was read of them, in the order of the facts."""
    import polars as pl

    own = pl.int_range(pl.len()).over("service_position")
    deployments = deployments.with_columns(number=pl.col("service_position").cast(pl.Int64) * _OF_SERVICE + own)
    made = {}
    if facts.changes:
        made["change_facts"] = changes.told_by_deployment(facts.changes, deployments, deployment_number="number")
    if facts.requests:
        told = changes.told_by_deployment(
            facts.requests, deployments, deployment_id="deployment_id", deployed_at="finished_at"
        )
        made["pull_request_facts"] = changes.with_stages(told)
    if deployments.height:
        made["deployment_facts"] = _deployment_facts(deployments, facts, changes.counted(deployments, made))
    if facts.evidence:
        made["failure_evidence"] = numbered_evidence(_evidence(facts.evidence), made["deployment_facts"])
    return made


def _deployment_facts(deployments: pl.DataFrame, facts: Facts, counts: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    deployed = [d for line in facts.lines for d in line]
    types: dict[str, pl.DataType] = {"row": pl.UInt32(), "rehearsed_at": pl.Datetime("us")}
    columns = _columns(deployed, _FOUND, types)
    relations = [d.shipment.relation if d.shipment else None for d in deployed]
    rework = [rework_bits(d.rework_kinds) if d.rework_kinds else 0 for d in deployed]
    found = pl.DataFrame(
        {**columns, "relation": pl.Series(relations, dtype=pl.String), "rework": pl.Series(rework, dtype=pl.Int8)}
    )
    found = found.join(_kinds_of_bits(), on="rework", how="left", maintain_order="left")
    whole = (
        deployments.rename({"sha": "named_sha"})
        .with_row_index("row")
        .join(found, on="row", how="left", maintain_order="left")
    )
    whole = whole.hstack(counts)
    numbers = [name for name in ("commits", "changes", "mainline_changes", "pull_requests") if name in counts.columns]
    return whole.with_columns(
        pl.col(numbers).fill_null(0),
        *(
            pl.lit(0).alias(name)
            for name in ("commits", "changes", "mainline_changes", "pull_requests")
            if name not in numbers
        ),
        sha=pl.coalesce("sha", "named_sha"),
        rework_kinds=pl.col("rework_kinds").fill_null([]),
        rework=pl.col("rework").fill_null(0),
    )


def _kinds_of_bits() -> pl.DataFrame:
    """The kinds of rework, sorted, that every value of the bits stands for."""
    import polars as pl

    every = range(1 << len(REWORK_KINDS))
    kinds = [sorted(kind for bit, kind in enumerate(REWORK_KINDS) if bits & 1 << bit) for bits in every]
    schema = {"rework": pl.Int8(), "rework_kinds": pl.List(pl.String())}
    return pl.DataFrame({"rework": list(every), "rework_kinds": kinds}, schema=schema)


def _evidence(rows: Sequence[Evidence]) -> pl.DataFrame:
    import polars as pl

    types: dict[str, pl.DataType] = {
        "evidence_at": pl.Datetime("us"), "recovered_at": pl.Datetime("us"), "confidence": pl.Float64(),
    }  # fmt: skip
    return pl.DataFrame(_columns(rows, [field.name for field in fields(Evidence)], types))


def _columns(rows: Sequence[object], names: Sequence[str], types: Mapping[str, pl.DataType]) -> dict[str, pl.Series]:
    """Attributes of some rows by name, as texts where no other type is given."""
    import polars as pl

    values = zip(*map(attrgetter(*names), rows), strict=True) if rows else ([] for _ in names)
    return {
        name: pl.Series(column, dtype=types.get(name, pl.String())) for name, column in zip(names, values, strict=True)
    }
