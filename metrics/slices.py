"""Rows of facts cut into (group, bucket): which services a group pools, and which rows fall into which bucket.

A team's or the organisation's rows are pooled over its services, in the stretches of time in which the team
owned them; nothing is ever a mean of means. The questions of metrics/sql read the stretch of the file that holds the
services wanted, and the rows are sorted into groups here: planning a join costs more than the rows of one team.
Services with definitions of their own are asked under these, and pooled as rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.question import Question

if TYPE_CHECKING:
    import polars as pl

SQL = Path(__file__).parent / "sql"
Arrays = Mapping[str, np.ndarray]
Integers = NDArray[np.int64]
NO_TEAM = "no team"
#: The moment, in microseconds, of what has not happened or is not known: no column of a question holds nulls.
NEVER = 2**62
_EVER = (-NEVER, NEVER)
#: Questions about rows that belong to no one environment.
_WITHOUT_ENVIRONMENT = ("time_to_restore",)


@dataclass(frozen=True, slots=True)
class Member:
    """A service that a group pools during `[owned_from, owned_until)`; None is open. `position`: its place in the facts."""

    group: int
    service: str
    position: int
    owned_from: datetime | None = None
    owned_until: datetime | None = None

    @property
    def stretch(self) -> tuple[int, int]:
        """Its time as microseconds."""
        since, until = self.owned_from, self.owned_until
        return (micros(since) if since else _EVER[0], micros(until) if until else _EVER[1])


@dataclass(frozen=True, slots=True)
class Slices:
    """The groups of a question by position, their members, and its buckets (the whole period first)."""

    question: Question
    names: tuple[str, ...]
    members: tuple[Member, ...]
    buckets: tuple[Period, ...]
    _undivided: bool = field(init=False, repr=False, compare=False)
    _bounds: Mapping[str, int] = field(init=False, repr=False, compare=False)
    _answers: dict[tuple[str, str, str], Arrays] = field(default_factory=dict, repr=False, compare=False)
    _parts: list[Slices] = field(default_factory=list, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions = {member.position for member in self.members}
        first, last = min(positions, default=0), max(positions, default=-1)
        always = all(member.owned_from is None and member.owned_until is None for member in self.members)
        alone = len(self.names) == 1 and len(positions) == len(self.members) == last - first + 1
        object.__setattr__(self, "_undivided", always and alone)
        object.__setattr__(self, "_bounds", {"first": first, "last": last})

    def parts(self) -> Sequence[Slices]:
        """These slices once for every set of definitions among the services; itself when there is only one."""
        return self._parts or self._divide()

    def once(self, name: str, ask: Callable[[], Arrays]) -> Arrays:
        """What `ask` finds, worked out the first time and kept under this name."""
        key = ("made", name, "")
        if key not in self._answers:
            self._answers[key] = ask()
        return self._answers[key]

    def pooled(self, ask: Callable[[Slices], Arrays]) -> Arrays:
        """The rows that `ask` finds for every part under its definitions, by `grp` and then by `at_us`."""
        found = [ask(part) for part in self.parts()]
        if len(found) == 1:
            return found[0]
        rows = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
        order = np.lexsort((rows["at_us"], rows["grp"]))
        return {name: column[order] for name, column in rows.items()}

    def read(self, reader: Reader, name: str, **more: object) -> Arrays:
        """Ask one question of metrics/sql over the whole period; `more` are its other parameters.

        The rows come with the position of their group, `grp`, sorted by it and by `at_us`. A question that is
        asked again is not read again.
        """
        key = ("read", name, str(sorted(more.items())))
        if key not in self._answers:
            rows = self.raw(reader, name, **more)
            self._answers[key] = self.grouped(rows, rows["at_us"])
        return self._answers[key]

    def raw(self, reader: Reader, name: str, **more: object) -> Arrays:
        """The rows of a question for all services from the first wanted to the last, not yet in groups."""
        key = ("raw", name, str(sorted(more.items())))
        if key not in self._answers:
            sql = read_sql(name)
            if self.question.environments and name not in _WITHOUT_ENVIRONMENT:
                sql += read_sql("in_environments")
            self._answers[key] = reader.arrays(sql, self._parameters(sql, {**self._bounds, **more}))
        return self._answers[key]

    def grouped(self, rows: Arrays, moments: NDArray[np.generic]) -> Arrays:
        """The rows that a group owned at their moment (microseconds), with `grp`, sorted by it and by the moment."""
        taken, grp = self._whole(rows) or self._owned(rows["service_position"], moments)
        order = _by_place(grp, moments[taken])
        taken = taken[order]
        return {name: column[taken] for name, column in rows.items()} | {"grp": grp[order]}

    def _whole(self, rows: Arrays) -> tuple[Integers, Integers] | None:
        """All rows, when one group has always owned all services from the first to the last; else None."""
        if not self._undivided:
            return None
        n = len(rows["service_position"])
        return np.arange(n), np.zeros(n, dtype=np.int64)

    def _owned(self, places: Integers, moments: NDArray[np.generic]) -> tuple[Integers, Integers]:
        """The indices of the rows that some group owned at their moment, and the group of each."""
        order = _by_place(places, moments)
        places, ordered = places[order], moments[order]
        positions = np.array([member.position for member in self.members], dtype=places.dtype)
        edges = (np.searchsorted(places, positions, side).tolist() for side in ("left", "right"))
        picked = []
        for member, low, high in zip(self.members, *edges, strict=True):
            if low < high and member.stretch != _EVER:
                low, high = (np.searchsorted(ordered[low:high], member.stretch) + low).tolist()
            picked.append(order[low:high])
        groups = np.array([member.group for member in self.members], dtype=np.int64)
        return np.concatenate([order[:0], *picked]), np.repeat(groups, [len(rows) for rows in picked])

    def _divide(self) -> Sequence[Slices]:
        """One part for every distinct set of definitions, in order; the organisation's when there are no services."""
        definitions = self.question.definitions
        own, plain = dict(definitions.services), definitions.plain
        members: dict[Definitions, list[Member]] = {}
        for member in self.members:
            members.setdefault(own.get(member.service, plain), []).append(member)
        if len(members) < 2 and definitions in (members or [definitions]):
            self._parts.append(self)
        else:
            self._parts.extend(
                Slices(replace(self.question, definitions=theirs), self.names, tuple(part), self.buckets)
                for theirs, part in (members or {plain: []}).items()
            )
        return self._parts

    def frame(self, reader: Reader, name: str, **more: object) -> pl.DataFrame:
        """A question of metrics/sql that groups its own rows, as a frame: for lists that people read."""
        sql = read_sql(name)
        members = {
            "groups": [m.group for m in self.members],
            "services": [m.service for m in self.members],
            "owned_from": [m.owned_from for m in self.members],
            "owned_until": [m.owned_until for m in self.members],
        }
        return reader.frame(sql, self._parameters(sql, {**members, **more}))

    def _parameters(self, sql: str, more: Mapping[str, object]) -> dict[str, object]:
        """Those parameters that the question names."""
        known: dict[str, object] = {
            "environments": list(self.question.environments),
            "start": self.question.period.start,
            "end": self.question.period.end,
            "never": NEVER,
            **more,
        }
        return {key: value for key, value in known.items() if f"${key}" in sql}

    def cut(self, rows: Arrays, clock: str) -> Iterator[tuple[int, int, Arrays]]:
        """(group, bucket, its rows) for every group and bucket; `rows` are sorted by `grp` and then by `clock`."""
        starts = np.searchsorted(rows["grp"], np.arange(len(self.names) + 1)).tolist()
        edges = [(micros(bucket.start), micros(bucket.end)) for bucket in self.buckets]
        for group in range(len(self.names)):
            low, high = starts[group], starts[group + 1]
            own = {name: column[low:high] for name, column in rows.items()}
            times = own[clock]
            for bucket, edge in enumerate(edges):
                a, b = np.searchsorted(times, edge).tolist()
                yield group, bucket, {name: column[a:b] for name, column in own.items()}


@dataclass(frozen=True, slots=True)
class _Directory:
    """The published services by name, with their positions, and every team's stretches of ownership."""

    positions: Mapping[str, int]
    owned: Mapping[str, Sequence[_Stretch]]
    organisation: str


#: (team, service, owned from, owned until)
_Stretch = tuple[str, str, datetime | None, datetime | None]
#: A published file never changes under its reader, so its services and teams are read once.
_directories: WeakKeyDictionary[Reader, _Directory] = WeakKeyDictionary()


def slices(reader: Reader, question: Question) -> Slices:
    """Resolve a question's grouping and filters against the published services and teams."""
    directory = _directories.get(reader) or _directories.setdefault(reader, _directory(reader))
    if question.by == "team" or question.teams:
        return _by_team(question, directory)
    wanted = [name for name in directory.positions if not question.services or name in question.services]
    groups = wanted if question.by == "service" else [directory.organisation]
    members = [
        Member(i if question.by == "service" else 0, name, directory.positions[name]) for i, name in enumerate(wanted)
    ]
    return Slices(question, tuple(groups), tuple(members), tuple(question.buckets()))


def _directory(reader: Reader) -> _Directory:
    services = reader.rows("select service, position from services order by service")
    owned = reader.rows("select team, service, owned_from, owned_until from team_services order by team, service")
    positions = {str(name): int(str(position)) for name, position in services}
    stretches: dict[str, list[_Stretch]] = {}
    for team, service, since, until in owned:
        if service in positions:
            stretches.setdefault(str(team), []).append((str(team), str(service), _aware(since), _aware(until)))
    orphans = sorted(positions.keys() - {row[1] for rows in stretches.values() for row in rows})
    if orphans:
        stretches[NO_TEAM] = [(NO_TEAM, service, None, None) for service in orphans]
    return _Directory(positions, stretches, reader.meta().get("organisation", "organisation"))


def _by_team(question: Question, directory: _Directory) -> Slices:
    known, teams = directory.positions, question.teams or tuple(directory.owned)
    stretches = [row for team in dict.fromkeys(teams) for row in directory.owned.get(team, ())]
    if question.services:
        stretches = [row for row in stretches if row[1] in question.services]
    if question.by == "team":
        groups = sorted({row[0] for row in stretches}, key=lambda team: (team == NO_TEAM, team))
    else:
        groups = sorted({row[1] for row in stretches}) if question.by == "service" else [", ".join(question.teams)]
    place = {name: i for i, name in enumerate(groups)}
    key = {"team": 0, "service": 1}.get(question.by)
    members = [
        Member(place[str(row[key])] if key is not None else 0, row[1], known[row[1]], row[2], row[3])
        for row in stretches
    ]
    return Slices(question, tuple(groups), tuple(_apart(members)), tuple(question.buckets()))


def _apart(members: Sequence[Member]) -> list[Member]:
    """The members, overlapping stretches of a service in a group as one: what two teams own together counts once."""
    found: list[Member] = []
    for member in sorted(members, key=lambda member: (member.group, member.position, member.stretch)):
        last = found[-1] if found else None
        if (
            last
            and (last.group, last.position) == (member.group, member.position)
            and member.stretch[0] < last.stretch[1]
        ):
            until = max(last, member, key=lambda one: one.stretch[1]).owned_until
            found[-1] = replace(last, owned_until=until)
        else:
            found.append(member)
    return found


def _by_place(places: Integers, moments: NDArray[np.generic]) -> Integers:
    """The order by place and then by moment; a stable sort of what the file keeps in order already is cheap."""
    order = np.argsort(moments, kind="stable")
    if len(places) and places.min() == places.max():
        return order
    return order[np.argsort(places[order], kind="stable")]


@lru_cache(maxsize=64)
def read_sql(name: str) -> str:
    """The text of one question in metrics/sql."""
    return (SQL / f"{name}.sql").read_text()


def micros(moment: datetime) -> int:
    """Microseconds since the UTC epoch, the unit of every clock column in a slice."""
    return round(moment.timestamp() * 1_000_000)


def _aware(value: object) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
