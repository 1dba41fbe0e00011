"""What the facts were built with: the services, who owned which when, and what nobody owned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from weakref import WeakKeyDictionary

from dora.definitions import NO_TEAM
from dora.warehouse import Reader
from metrics.services import Ownership, ServiceName

_SQL = Path(__file__).parent / "sql"


@dataclass(frozen=True, slots=True)
class Directory:
    """The published services, their positions in the order of their names, and by team what it owned when.

    `owned`: of published services alone, and under `NO_TEAM` what no team owned for a time or ever.
    """

    services: Sequence[ServiceName]
    positions: Mapping[str, int]
    ownerships: Sequence[Ownership]
    owned: Mapping[str, Sequence[Ownership]]
    organisation: str


#: A published file never changes under its reader, so its services and teams are read once.
_directories: WeakKeyDictionary[Reader, Directory] = WeakKeyDictionary()


def directory(reader: Reader) -> Directory:
    """The services and teams of a published file."""
    return _directories.get(reader) or _directories.setdefault(reader, _read(reader))


def _read(reader: Reader) -> Directory:
    services, ownerships = dict(_services(reader)), list(_ownerships(reader))
    positions = {known.service: position for known, position in services.items()}
    owned: dict[str, list[Ownership]] = {}
    published = [row for row in ownerships if row.service in positions]
    for row in (*published, *_nobodys([*positions], published)):
        owned.setdefault(row.team, []).append(row)
    return Directory([*services], positions, ownerships, owned, reader.meta().get("organisation", "organisation"))


def _services(reader: Reader) -> Iterator[tuple[ServiceName, int]]:
    for name, position, repository, paths, aliases in reader.rows((_SQL / "services.sql").read_text()):
        named = cast("str | None", repository)
        known = ServiceName(service=str(name), repository=named, paths=_texts(paths), aliases=_texts(aliases))
        yield known, int(str(position))


def _ownerships(reader: Reader) -> Iterator[Ownership]:
    for team, service, since, until in reader.rows((_SQL / "ownerships.sql").read_text()):
        yield Ownership(team=str(team), service=str(service), owned_from=_aware(since), owned_until=_aware(until))


def _nobodys(services: Sequence[str], owned: Sequence[Ownership]) -> Iterator[Ownership]:
    """What no team owned of these services: all the time, or before, between and after its teams."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    of: dict[str, list[tuple[datetime, datetime]]] = {service: [] for service in services}
    for row in owned:
        of[row.service].append((row.owned_from or first, row.owned_until or last))
    for service, stretches in of.items():
        free = first
        for since, until in [*sorted(stretches), (last, last)]:
            if free < since:
                begin, end = None if free == first else free, None if since == last else since
                yield Ownership(team=NO_TEAM, service=service, owned_from=begin, owned_until=end)
            free = max(free, until)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(cast("list[str]", values))


def _aware(value: object) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
