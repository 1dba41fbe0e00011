"""One repository as the facts see it: its commit graph, its messages' references, and its pull requests.

Commits and pull requests stay columns; rules look at the few rows that concern them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dora.definitions import Definitions
from metrics.lineage import CommitGraph, landings
from metrics.mainline import Mainline, mainline_of
from metrics.services import matching
from metrics.sha_index import Positions, hashes
from metrics.versions import resolve

if TYPE_CHECKING:
    import polars as pl


class Named(NamedTuple):
    """A commit that says that it takes something back, and what by its message."""

    sha: str
    subject: str
    shas: Sequence[str]
    pull_requests: Sequence[int]


@dataclass(slots=True, kw_only=True)
class Read:
    """One repository's rows as they come from the warehouse.

    `commits` in the order of the graph; `pulls` by number; `named`: the positions of commits that tags and messages name.
    """

    name: str
    commits: pl.DataFrame
    graph: CommitGraph
    takes_back: Sequence[Named] = ()
    named: Mapping[str, int] = field(default_factory=dict)
    pulls: pl.DataFrame
    tags: pl.DataFrame
    paths: pl.DataFrame


class Repository:
    """The commits, tags, mainline and pull requests of one repository.

    `changes`: the columns of `change_facts` for every commit; `requests`: those of `pull_request_facts` for every
    pull request whose merge is known, with `merge`, the position of that; see `metrics.landed`.
    """

    changes: pl.DataFrame
    requests: pl.DataFrame

    def __init__(self, read: Read) -> None:
        self.name = read.name
        self.commits, self.pulls, self._paths, self._tags = (
            read.commits,
            read.pulls,
            read.paths,
            read.tags,
        )
        self.graph = read.graph
        self._named = read.named
        self.takes_back = {read.named[named.sha]: named for named in read.takes_back}
        self.is_merge = read.graph.second_parents >= 0
        self.mainline = np.flatnonzero(read.commits["mainline"].to_numpy())
        self.line: Mainline | None = mainline_of(self.graph, self.mainline)
        self._own: dict[tuple[str, ...], Positions] = {}
        self._marked: dict[tuple[tuple[str, ...], ...], list[tuple[int, str]]] = {}

    def resolve(self, version: str | None, sha: str | None, rule: str | None) -> tuple[int | None, str | None]:
        """The deployed commit's position, or None and why; see `metrics.versions.resolve`."""
        return resolve(self.graph, self.tags, version, sha, rule)

    def _find(self, sha: str) -> int | None:
        """The commit that a tag or a message names, in full or in short."""
        found = self._named.get(sha)
        return self.graph.find(sha) if found is None else found

    @cached_property
    def tags(self) -> dict[str, int | None]:
        """Tag -> the position of the commit that it names; None for one that is not stored."""
        names, shas = (self._tags[column].to_list() for column in ("name", "sha"))
        return dict(zip(names, map(self._find, map(str, shas)), strict=True))

    @cached_property
    def landed(self) -> Positions:
        """For every commit, the mainline commit that brought it onto the default branch, or -1."""
        if self.line is None:
            return np.array(landings(self.graph, self.mainline.tolist()), dtype=np.int64)
        return np.append(self.line.commits, -1)[self.line.landed]

    @cached_property
    def tip(self) -> int | None:
        """The newest mainline commit; None when the default branch is unknown."""
        if self.line is not None:
            return int(self.line.commits[-1])
        return max(self.mainline.tolist(), key=self.graph.levels.__getitem__, default=None)

    def undeployed(self, visited: bytearray) -> list[int]:
        """Commits of the default branch that were not visited; empty when the branch is unknown."""
        if self.line is not None:
            return np.flatnonzero((self.line.landed >= 0) & (np.frombuffer(visited, dtype=np.uint8) == 0)).tolist()
        return [] if self.tip is None else self.graph.reach(self.tip, bytearray(visited))

    @cached_property
    def merges(self) -> dict[int, int]:
        """Pull request number -> position of the commit that its merge made."""
        return dict(
            zip(
                self.requests["number"].to_list(),
                self.requests["merge"].to_list(),
                strict=True,
            )
        )

    def own(self, commits: Sequence[int], paths: Sequence[str]) -> list[int]:
        """Those commits that touch one of the paths; all of them when there are no paths."""
        if not paths:
            return list(commits)
        known = self._own.get(tuple(paths))
        if known is None:
            known = self._own[tuple(paths)] = self._touching(paths)
        return [commit for commit in commits if known[commit]]

    def _touching(self, paths: Sequence[str]) -> Positions:
        import polars as pl

        names = self._paths["path"].unique().to_list()
        names = [names[i] for i in matching(names, paths)]
        shas = self._paths.filter(pl.col("path").is_in(names))["sha"]
        touched = np.zeros(self.commits.height + 1, dtype=np.int64)
        touched[self.graph.index.positions(hashes(shas))] = 1
        return touched[:-1]

    def marked(self, definitions: Definitions) -> list[tuple[int, str]]:
        """(number, title) of the pull requests that are marked as hotfixes by a label, their branch or their title."""
        globs = (
            definitions.hotfix_labels,
            definitions.hotfix_branches,
            definitions.hotfix_titles,
        )
        if globs not in self._marked:
            branches, titles = (self.pulls[name].to_list() for name in ("head_branch", "title"))
            found = self._labelled(globs[0]) | matching(branches, globs[1]) | matching(titles, globs[2])
            numbers = self.pulls["number"]
            self._marked[globs] = [(int(numbers[i]), str(titles[i])) for i in sorted(found)]
        return self._marked[globs]

    def _labelled(self, globs: Sequence[str]) -> set[int]:
        import polars as pl

        labels = self.pulls.select(row=pl.int_range(pl.len()), label="labels").filter(pl.col("label").list.len() > 0)
        if not labels.height:
            return set()
        rows = labels.explode("label")
        known = rows["row"].to_list()
        return {known[i] for i in matching(rows["label"].to_list(), globs)}

    def is_revert(self, position: int) -> bool:
        """Whether the commit says that it reverts something, a revert included: taking that back is a re-land."""
        named = self.takes_back.get(position)
        if named is not None and (named.shas or named.pull_requests):
            return True
        return str(self.commits["subject"][position]).lower().startswith("revert")

    def reverted(self, position: int) -> list[int]:
        """The stored commits that this commit says it takes back, reverts among them."""
        named = self.takes_back.get(position)
        if named is None:
            return []
        shas = map(self._find, named.shas)
        pulls = (self.merges.get(number) for number in named.pull_requests)
        return sorted({target for target in (*shas, *pulls) if target is not None})

    @cached_property
    def reverting(self) -> frozenset[int]:
        """The commits whose subject begins with Revert or Reapply, or that take back a stored commit."""
        return frozenset(
            commit
            for commit, named in self.takes_back.items()
            if named.subject.startswith(("Revert", "Reapply")) or self.reverted(commit)
        )
