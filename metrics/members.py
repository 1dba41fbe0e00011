"""Which services a question's groups pool, and in which stretches of time: by service, by team, or all together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from dora.definitions import NO_TEAM
from metrics.ownership import Directory
from metrics.question import Question
from metrics.services import Ownership

#: The moment, in microseconds, of what has not happened or is not known: no column of a question holds nulls.
NEVER = 2**62
EVER = (-NEVER, NEVER)


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
        return (micros(since) if since else EVER[0], micros(until) if until else EVER[1])


def grouped(question: Question, published: Directory) -> tuple[tuple[str, ...], tuple[Member, ...]]:
    """The names of the groups, and their members.

    One group over all is called after what it is narrowed to, services before teams; the organisation when it is not.
    """
    if question.by == "team" or question.teams:
        return _by_team(question, published)
    positions = published.positions
    wanted = [name for name in positions if not question.services or name in question.services]
    groups = wanted if question.by == "service" else [", ".join(question.services) or published.organisation]
    members = [Member(i if question.by == "service" else 0, name, positions[name]) for i, name in enumerate(wanted)]
    return tuple(groups), tuple(members)


def _by_team(question: Question, published: Directory) -> tuple[tuple[str, ...], tuple[Member, ...]]:
    known, teams = published.positions, question.teams or tuple(published.owned)
    owned = [row for team in dict.fromkeys(teams) for row in published.owned.get(team, ()) if _told(row, question)]
    if question.services:
        owned = [row for row in owned if row.service in question.services]
    if question.by == "team":
        groups = sorted({row.team for row in owned}, key=lambda team: (team == NO_TEAM, team))
    else:
        groups = (
            sorted({row.service for row in owned})
            if question.by == "service"
            else [", ".join(question.services or question.teams)]
        )
    place = {name: i for i, name in enumerate(groups)}
    members = [
        Member(
            0 if question.by == "organisation" else place[row.team if question.by == "team" else row.service],
            row.service,
            known[row.service],
            row.owned_from,
            row.owned_until,
        )
        for row in owned
    ]
    return tuple(groups), tuple(_apart(members))


def _told(owned: Ownership, question: Question) -> bool:
    """Whether a stretch is of a team, or of the period where it is nobody's."""
    since, until, period = owned.owned_from, owned.owned_until, question.period
    return owned.team != NO_TEAM or ((since is None or since < period.end) and (until is None or until > period.start))


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


def micros(moment: datetime) -> int:
    """Microseconds since the UTC epoch, the unit of every clock column in a slice."""
    return round(moment.timestamp() * 1_000_000)
