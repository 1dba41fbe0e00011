"""Rows of facts cut into (group, bucket): which services a group pools, and which rows fall into which bucket.

A team's or the organisation's rows are pooled over its services, in the stretches of time in which the team
owned them; nothing is ever a mean of means. The questions of metrics/sql read the stretch of the file that holds the
services wanted, and the rows are sorted into groups here: planning a join costs more than the rows of one team.
Services with definitions of their own are asked under these, and pooled as rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import accumulate, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

import numpy as np

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.cells import Arrays, Integers, Layout, Rows
from metrics.members import EVER, NEVER, Member, grouped, micros
from metrics.ownership import directory
from metrics.question import Question

if TYPE_CHECKING:
    import polars as pl

SQL = Path(__file__).parent / "sql"
Found = TypeVar("Found")
#: A question about so many services is expected to have many rows.
MANY = 100
#: Questions about rows that belong to no one environment.
_WITHOUT_ENVIRONMENT = ("time_to_restore",)


@dataclass(frozen=True, slots=True)
class Slices:
    """The groups of a question by position, their members, and its buckets (the whole period first)."""

    question: Question
    names: tuple[str, ...]
    members: tuple[Member, ...]
    buckets: tuple[Period, ...]
    _answers: dict[str, object] = field(default_factory=dict, repr=False, compare=False)
    _parts: list[Slices] = field(default_factory=list, repr=False, compare=False)

    def parts(self) -> Sequence[Slices]:
        """These slices once for every set of definitions among the services; itself when there is only one."""
        return self._parts or self._divide()

    def runs(self, services: int) -> Iterator[Slices]:
        """These slices in runs of groups, each of about as many services; the rows of one are let go of with it.

        One run where services differ in their definitions, and so in what is told of them, and where runs would read
        far beyond their own services.
        """
        sizes = np.bincount([member.group for member in self.members], minlength=len(self.names))
        run = (np.cumsum(sizes) - 1) // services
        cuts = [0, *(np.flatnonzero(np.diff(run)) + 1).tolist(), len(self.names)]
        found = [self._between(low, high) for low, high in pairwise(cuts)]
        read = sum(part.last - part.first + 1 for part in found)
        if len(found) < 2 or len(self.parts()) > 1 or read > 1.2 * (self.last - self.first + 1):
            found = [self]
        while found:
            yield found.pop(0)

    @property
    def first(self) -> int:
        """The lowest position of a service in the facts."""
        return min((member.position for member in self.members), default=0)

    @property
    def last(self) -> int:
        """The highest; below the first one when there is no service."""
        return max((member.position for member in self.members), default=-1)

    def _between(self, low: int, high: int) -> Slices:
        members = tuple(
            replace(member, group=member.group - low) for member in self.members if low <= member.group < high
        )
        return Slices(self.question, self.names[low:high], members, self.buckets)

    def once(self, name: str, ask: Callable[[], Found]) -> Found:
        """What `ask` finds, worked out the first time and kept under this name."""
        if name not in self._answers:
            self._answers[name] = ask()
        return cast(Found, self._answers[name])

    def rows(self, ask: Callable[[Slices], Arrays], clock: str = "at_us") -> Rows:
        """The rows that `ask` finds for every part under its definitions, in cells: groups by bucket.

        A row is in the group that owned its service at its moment, the microseconds of its `clock`.
        """
        buckets = self.buckets[1:] or self.buckets
        edges = [micros(bucket.start) for bucket in buckets] + [micros(buckets[-1].end)]
        return self._arranged(ask, clock, np.array(edges), len(self.buckets) > 1)

    def listed(self, ask: Callable[[Slices], Arrays]) -> Arrays:
        """The same rows, also those outside the period, with the position of their group, `grp`, by it and `at_us`."""
        rows = self._arranged(ask, "at_us", np.array(EVER), False)
        found = {name: rows[name] for name in rows.columns}
        found["grp"] = np.repeat(np.arange(len(self.names)), rows.cells.n)
        order = np.lexsort((found["at_us"], found["grp"]))
        return {name: column[order] for name, column in found.items()}

    def read(self, reader: Reader, name: str, **more: object) -> Arrays:
        """The rows of one question of metrics/sql with `at_us`, see `listed`; `more` are its other parameters."""
        return self.listed(lambda part: part.raw(reader, name, **more))

    def raw(self, reader: Reader, name: str, **more: object) -> Arrays:
        """The rows of a question over the whole period for all services from the first wanted to the last, not yet in groups.

        A question that is asked again is not read again.
        """

        def ask() -> Arrays:
            sql = read_sql(name)
            if self.question.environments and name not in _WITHOUT_ENVIRONMENT:
                sql += read_sql("in_environments")
            first, last = self.first, self.last
            parameters = self._parameters(sql, {"first": first, "last": last, **more})
            return reader.arrays(sql, parameters, many=last - first >= MANY)

        return self.once(f"{name} {sorted(more.items())}", ask)

    def _arranged(self, ask: Callable[[Slices], Arrays], clock: str, edges: Integers, whole: bool) -> Rows:
        found = [_in_file_order(ask(part), clock) for part in self.parts()]
        before = accumulate((len(rows[clock]) for rows in found), initial=0)
        cuts = [
            part._cuts(rows["service_position"], rows[clock], edges) + first
            for part, rows, first in zip(self.parts(), found, before, strict=False)
        ]
        rows = found[0]
        if len(found) > 1:
            rows = {name: np.concatenate([part[name] for part in found]) for name in rows}
        layout = self.once(f"layout {len(edges)} {whole}", lambda: self._layout(len(edges) - 1, whole))
        return layout.arranged(rows, np.concatenate(cuts))

    def _layout(self, buckets: int, whole: bool) -> Layout:
        groups = [member.group for part in self.parts() for member in part.members]
        return Layout.of(np.array(groups, dtype=np.int64), len(self.names), buckets, whole)

    def _cuts(self, places: Integers, moments: Integers, edges: Integers) -> Integers:
        """A line a member: at which of the rows the edges cut what its group owned."""
        positions, stretches = self.once("members", self._members)
        positions = positions.astype(places.dtype)
        first, last = places.searchsorted(positions), places.searchsorted(positions, "right")
        cuts = [
            moments[low:high].searchsorted(edges if stretch == EVER else edges.clip(*stretch))
            for stretch, low, high in zip(stretches, first.tolist(), last.tolist(), strict=True)
        ]
        return np.array(cuts, dtype=np.int64).reshape(-1, len(edges)) + first[:, None]

    def _members(self) -> tuple[Integers, Sequence[tuple[int, int]]]:
        """The positions of their services, and what they own of the time."""
        positions = np.array([member.position for member in self.members], dtype=np.int64)
        return positions, [member.stretch for member in self.members]

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
        return reader.frame(*self.asked(name, **more))

    def asked(self, name: str, **more: object) -> tuple[str, dict[str, object]]:
        """The text of such a question and its parameters."""
        sql = read_sql(name)
        members = {
            "groups": [m.group for m in self.members],
            "services": [m.service for m in self.members],
            "positions": [m.position for m in self.members],
            "owned_from": [m.owned_from for m in self.members],
            "owned_until": [m.owned_until for m in self.members],
        }
        return sql, self._parameters(sql, {**members, **more})

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


def slices(reader: Reader, question: Question) -> Slices:
    """Resolve a question's grouping and filters against the published services and teams."""
    names, members = grouped(question, directory(reader))
    return Slices(question, names, members, tuple(question.buckets()))


def _in_file_order(rows: Arrays, clock: str) -> Arrays:
    """The rows by service and moment, as the file holds most of them already."""
    places, moments = rows["service_position"], rows[clock]
    earlier = np.flatnonzero(moments[1:] < moments[:-1])
    if (places[1:] >= places[:-1]).all() and (places[earlier] < places[earlier + 1]).all():
        return rows
    order = np.lexsort((moments, places))
    return {name: column[order] for name, column in rows.items()}


@lru_cache(maxsize=64)
def read_sql(name: str) -> str:
    """The text of one question in metrics/sql."""
    return (SQL / f"{name}.sql").read_text()
