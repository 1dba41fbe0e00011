"""The time that a group can be judged by: what the data covers of the period, while the group owned a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from dora.period import Period
from metrics.members import Member
from metrics.question import COUNTED, Question, days_text
from metrics.slices import Slices

#: Groups named in a sentence; further ones are counted.
_NAMED = 3


def covered(question: Question, members: Iterable[Member]) -> Iterator[Period]:
    """The stretches of the period from the beginning of the data to its end in which any of the members was owned.

    In order and apart from each other; none when nothing was owned then, or when the period lies outside the data.
    """
    begun = at = max(question.period.start, question.seen[0] or question.period.start)
    end = question.horizon
    for member in sorted(members, key=lambda member: member.stretch):
        since, until = max(begun, member.owned_from or begun), min(end, member.owned_until or end)
        if since >= until:
            continue
        if since > at:
            if begun < at:
                yield Period(begun, at)
            begun = since
        at = max(at, until)
    if begun < at:
        yield Period(begun, at)


def by_place(cut: Slices) -> list[list[Member]]:
    """The members of every group, by its place."""
    found: list[list[Member]] = [[] for _ in cut.names]
    for member in cut.members:
        found[member.group].append(member)
    return found


def not_owned(
    question: Question, stretches: Mapping[str, Sequence[Period]], period: str = "the period", then: str = COUNTED
) -> tuple[str, ...]:
    """A sentence about the groups that owned nothing for a day or more of what the data covers; none without such.

    `stretches`: what is `covered`, by group; `then`: what these days mean for the figures.
    """
    whole = _days(covered(question, [Member(group=0, service="", position=0)]))
    short = [(name, whole - _days(owned)) for name, owned in stretches.items()]
    named = [f"{days_text(days)} of {name}" for name, days in short if days >= 1]
    if not named:
        return ()
    more = [f"some of {len(named) - _NAMED} more"] if len(named) > _NAMED else []
    return (f"ownership leaves out {', '.join([*named[:_NAMED], *more])} in {period}, and {then}",)


def _days(stretches: Iterable[Period]) -> float:
    return sum(stretch.days for stretch in stretches)
