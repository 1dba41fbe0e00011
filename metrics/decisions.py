"""People's decisions against the facts: which are about no known deployment or incident, and which contradict another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, cast

from dora.overrides import Override, Overrides
from dora.warehouse import Reader
from metrics.slices import read_sql


class Decided(NamedTuple):
    """A deployment as a decision about it tells it: of a region, by that region's environment and time."""

    deployment_id: str
    service: str
    environment: str
    version: str | None
    finished_at: datetime | None


def decided(reader: Reader, deployment_id: str) -> Decided:
    """What to write down in a decision about the deployment of this id, which is known."""
    return _decided(reader.rows(read_sql("decided_deployment"), {"id": deployment_id})[0])


def without_deployment(reader: Reader, overrides: Overrides) -> list[Override]:
    """The decisions that no succeeded production deployment of the published facts answers to, in their order."""
    rows = [*overrides.blame, *overrides.absolve]
    if not rows:
        return []
    found = reader.rows(read_sql("decided_deployments"), {"services": sorted({row.service for row in rows})})
    known = [_decided(row) for row in found]
    return [row for row in rows if not any(_answers(deployed, row) for deployed in known)]


def of_unknown_incidents(reader: Reader, overrides: Overrides) -> list[Override]:
    """The blaming decisions whose incident no record has, in their order."""
    found = _named(reader, overrides)
    return [row for row in overrides.blame if row.incident and row.incident not in found]


def of_earlier_incidents(reader: Reader, overrides: Overrides) -> list[Override]:
    """The blaming decisions whose incident was resolved before their deployment had finished, in their order."""
    found = _named(reader, overrides)
    return [row for row in overrides.blame if row.finished_at and _is_earlier(found.get(row.incident or ""), row)]


def _named(reader: Reader, overrides: Overrides) -> dict[str, datetime | None]:
    """When the incidents that decisions name were resolved, by what they may be called; None while open."""
    names = sorted({row.incident for row in overrides.blame if row.incident})
    known = reader.records(read_sql("build/named_incidents"), {"names": names}) if names else []
    return {
        name: cast("datetime | None", row["resolved_at"])
        for row in known
        for name in (str(row["id"]), f"{row['source']}/{row['id']}")
    }


def _is_earlier(resolved_at: datetime | None, row: Override) -> bool:
    return resolved_at is not None and resolved_at < datetime.fromisoformat(str(row.finished_at))


def taken_back(overrides: Overrides) -> list[Override]:
    """The blaming decisions about deployments that another decision absolves, which is the one that counts."""
    absolved = {_about(row) for row in overrides.absolve}
    return [row for row in overrides.blame if _about(row) in absolved]


def _decided(row: Sequence[object]) -> Decided:
    return Decided(*cast("tuple[str, str, str, str | None, datetime | None]", row))


def _about(row: Override) -> tuple[str | None, ...]:
    return (row.deployment, row.service, row.environment)


def _answers(deployed: Decided, row: Override) -> bool:
    named = (deployed.deployment_id, deployed.service, deployed.environment)
    return named == (row.deployment, row.service, row.environment) or row.is_about(deployed)
