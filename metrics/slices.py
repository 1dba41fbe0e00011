"""Rows of facts cut into (group, bucket): which services a group pools, and which rows fall into which bucket.

A team's or the organisation's rows are pooled over its services, in the stretches of time in which the team
owned them; nothing is ever a mean of means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from dora.period import Period
from dora.warehouse import Reader
from metrics.question import Question

if TYPE_CHECKING:
    import polars as pl

SQL = Path(__file__).parent / "sql"
Arrays = Mapping[str, NDArray[np.generic]]
NO_TEAM = "no team"


@dataclass(frozen=True, slots=True)
class Member:
    """A service that a group pools during `[owned_from, owned_until)`; None is open."""

    group: int
    service: str
    owned_from: datetime | None = None
    owned_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slices:
    """The groups of a question by position, their members, and its buckets (the whole period first)."""

    question: Question
    names: tuple[str, ...]
    members: tuple[Member, ...]
    buckets: tuple[Period, ...]

    def read(self, reader: Reader, name: str, **more: object) -> Arrays:
        """Ask one question of metrics/sql for all groups over the whole period; `more` are its other parameters."""
        return reader.arrays(*self._asked(name, more))

    def frame(self, reader: Reader, name: str, **more: object) -> pl.DataFrame:
        """The same as `read`, as a frame: for lists that people read."""
        return reader.frame(*self._asked(name, more))

    def _asked(self, name: str, more: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        known: dict[str, object] = {
            "groups": [m.group for m in self.members],
            "services": [m.service for m in self.members],
            "owned_from": [m.owned_from for m in self.members],
            "owned_until": [m.owned_until for m in self.members],
            "environments": list(self.question.environments),
            "start": self.question.period.start,
            "end": self.question.period.end,
            **more,
        }
        sql = read_sql(name)
        return sql, {key: value for key, value in known.items() if f"${key}" in sql}

    def cut(self, rows: Arrays, clock: str) -> Iterator[tuple[int, int, Arrays]]:
        """(group, bucket, its rows) for every group and bucket; `rows` are sorted by `grp` and then by `clock`."""
        starts = np.searchsorted(rows["grp"], np.arange(len(self.names) + 1))
        edges = [(micros(bucket.start), micros(bucket.end)) for bucket in self.buckets]
        for group in range(len(self.names)):
            low, high = int(starts[group]), int(starts[group + 1])
            own = {name: column[low:high] for name, column in rows.items()}
            times = own[clock]
            for bucket, (start, end) in enumerate(edges):
                a, b = np.searchsorted(times, start), np.searchsorted(times, end)
                yield group, bucket, {name: column[a:b] for name, column in own.items()}


def slices(reader: Reader, question: Question) -> Slices:
    """Resolve a question's grouping and filters against the published services and teams."""
    names = [str(row[0]) for row in reader.rows("select service from services order by service")]
    owned = reader.rows("select team, service, owned_from, owned_until from team_services order by team, service")
    wanted = [name for name in names if not question.services or name in question.services]
    if question.by == "team" or question.teams:
        return _by_team(question, wanted, owned)
    groups = wanted if question.by == "service" else [reader.meta().get("organisation", "organisation")]
    members = [Member(i if question.by == "service" else 0, name) for i, name in enumerate(wanted)]
    return Slices(question, tuple(groups), tuple(members), tuple(question.buckets()))


def _by_team(question: Question, wanted: list[str], owned: list[tuple[object, ...]]) -> Slices:
    stretches = [(str(t), str(s), a, b) for t, s, a, b in owned if s in wanted]
    orphans = sorted(set(wanted) - {s for _, s, _, _ in stretches})
    stretches += [(NO_TEAM, service, None, None) for service in orphans]
    if question.teams:
        stretches = [row for row in stretches if row[0] in question.teams]
    teams = sorted({row[0] for row in stretches} - {NO_TEAM})
    if any(row[0] == NO_TEAM for row in stretches):
        teams.append(NO_TEAM)
    if question.by == "team":
        groups = teams
    else:
        groups = sorted({row[1] for row in stretches}) if question.by == "service" else [", ".join(question.teams)]
    place = {name: i for i, name in enumerate(groups)}
    key = {"team": 0, "service": 1}.get(question.by)
    members = [
        Member(place[str(row[key])] if key is not None else 0, row[1], _aware(row[2]), _aware(row[3]))
        for row in stretches
    ]
    return Slices(question, tuple(groups), tuple(members), tuple(question.buckets()))


def read_sql(name: str) -> str:
    """The text of one question in metrics/sql."""
    return (SQL / f"{name}.sql").read_text()


def micros(moment: datetime) -> int:
    """Microseconds since the UTC epoch, the unit of every clock column in a slice."""
    return round(moment.timestamp() * 1_000_000)


def _aware(value: object) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None
