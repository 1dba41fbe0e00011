"""New facts for the services that changed records touch, in a copy of a published file; the others keep theirs.

The file is then equal to that of a full build, but for the order of rows: facts made anew lie at the end, where a
question about any service has to look through them. So it is done while few are out of their place, and a full build
is for the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from dora import parts
from dora.warehouse import Builder
from metrics import quality
from metrics.build import Setting, finish, make, prepare
from metrics.deployments import replay_slots, slot_of
from metrics.repositories import commits_of
from metrics.services import ServiceMap, ServiceName
from metrics.slices import read_sql


def rebuild(builder: Builder, setting: Setting, read_at: datetime | None = None) -> bool:
    """Bring the facts up to the records, see `Warehouse.publish`; False where only a full build can. `read_at`: see `build`.

    That is so under other settings, where no services are configured (what they are called may change with the
    records), and where too many facts would come to lie out of their place.
    """
    if not setting.services or builder.meta().get("setting_hash") != setting.hash:
        return False
    slots = replay_slots(builder, setting.definitions)
    services = prepare(builder, setting, again=True)
    toggled = slots ^ replay_slots(builder, setting.definitions)
    touched, repositories = Reach(builder, setting, services).touched(toggled)
    if not _few(builder, services, touched):
        return False
    _delete(builder, touched, repositories, {row.incident for row in setting.overrides.blame if row.incident})
    for question in ("rebuild/wanted_incidents", "build/placed_incidents"):
        builder.execute(read_sql(question))
    make(builder, setting, services, sorted(touched))
    finish(builder, setting)
    builder.execute(read_sql("rebuild/unlike"))
    quality.record(builder, setting.definitions, again=True, read_at=read_at)
    return True


@dataclass(frozen=True, slots=True)
class Reach:
    """Which services changed records reach: those that they name, and all that other rules lead to."""

    builder: Builder
    setting: Setting
    services: Sequence[ServiceName]

    def touched(self, toggled: AbstractSet[tuple[str, int]]) -> tuple[set[int], set[str]]:
        """The places of the services of which any fact may change, and the repositories that they read.

        `toggled`: the slots that became a replay or are none any more.
        """
        named = self.builder.rows(read_sql("rebuild/named"))
        repositories = self._names("repositories") | {str(name) for _, name in named if name}
        said = {cast(int, row[0]) for row in self.builder.rows(read_sql("rebuild/said"))}
        found = self._known(named) | said | self._decided() | self._backward(toggled)
        return self._sharing(found, repositories)

    def _known(self, named: Iterable[Sequence[object]]) -> set[int]:
        known = ServiceMap(self.services)
        places = {service.service: place for place, service in enumerate(self.services)}
        return {places[name] for service, repository in named for name in known.find(service, repository)}

    def _decided(self) -> set[int]:
        """The services of decisions that name an incident of which a record changed."""
        told = [row for row in self.setting.overrides.blame if row.incident]
        asked = {"incidents": sorted({str(row.incident) for row in told})}
        changed = self._names("decided", asked) if told else set()
        return self._known((row.service, None) for row in told if row.incident in changed)

    def _backward(self, toggled: AbstractSet[tuple[str, int]]) -> set[int]:
        """The services that moved back in one of these slots."""
        moves = self.builder.rows(read_sql("rebuild/backward")) if toggled else []
        seconds = self.setting.definitions.replay_slot_seconds
        return {cast(int, place) for place, source, at in moves if (str(source), slot_of(at, seconds)) in toggled}

    def _sharing(self, found: set[int], repositories: set[str]) -> tuple[set[int], set[str]]:
        """With all services that read a repository which one of these reads, or which changed."""
        users = [(cast(int, place), str(name)) for place, name in self.builder.rows(read_sql("rebuild/users"))]
        while True:
            more = {name for place, name in users if place in found} | repositories
            everyone = {place for place, name in users if name in more} | found
            if everyone == found:
                return found, more
            found, repositories = everyone, more

    def _names(self, question: str, asked: Mapping[str, object] | None = None) -> set[str]:
        return {str(row[0]) for row in self.builder.rows(read_sql(f"rebuild/{question}"), asked)}


def _few(builder: Builder, services: Sequence[ServiceName], touched: Iterable[int]) -> bool:
    """Whether little would be out of its place when these are made anew."""
    sizes = commits_of(builder)
    moved = {cast(int, row[0]) for row in builder.rows(read_sql("rebuild/moved"))}.union(touched)
    commits = [sizes.get(service.repository or "", 0) + 1 for service in services]
    return sum(commits[place] for place in moved) <= parts.SHARE * sum(commits)


def _delete(builder: Builder, touched: Iterable[int], repositories: Iterable[str], decided: Iterable[str]) -> None:
    """The facts that are made anew go; `decided`: the incidents that decisions name."""
    for table, kind, values in (
        ("rebuilt", "integer", sorted(touched)),
        ("reread", "varchar", sorted(repositories)),
        ("decided", "varchar", sorted(decided)),
    ):
        builder.execute(f"create temp table {table} as select unnest($values::{kind}[])", {"values": values})
    builder.execute(read_sql("rebuild/delete"))
