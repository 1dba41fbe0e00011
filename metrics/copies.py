"""Commits picked from the default branch: which of a repository's commits are copies of one change.

git keeps author, time of writing and subject of what it picks. A commit that agrees in all three with one of the default branch,
and was made when that had landed, is a copy of it where neither holds the other: what the same person wrote twice on one line, as
scripts do within a second, are two changes. So is what was rebased after it had been live, and what came to the default branch once
more after it had been taken back. Of a history that was rewritten, what is kept beside it was made at the very same moments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.lineage import CommitGraph
from metrics.mainline import Mainline
from metrics.sha_index import Positions

#: Commits of one repository, by position.
Copies = tuple[int, ...]
#: More repositories than are ever read together.
_REPOSITORIES = 1 << 10


def alike(commits: pl.DataFrame, is_merge: NDArray[np.bool_]) -> dict[str, list[Copies]]:
    """By repository the commits that agree in author, time of writing and subject, which all have to be known; merges are none."""
    moments = commits["authored_at"].to_physical()
    # One number for both: to compare texts of all, or pairs of columns, takes ten times as long.
    twice = (moments * _REPOSITORIES + commits["repository"].to_physical()).is_duplicated()
    known = pl.all_horizontal(pl.col("author", "authored_at", "committed_at").is_not_null()) & (pl.col("subject") != "")
    few = commits.filter(twice & ~pl.Series(is_merge)).filter(known)
    groups = few.group_by("repository", "author", "authored_at", "subject", maintain_order=True).agg("position")
    several = groups.filter(pl.col("position").list.len() > 1).select("repository", "position")
    found: dict[str, list[Copies]] = {}
    for name, positions in several.iter_rows():
        found.setdefault(name, []).append(tuple(sorted(positions)))
    return found


class Holding:
    """Which commits of a repository hold which others; asked of few, it walks little more than what lies between them."""

    def __init__(self, graph: CommitGraph, landed: Positions, line: Mainline | None) -> None:
        self._graph, self._landed, self._line = graph, landed, line

    def __call__(self, high: int, low: int) -> bool:
        """Whether `low` can be reached from `high`."""
        graph, levels, landed = self._graph, self._graph.levels, self._landed
        if levels[high] <= levels[low] or self._never(high, low):
            return False
        if self._line and landed[low] >= 0 and self._line.landed[low] <= self._reached[0][high]:
            return True
        stack, seen = [high], {high}
        while stack:
            for parent in graph.parents[stack.pop()]:
                if parent == low:
                    return True
                if parent not in seen and levels[parent] > levels[low] and not self._too_early(parent, low):
                    seen.add(parent)
                    stack.append(parent)
        return False

    def _never(self, high: int, low: int) -> bool:
        """What landed holds nothing that did not, nor does what shares no such commit; nothing holds what came after all that it holds."""
        if self._landed[low] < 0:
            return self._landed[high] >= 0 or self._parts[high] != self._parts[low]
        return self._line is not None and self._line.landed[low] > self._reached[1][high]

    def _too_early(self, commit: int, low: int) -> bool:
        """Whether the commit had landed before `low` did, and so cannot hold it."""
        if self._landed[commit] < 0:
            return False
        return self._landed[low] < 0 or (self._line is not None and self._line.landed[commit] < self._line.landed[low])

    @cached_property
    def _reached(self) -> tuple[list[int], list[int]]:
        """For every commit the highest place of the line that it holds, and the highest at which anything that it holds landed; -1 for none."""
        assert self._line
        places, parents = self._line.landed.tolist(), self._graph.parents
        on_line = dict(zip(self._line.commits.tolist(), range(len(self._line.commits)), strict=True))
        held, through = [-1] * len(places), list(places)
        for commit in np.argsort(self._graph.levels, kind="stable").tolist():
            held[commit] = on_line.get(commit, max((held[parent] for parent in parents[commit]), default=-1))
            through[commit] = max(places[commit], max((through[parent] for parent in parents[commit]), default=-1))
        return held, through

    @cached_property
    def _parts(self) -> dict[int, int]:
        """For what did not land, one commit that stands for all that are joined by such commits."""
        beside = np.flatnonzero(self._landed < 0).tolist()
        part = {commit: commit for commit in beside}

        def root(commit: int) -> int:
            while part[commit] != commit:
                part[commit] = part[part[commit]]
                commit = part[commit]
            return commit

        for commit in beside:
            for parent in self._graph.parents[commit]:
                if parent in part:
                    part[root(commit)] = root(parent)
        return {commit: root(commit) for commit in beside}


def copies_of(
    groups: Sequence[Copies],
    landed: Positions,
    made: Positions,
    holds: Callable[[int, int], bool],
    is_taken_back: Callable[[int], bool],
) -> list[Copies]:
    """Of such groups the commit that came to the default branch first, and its copies; none where it has none.

    `landed`: see `metrics.repository.Repository`; `made`: when each commit was committed; `is_taken_back`: whether a revert names one.
    """
    found = []
    for group in groups:
        there = [commit for commit in group if landed[commit] >= 0]
        if there:
            home = min(there, key=lambda commit: (made[landed[commit]], commit))
            copies = [home]
            later = (c for c in group if c != home and _is_later(c, home, landed, made, is_taken_back))
            for commit in later:
                if not any(holds(commit, other) or holds(other, commit) for other in copies):
                    copies.append(commit)
            found += [tuple(copies)] if len(copies) > 1 else []
    return found


def _is_later(commit: int, home: int, landed: Positions, made: Positions, is_taken_back: Callable[[int], bool]) -> bool:
    """Whether it was made when its home had landed, or beside that at the very same moment; not what landed again after a revert."""
    if landed[commit] < 0 and made[commit] == made[home]:
        return True
    picked = bool(made[commit] >= made[landed[home]])
    return picked and (landed[commit] < 0 or not is_taken_back(home))


def homes(copies: Sequence[Copies]) -> Mapping[int, int]:
    """Copy -> the commit of the default branch that tells of it."""
    return {commit: home for home, *others in copies for commit in others}


def shipped_once(copies: Sequence[Copies], owners: Positions, contained: NDArray[np.bool_]) -> set[int]:
    """Lay every copy to what shipped the first of them; returns the others, which ship nothing any more.

    `owners`: by commit the place of the deployment that first contained it, -1 for none and for the baseline; `contained`: by
    any. Both are changed. Of those that came together the one of the default branch stands for all.
    """
    others = set[int]()
    for group in copies:
        live = [commit for commit in group if contained[commit]]
        if not live:
            continue
        stands = min(live, key=lambda commit: owners[commit])
        others.update(commit for commit in group if commit != stands)
        owners[list(group)], contained[list(group)] = owners[stands], True
    return others


def waiting_once(copies: Sequence[Copies], contained: NDArray[np.bool_], waiting: Sequence[int]) -> list[int]:
    """Those waiting commits of which no copy is deployed, and of copies that wait together the first."""
    dropped = {commit for group in copies for commit in group if contained[commit]}
    waits = set(waiting)
    for group in copies:
        dropped.update([commit for commit in group if commit in waits][1:])
    return [commit for commit in waiting if commit not in dropped]
