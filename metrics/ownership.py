"""Who owned which service when, as published: the teams' own stretches of time, and those that are nobody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from dora.warehouse import Reader

NO_TEAM = "no team"
#: (team, service, owned from, owned until)
Stretch = tuple[str, str, datetime | None, datetime | None]


@dataclass(frozen=True, slots=True)
class Directory:
    """The published services by name, with their positions, and every team's stretches of ownership."""

    positions: Mapping[str, int]
    owned: Mapping[str, Sequence[Stretch]]
    organisation: str


#: A published file never changes under its reader, so its services and teams are read once.
_directories: WeakKeyDictionary[Reader, Directory] = WeakKeyDictionary()


def directory(reader: Reader) -> Directory:
    """The services and teams of a published file."""
    return _directories.get(reader) or _directories.setdefault(reader, _read(reader))


def _read(reader: Reader) -> Directory:
    services = reader.rows("select service, position from services order by service")
    owned = reader.rows("select team, service, owned_from, owned_until from team_services order by team, service")
    positions = {str(name): int(str(position)) for name, position in services}
    stretches: dict[str, list[Stretch]] = {}
    for team, service, since, until in owned:
        if service in positions:
            stretches.setdefault(str(team), []).append((str(team), str(service), _aware(since), _aware(until)))
    nobodys = list(_nobodys(sorted(positions), [row for rows in stretches.values() for row in rows]))
    if nobodys:
        stretches.setdefault(NO_TEAM, []).extend(nobodys)
    return Directory(positions, stretches, reader.meta().get("organisation", "organisation"))


def _nobodys(services: Sequence[str], owned: Sequence[Stretch]) -> Iterator[Stretch]:
    """The stretches in which no team owned a service: all the time, or before, between and after its teams."""
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    of: dict[str, list[tuple[datetime, datetime]]] = {service: [] for service in services}
    for _, service, since, until in owned:
        of[service].append((since or first, until or last))
    for service, stretches in of.items():
        free = first
        for since, until in [*sorted(stretches), (last, last)]:
            if free < since:
                yield NO_TEAM, service, None if free == first else free, None if since == last else since
            free = max(free, until)


def _aware(value: object) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
