"""Pull requests that were merged into another branch than the default one: what their merges brought to it.

A merge brings what its first parent did not hold, but for what came to the default branch before it did. A commit that
joins nothing and says that it is pull request N is its squash where nothing speaks against it.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.lineage import CommitGraph
from metrics.membership import KEY
from metrics.repository import Repository
from metrics.sha_index import Positions

_OLD, _NEW = 1, 2


class Brought(NamedTuple):
    """What merges brought, by places among the commits of all repositories: which merge, and a commit; one may be of several."""

    merges: Positions
    commits: Positions


def brought_beside(repositories: Sequence[Repository], named: NDArray[np.bool_], starts: Positions) -> Brought:
    """What the merges of pull requests brought to other branches; `named`: which commits are told to be those of pull requests."""
    found = [Brought(starts[:0], starts[:0])]
    for repository, start in zip(repositories, starts.tolist(), strict=False):
        joined = np.flatnonzero(named[start : start + len(repository.graph)] & repository.is_merge)
        merges = joined[repository.landed[joined] != joined]
        if len(merges):
            found.append(Brought(*(places + start for places in brought(repository.graph, repository.landed, merges))))
    return Brought(*(np.concatenate(places) for places in zip(*found, strict=True)))


def brought(graph: CommitGraph, landed: Positions, merges: Positions) -> Brought:
    """What each of these merges brought to its branch; `landed`: see `metrics.repository.Repository`.

    Only commits that came to the default branch together are looked at, from the newest to where the branches parted.
    """
    together = np.zeros(len(graph) + 1, dtype=np.bool_)
    together[landed[merges]] = True
    near = np.flatnonzero(together[landed])
    place = np.full(len(graph) + 1, -1, dtype=np.int64)
    place[near] = np.arange(len(near))
    parents = (graph.first_parents, graph.second_parents)
    cut = [place[np.where(landed[of[near]] == landed[near], of[near], -1)] for of in parents]
    rest = {
        int(place[commit]): tuple(int(place[p]) for p in more if landed[p] == landed[commit])
        for commit, more in graph.more_parents.items()
        if together[landed[commit]]
    }
    rest = {commit: more for commit, more in rest.items() if more}
    moved = cut[0] < 0
    part = CommitGraph(graph.index, np.where(moved, cut[1], cut[0]), np.where(moved, -1, cut[1]), rest)
    order = range(len(near)) if part.is_ordered else part.levels
    of, commits = list[int](), list[int]()
    for merge, own in zip(merges.tolist(), place[merges].tolist(), strict=True):
        base = int(cut[0][own])
        only = _only(part, order, base, {p for p in part.parents[own] if p != base})
        of += [merge] * len(only)
        commits += only
    return Brought(np.array(of, dtype=np.int64), near[np.array(commits, dtype=np.int64)])


def _only(graph: CommitGraph, order: Sequence[int], base: int, tips: Iterable[int]) -> list[int]:
    """What can be reached from `tips` and not from `base` (-1: nothing can); `order`: any in which parents come before children."""
    paint = dict.fromkeys(tips, _NEW) | ({base: _OLD} if base >= 0 else {})
    queue = [(-order[commit], commit) for commit in paint]
    heapq.heapify(queue)
    ends, found = sum(mark == _NEW for mark in paint.values()), list[int]()
    while queue and ends > 0:
        here = heapq.heappop(queue)[1]
        mark = paint[here]
        if mark == _NEW:
            ends -= 1
            found.append(here)
        for parent in graph.parents[here]:
            before = paint.get(parent, 0)
            paint[parent] = before | mark
            if not before:
                heapq.heappush(queue, (-order[parent], parent))
                ends += mark == _NEW
            elif before == _NEW != paint[parent]:
                ends -= 1
    return found


def squashes(commits: pl.DataFrame, pulls: pl.DataFrame, inside: Positions) -> pl.DataFrame:
    """repository, number, merge, row: pull requests of which one commit beside the default branch alone tells; `merge`: its position.

    None of which a host tells, or another commit, of which that may be a copy. None that came in by a pull request either:
    it is of that, and may as well mean an issue. `row`: the place among `commits`; `inside`: those that `brought_beside` found.
    """
    named = commits.select(
        "repository", "mainline", "is_merge", "landed", "hosted", "own_pull_request",
        number="pull_request",
        merge=pl.col("position").cast(pl.Int64),
        row=pl.int_range(pl.len(), dtype=pl.Int64),
    ).filter(pl.col("number").is_not_null())  # fmt: skip
    beside = named.filter(~pl.col("mainline"))
    told = commits.select(pl.any_horizontal(pl.col("pull_request", "hosted").is_not_null())).to_series()
    of_another = told.gather(beside["landed"]).fill_null(value=False)
    own = pl.all_horizontal(pl.col("hosted", "own_pull_request").is_null()) & ~pl.col("row").is_in(inside)
    found = beside.filter((pl.len() == 1).over(KEY) & own & ~pl.col("is_merge") & ~of_another)
    # What else tells of these few: the many rows are looked through, and never indexed.
    for others in (named.filter("mainline"), pulls):
        found = found.join(others.select(KEY).join(found, on=KEY, how="semi"), on=KEY, how="anti")
    return found.sort("row").select(*KEY, "merge", "row")
