"""The default branch as a line: which of its commits brought each other commit, and shipping along it.

Where all deployments are of commits of one line of first parents, what each ships is a stretch of that line: no
graph needs to be walked a second time. Everywhere else `metrics.lineage` walks it; both say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from metrics.lineage import CommitGraph, Shipment, landings
from metrics.sha_index import Positions

#: Rounds of handing down after which the graph is walked commit by commit.
ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Mainline:
    """Commits from the oldest to the newest, each the first parent of the next.

    `commits`: positions in the graph. `landed`: for every commit of the graph, its place in `commits` of the one that
    brought it, or -1. `order`: the landed commits in that order, so that those of places a..b are
    `order[starts[a]:starts[b + 1]]`.
    """

    commits: Positions
    landed: Positions
    order: list[int]
    starts: list[int]

    def places(self, commits: Sequence[int | None]) -> list[int] | None:
        """The places of commits of the line, -1 for None; None when one is not of it."""
        asked = np.array([-1 if commit is None else commit for commit in commits], dtype=np.int64)
        found = np.where(asked < 0, -1, self.landed[asked])
        whole = (found < 0) == (asked < 0)
        whole &= (found < 0) | (self.commits[found] == asked)
        return found.tolist() if whole.all() else None


def mainline_of(graph: CommitGraph, commits: Sequence[int] | Positions) -> Mainline | None:
    """The line that the commits of the default branch make, given by position; None when they make none."""
    if not len(commits):
        return None
    line = np.array(commits, dtype=np.int64)
    if not graph.is_ordered:
        line = np.array(sorted(line.tolist(), key=graph.levels.__getitem__), dtype=np.int64)
    if (graph.first_parents[line[1:]] != line[:-1]).any():
        return None
    landed = _landed(graph, line)
    order = np.argsort(landed, kind="stable")
    sorted_places = landed[order]
    begin = int(np.searchsorted(sorted_places, 0))
    starts = np.searchsorted(sorted_places[begin:], np.arange(len(line) + 1))
    return Mainline(line, landed, order[begin:].tolist(), starts.tolist())


def _landed(graph: CommitGraph, line: Positions) -> Positions:
    """Every commit's oldest descendant on the line, handed down from children to parents, all at once a generation."""
    nowhere = len(line)
    # The last slot stands for "no parent": nothing is above it.
    places = np.full(len(graph) + 1, nowhere, dtype=np.int64)
    places[line], places[-1] = np.arange(nowhere), -1
    last = np.empty_like(places)
    rest = [(child, parent) for child, parents in graph.more_parents.items() for parent in parents]
    children, others = np.array(rest, dtype=np.int64).reshape(-1, 2).T
    reached, rounds = line, 0
    while len(reached):
        if rounds == ROUNDS:
            return _walked(graph, line)
        rounds += 1
        parents = np.concatenate([graph.first_parents[reached], graph.second_parents[reached], others])
        brought = np.concatenate([places[reached], places[reached], places[children]])
        sooner = brought < places[parents]
        parents = parents[sooner]
        np.minimum.at(places, parents, brought[sooner])
        # Each once: what several children reach is handed on with the last of them. To sort them takes ten times as long.
        every = np.arange(len(parents))
        last[parents] = every
        reached = parents[last[parents] == every]
    landed = places[:-1]
    landed[landed == nowhere] = -1
    return landed


def _walked(graph: CommitGraph, line: Positions) -> Positions:
    places = np.full(len(graph) + 1, -1, dtype=np.int64)
    places[line] = np.arange(len(line))
    return places[np.array(landings(graph, line.tolist()), dtype=np.int64)]


def ship_along(line: Mainline, commits: Sequence[int | None]) -> tuple[list[Shipment], bytearray] | None:
    """What `metrics.lineage.ship` gives, for deployments of commits of the line; None when one is not on it."""
    places = line.places(commits)
    if places is None:
        return None
    order, starts = line.order, line.starts
    top, before, previous = -1, -1, None
    live: set[int] = set()
    out: list[Shipment] = []
    for position, place in enumerate(places):
        if place < 0:
            out.append(Shipment("unresolved", previous))
            continue
        if previous is None:
            out.append(Shipment("baseline"))
        else:
            first = order[starts[top + 1] : starts[place + 1]]
            range_ = first if before == top else order[starts[before + 1] : starts[place + 1]]
            out.append(Shipment(_relation(before, place), previous, first, range_, place in live))
        live.add(place)
        before, previous = place, position
        top = max(top, place)
    return out, bytearray(((line.landed >= 0) & (line.landed <= top)).tobytes())


def _relation(before: int, place: int) -> str:
    if before == place:
        return "same_commit"
    return "forward" if place > before else "backward"
