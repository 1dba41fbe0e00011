"""Which commits each deployment shipped first, and how it relates to the one before it.

Every commit is visited once per service and environment: walk the deployments in time order, depth-first from
the deployed commit, and stop at what was visited before. Ancestry between neighbours is decided by painting
down from both commits in order of their level (longest distance from a root), which reads little more than
what differs between them. Definition: what git calls reachability; `prev..this` per deployment, without
counting a commit twice after a rollback.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import numpy as np
import polars as pl

from metrics.sha_index import Positions, ShaIndex

_OLD, _NEW = 1, 2
_OPEN = -1


class CommitGraph:
    """The commits of one repository by position; parents that are not stored are left out.

    `first_parents` and `second_parents`: positions, -1 where there is none; `more_parents`: those after these.
    """

    def __init__(
        self, index: ShaIndex, first: Positions, second: Positions, more: Mapping[int, tuple[int, ...]]
    ) -> None:
        self.index = index
        self.first_parents, self.second_parents, self.more_parents = first, second, more

    @classmethod
    def of(cls, commits: Iterable[tuple[str, Sequence[str]]]) -> CommitGraph:
        """The graph of commits that come as sha and the shas of their parents."""
        rows = list(commits)
        index = ShaIndex(pl.Series([sha for sha, _ in rows], dtype=pl.String))
        find, none = index.exact.get, cast("tuple[int, ...]", ())
        found = [tuple(p for p in map(find, named) if p is not None) if named else none for _, named in rows]
        first = np.array([known[0] if known else -1 for known in found], dtype=np.int64)
        second = np.array([known[1] if len(known) > 1 else -1 for known in found], dtype=np.int64)
        return cls(index, first, second, {i: known[2:] for i, known in enumerate(found) if len(known) > 2})

    def __len__(self) -> int:
        return len(self.first_parents)

    def sha(self, position: int) -> str:
        """The full sha of a commit."""
        return str(self.index.shas[position])

    @cached_property
    def parents(self) -> list[tuple[int, ...]]:
        """For every commit the positions of its parents, in git's order."""
        out: list[tuple[int, ...]] = [
            (first, second) if second >= 0 else (first,) if first >= 0 else ()
            for first, second in zip(self.first_parents.tolist(), self.second_parents.tolist(), strict=True)
        ]
        for commit, rest in self.more_parents.items():
            out[commit] = (*out[commit], *rest)
        return out

    @cached_property
    def is_ordered(self) -> bool:
        """Whether every parent has a lower position than its children, as in time order without skewed clocks."""
        own = np.arange(len(self))
        return bool((self.first_parents < own).all() and (self.second_parents < own).all()) and all(
            max(rest) < commit for commit, rest in self.more_parents.items()
        )

    def find(self, sha: str) -> int | None:
        """The position of a full or abbreviated (7+ digits, unambiguous) sha; None when there is no such commit."""
        sha = sha.lower()
        exact = self.index.exact.get(sha)
        if exact is not None or not 7 <= len(sha) < 40:
            return exact
        at = bisect_left(self._sorted, sha)
        near = [s for s in self._sorted[at : at + 2] if s.startswith(sha)]
        return self.index.exact[near[0]] if len(near) == 1 else None

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self.index.exact)

    @cached_property
    def levels(self) -> list[int]:
        """One more than the largest level among its parents; roots are 1.

        A commit that claims to be its own ancestor (git has none, a file may) is not followed round.
        """
        levels, all_parents = [0] * len(self), self.parents
        oldest_first = range(len(levels))
        for start in oldest_first if levels and not all_parents[0] else reversed(oldest_first):
            stack = [] if levels[start] else [start]
            while stack:
                here, top = stack[-1], 0
                levels[here] = _OPEN
                for parent in all_parents[here]:
                    level = levels[parent]
                    if not level:
                        stack.append(parent)
                        break
                    if level > top:
                        top = level
                else:
                    levels[here] = top + 1
                    stack.pop()
        return levels

    def reach(self, start: int, visited: bytearray) -> list[int]:
        """Commits reachable from `start` that were not visited yet; marks them."""
        if visited[start]:
            return []
        visited[start] = 1
        found, stack = [start], [start]
        while stack:
            for parent in self.parents[stack.pop()]:
                if not visited[parent]:
                    visited[parent] = 1
                    found.append(parent)
                    stack.append(parent)
        return found

    def difference(self, old: int, new: int) -> tuple[list[int], list[int]]:
        """(commits only in `new`, commits only in `old`), each with its own commit, as `git rev-list old...new`."""
        if old == new:
            return [], []
        levels, paint = self.levels, {old: _OLD, new: _NEW}
        queue = [(-levels[old], old), (-levels[new], new)]
        heapq.heapify(queue)
        open_ends = 2
        ahead: list[int] = []
        behind: list[int] = []
        while queue and open_ends:
            _, here = heapq.heappop(queue)
            mark = paint[here]
            if mark != _OLD | _NEW:
                open_ends -= 1
                (ahead if mark == _NEW else behind).append(here)
            for parent in self.parents[here]:
                before = paint.get(parent, 0)
                after = before | mark
                if after == before:
                    continue
                paint[parent] = after
                if not before:
                    heapq.heappush(queue, (-levels[parent], parent))
                    open_ends += after != _OLD | _NEW
                elif after == _OLD | _NEW:
                    open_ends -= 1
        return ahead, behind


@dataclass(slots=True)
class Shipment:
    """What one succeeded deployment shipped: positions in the graph, and the relation to the previous one.

    `previous`: position in the list of deployments, of the last one with a known commit; `first`: commits that
    no earlier deployment contained; `range`: previous..this, which repeats commits after a rollback;
    `live_before`: its commit had been running in that environment.
    """

    relation: str
    previous: int | None = None
    first: list[int] = field(default_factory=list)
    range: list[int] = field(default_factory=list)
    live_before: bool = False


def ship(graph: CommitGraph, commits: Sequence[int | None]) -> tuple[list[Shipment], bytearray]:
    """Walk the succeeded deployments of one service and environment in time order.

    `commits`: each deployment's commit position, None when its version resolves to no commit: that one ships
    nothing and never becomes "previous". Also returns the mark of every commit that was ever contained.
    """
    visited = bytearray(len(graph))
    live: set[int] = set()
    previous: int | None = None
    top: int | None = None
    out: list[Shipment] = []
    for position, commit in enumerate(commits):
        if commit is None:
            out.append(Shipment("unresolved", previous))
            continue
        first = graph.reach(commit, visited)
        over_top = top is not None and any(top in graph.parents[c] for c in first)
        out.append(_shipment(graph, commits, previous, commit, first, top if over_top else None))
        if previous is None or over_top:
            top = commit
        elif first:
            top = None
        out[-1].live_before = commit in live
        live.add(commit)
        previous = position
    return out, visited


def _shipment(
    graph: CommitGraph,
    commits: Sequence[int | None],
    previous: int | None,
    commit: int,
    first: list[int],
    top: int | None,
) -> Shipment:
    """`top`: a commit that holds all that was visited before, when `commit` is above it: then nothing needs painting."""
    before = commits[previous] if previous is not None else None
    if before is None:
        return Shipment("baseline")
    if before == top:
        return Shipment("forward", previous, first, first)
    ahead, behind = graph.difference(before, commit)
    return Shipment(_relation(before == commit, ahead, behind), previous, first, ahead)


def _relation(same: bool, ahead: Sequence[int], behind: Sequence[int]) -> str:
    if same:
        return "same_commit"
    if not behind:
        return "forward"
    return "diverged" if ahead else "backward"


def landings(graph: CommitGraph, mainline: Iterable[int]) -> list[int]:
    """For every commit, the mainline commit that brought it onto the default branch (-1: none did).

    The mainline is taken from its oldest commit to its newest; a mainline commit brings itself.
    """
    landed = [-1] * len(graph)
    visited = bytearray(len(graph))
    levels = graph.levels
    for here in sorted(mainline, key=levels.__getitem__):
        for commit in graph.reach(here, visited):
            landed[commit] = here
    return landed
