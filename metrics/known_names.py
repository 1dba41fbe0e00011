"""What one can ask about: the teams, services and production environments in the facts, and the span of the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from dora.warehouse import Reader

_SQL = Path(__file__).parent / "sql" / "known_names.sql"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNames:
    """Names in alphabetical order; `environments` are those of production, `other_environments` the rest.

    `first_at` / `last_at`: production deployments, aware UTC, None without any.
    """

    teams: tuple[str, ...]
    services: tuple[str, ...]
    environments: tuple[str, ...]
    other_environments: tuple[str, ...]
    first_at: datetime | None
    last_at: datetime | None


def known_names(reader: Reader) -> KnownNames:
    """The names in the facts; empty tuples when nothing was ingested."""
    row = reader.rows(_SQL.read_text())[0]
    teams, services, environments, others = (tuple(cast("list[str]", names or ())) for names in row[:4])
    first, last = (cast("datetime | None", at) for at in row[4:])
    return KnownNames(
        teams=teams, services=services, environments=environments, other_environments=others,
        first_at=first and first.replace(tzinfo=UTC), last_at=last and last.replace(tzinfo=UTC),
    )  # fmt: skip
