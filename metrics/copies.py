"""Commits picked from the default branch: which of a repository's commits are copies of one change.

git keeps author, time of writing and subject of what it picks. A commit that agrees in all three with an earlier one of the
default branch is a copy of that where neither holds the other: what the same person wrote twice on one line, as scripts do
within a second, are two changes. What was rebased after it had been live is no copy: it came to the default branch later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.lineage import CommitGraph
from metrics.sha_index import Positions

#: A commit of the default branch and its copies, all of them later, by position and in that order.
Copies = tuple[int, ...]
#: More repositories than are ever read together.
_REPOSITORIES = 1 << 10


def alike(commits: pl.DataFrame, is_merge: NDArray[np.bool_]) -> dict[str, list[Copies]]:
    """By repository the commits that agree in author, time of writing and subject, which all have to be known; merges are none."""
    moments = commits["authored_at"].to_physical()
    # One number for both: to compare texts of all, or pairs of columns, takes ten times as long.
    twice = (moments * _REPOSITORIES + commits["repository"].to_physical()).is_duplicated()
    told = pl.all_horizontal(pl.col("author", "authored_at").is_not_null()) & (pl.col("subject") != "")
    few = commits.filter(twice & ~pl.Series(is_merge)).filter(told)
    groups = few.group_by("repository", "author", "authored_at", "subject", maintain_order=True).agg("position")
    found: dict[str, list[Copies]] = {}
    for name, positions in (
        groups.filter(pl.col("position").list.len() > 1).select("repository", "position").iter_rows()
    ):
        found.setdefault(name, []).append(tuple(sorted(positions)))
    return found


def copies_of(graph: CommitGraph, landed: Positions, groups: Sequence[Copies]) -> list[Copies]:
    """Of such groups the first commit on the default branch and those after it; none where one can be reached from another.

    `landed`: see `metrics.repository.Repository`.
    """
    found = []
    for group in groups:
        there = [commit for commit in group if landed[commit] >= 0]
        copies = tuple(commit for commit in group if there and commit >= there[0])
        if len(copies) > 1 and not any(_holds(graph, landed, commit, copies) for commit in copies):
            found.append(copies)
    return found


def _holds(graph: CommitGraph, landed: Positions, commit: int, group: Copies) -> bool:
    """Whether another one of the group can be reached from this commit: never one at its level or above.

    Nor one beside the default branch from one that is on it.
    """
    levels, on_branch = graph.levels, landed[commit] >= 0
    rivals = {other for other in group if levels[other] < levels[commit] and not (on_branch and landed[other] < 0)}
    lowest = min((levels[other] for other in rivals), default=0)
    stack, seen = [commit] if rivals else [], {commit}
    while stack:
        for parent in graph.parents[stack.pop()]:
            if parent in rivals:
                return True
            if parent not in seen and levels[parent] > lowest:
                seen.add(parent)
                stack.append(parent)
    return False


def homes(copies: Sequence[Copies], mainline: Positions) -> Mapping[int, int]:
    """Copy -> the commit of the default branch that tells of it; those of its line tell of themselves."""
    line = set(mainline.tolist())
    return {commit: group[0] for group in copies for commit in group[1:] if commit not in line}


def shipped_once(copies: Sequence[Copies], owners: Positions, contained: NDArray[np.bool_]) -> set[int]:
    """Lay every copy to what shipped the first of them; returns the others, which ship nothing any more.

    `owners`: by commit the place of the deployment that first contained it, -1 for none and for the baseline; `contained`: by
    any. Both are changed. Of those that came together the first stands for all.
    """
    others = set[int]()
    for group in copies:
        live = [commit for commit in group if contained[commit]]
        if not live:
            continue
        stands = min(live, key=lambda commit: (owners[commit], commit))
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
