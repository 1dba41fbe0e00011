"""The default branch as a line: which of its commits brought each other commit, and shipping along it.

Where all deployments are of commits of one line of first parents, what each ships is a stretch of that line: no
graph needs to be walked a second time. Everywhere else `metrics.lineage` walks it; both say the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from metrics.lineage import CommitGraph, Shipment

#: Positions in a graph, or places in a list; -1 for none.
Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Mainline:
    """Commits from the oldest to the newest, each the first parent of the next.

    `commits`: positions in the graph. `landed`: for every commit of the graph, its place in `commits` of the one that
    brought it, or -1. `order`: the landed commits in that order, so that those of places a..b are
    `order[starts[a]:starts[b + 1]]`.
    """

    commits: list[int]
    places: dict[int, int]
    landed: Positions
    order: list[int]
    starts: list[int]

    def stretch(self, after: int, until: int) -> list[int]:
        """The commits brought by the places (after, until]."""
        return self.order[self.starts[after + 1] : self.starts[until + 1]]


def mainline_of(graph: CommitGraph, commits: Sequence[int]) -> Mainline | None:
    """The line that the commits of the default branch make, given by position; None when they make none."""
    if not commits:
        return None
    line = list(commits)
    if not graph.is_ordered:
        line.sort(key=graph.levels.__getitem__)
    first = graph.first_parents
    if any(first[after] != before for before, after in pairwise(line)):
        return None
    landed = _landed(graph, line)
    order = np.argsort(landed, kind="stable")
    sorted_places = landed[order]
    begin = int(np.searchsorted(sorted_places, 0))
    starts = np.searchsorted(sorted_places[begin:], np.arange(len(line) + 1))
    return Mainline(line, {c: i for i, c in enumerate(line)}, landed, order[begin:].tolist(), starts.tolist())


def _landed(graph: CommitGraph, line: Sequence[int]) -> Positions:
    """Every commit's oldest descendant on the line: handed down from child to parents, children first."""
    count = len(graph.first_parents)
    nowhere = len(line)
    # The last slot stands for "no parent": nothing is above it.
    places = [nowhere] * count + [-1]
    for place, commit in enumerate(line):
        places[commit] = place
    first, second, more = graph.first_parents, graph.second_parents, graph.more_parents
    for here in graph.newest_first:
        place = places[here]
        if place == nowhere:
            continue
        if places[first[here]] > place:
            places[first[here]] = place
        if places[second[here]] > place:
            places[second[here]] = place
        if more and here in more:
            for parent in more[here]:
                if places[parent] > place:
                    places[parent] = place
    landed = np.array(places[:-1], dtype=np.int64)
    landed[landed == nowhere] = -1
    return landed


def ship_along(line: Mainline, commits: Sequence[int | None]) -> tuple[list[Shipment], bytearray] | None:
    """What `metrics.lineage.ship` gives, for deployments of commits of the line; None when one is not on it."""
    if any(commit is not None and commit not in line.places for commit in commits):
        return None
    top, before, previous = -1, -1, None
    live: set[int] = set()
    out: list[Shipment] = []
    for position, commit in enumerate(commits):
        if commit is None:
            out.append(Shipment("unresolved", previous))
            continue
        place = line.places[commit]
        first = line.stretch(top, place) if place > top else []
        if previous is None:
            out.append(Shipment("baseline"))
        else:
            range_ = first if before == top else line.stretch(before, place)
            out.append(Shipment(_relation(before, place), previous, first, range_))
        out[-1].live_before = commit in live
        live.add(commit)
        top, before, previous = max(top, place), place, position
    return out, bytearray(((line.landed >= 0) & (line.landed <= top)).tobytes())


def _relation(before: int, place: int) -> str:
    if before == place:
        return "same_commit"
    return "forward" if place > before else "backward"
