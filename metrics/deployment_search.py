"""From what a person types to the one deployment it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dora.errors import DoraError
from dora.warehouse import Reader

_SQL = Path(__file__).parent / "sql"
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Meant:
    """The deployment that a text means; `region`: the id that it names where that is of one of several regions."""

    deployment_id: str
    region: str | None = None


def find_deployment(reader: Reader, text: str) -> str:
    """The id of the one deployment that `text` means, see `meant`."""
    return meant(reader, text).deployment_id


def meant(reader: Reader, text: str) -> Meant:
    """The one deployment that `text` names; for a region the deployment that it is part of, which is what counts.

    `text`: an id, a prefix or suffix of exactly one id, `service@version`, or `service@sha` (7 digits or more);
    production wins over other environments. Errors: `DoraError` listing up to five candidates when several
    deployments match, or the nearest ones when none does.
    """
    wanted = text.strip()
    if not wanted:
        raise DoraError("no deployment named; give an id, the start or end of one, or service@version")
    service, _, version = wanted.rpartition("@")
    sha = version if len(version) >= 7 and set(version) <= set("0123456789abcdef") else None
    values = {"text": wanted, "service": service, "version": version, "sha": sha}
    rows = reader.records((_SQL / "story_find.sql").read_text(), values)
    best = [row for row in rows if row["rank"] == rows[0]["rank"]]
    if len(best) == 1:
        region = best[0]["region"]
        return Meant(str(best[0]["deployment_id"]), None if region is None else str(region))
    if best:
        raise DoraError(f"{wanted!r} means {_many(best)} deployments; use one of these ids:\n{_listed(best)}")
    raise DoraError(_none(reader, wanted, service))


def _none(reader: Reader, wanted: str, service: str) -> str:
    values = {"text": wanted[:200], "service": service or wanted, "count": _SHOWN}
    near = reader.records((_SQL / "story_near.sql").read_text(), values)
    if not near:
        return f"no deployment {wanted!r}: the data holds no production deployment yet; run `dora ingest`"
    return f"no deployment {wanted!r}; the nearest are:\n{_listed(near)}\n`dora deploys` lists all"


def _many(rows: Sequence[Mapping[str, object]]) -> str:
    return "200 or more" if len(rows) >= 200 else str(len(rows))


def _listed(rows: Sequence[Mapping[str, object]]) -> str:
    lines = [
        f"  {row['deployment_id']}  {row['service']}@{row['version'] or 'unknown'}  {row['environment']}"
        f"  {str(row['finished_at'] or 'not finished')[:16]}"
        for row in rows[:_SHOWN]
    ]
    return "\n".join(lines + (["  …"] if len(rows) > _SHOWN else []))
