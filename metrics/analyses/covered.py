"""The time that a rate of an analysis divides by: what the data covers of the period, while the group owned a service."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dora.period import Period
from metrics.members import Member
from metrics.question import Question
from metrics.slices import Slices


def covered(question: Question, members: Iterable[Member]) -> Iterator[Period]:
    """The stretches of the period from the beginning of the data to its end in which any of the members was owned.

    In order and apart from each other; none when nothing was owned then, or when the period lies outside the data.
    """
    at = max(question.period.start, question.seen[0] or question.period.start)
    for member in sorted(members, key=lambda member: member.stretch):
        since, until = max(at, member.owned_from or at), min(question.horizon, member.owned_until or question.horizon)
        if since < until:
            yield Period(since, until)
            at = until


def by_place(cut: Slices) -> list[list[Member]]:
    """The members of every group, by its place."""
    found: list[list[Member]] = [[] for _ in cut.names]
    for member in cut.members:
        found[member.group].append(member)
    return found
