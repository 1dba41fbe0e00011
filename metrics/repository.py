"""One repository as the facts see it: its commit graph, its messages' references, and its pull requests.

Commits and pull requests stay columns; rules look at the few rows that concern them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from dora.definitions import Definitions
from metrics.copies import Copies
from metrics.lineage import CommitGraph, landings
from metrics.mainline import Mainline, mainline_of
from metrics.membership import OwnCommits, own_commits
from metrics.path_globs import own_paths
from metrics.services import matching
from metrics.sha_index import Positions, hashes
from metrics.taking_back import taking_away
from metrics.versions import resolve

if TYPE_CHECKING:
    import polars as pl


#: Of labels, of branches and of titles that mark a hotfix.
Globs = tuple[Sequence[str], Sequence[str], Sequence[str]]


class Named(NamedTuple):
    """A commit that says that it takes something back, and what by its message."""

    sha: str
    subject: str
    shas: Sequence[str]
    pull_requests: Sequence[int]


@dataclass(slots=True, kw_only=True)
class Read:
    """One repository's rows as they come from the warehouse.

    `commits` in the order of the graph; `named`: the positions of commits that tags and messages name.
    """

    name: str
    commits: pl.DataFrame
    graph: CommitGraph
    takes_back: Sequence[Named] = ()
    named: Mapping[str, int] = field(default_factory=dict)
    tags: pl.DataFrame
    paths: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Told:
    """Of the rows of repositories read together those of one, which lie together."""

    every: pl.DataFrame
    start: int
    height: int

    @property
    def rows(self) -> pl.DataFrame:
        """Its own."""
        return self.every.slice(self.start, self.height)


class PullRequests:
    """The pull requests of repositories read together: which are hotfixes is looked for in all of them at once."""

    def __init__(self, every: pl.DataFrame) -> None:
        self.every = every
        self._marked: dict[Globs, tuple[list[int], list[tuple[int, str]]]] = {}

    def marked(self, globs: Globs, start: int, height: int) -> list[tuple[int, str]]:
        """(number, title) of those of a stretch of rows that a label, their branch or their title marks."""
        if globs not in self._marked:
            texts = (self.every["head_branch"], self.every["title"])
            found = {row for of, some in zip(texts, globs[1:], strict=True) for row in matching(of, some)}
            among = sorted(found | self._labelled(globs[0]))
            told = self.every[among].select("number", "title").iter_rows()
            self._marked[globs] = among, [(number, str(title)) for number, title in told]
        rows, requests = self._marked[globs]
        return requests[bisect_left(rows, start) : bisect_left(rows, start + height)]

    def _labelled(self, globs: Sequence[str]) -> set[int]:
        import polars as pl

        labels = self.every.select(row=pl.int_range(pl.len()), label="labels").filter(pl.col("label").list.len() > 0)
        rows = labels.explode("label")
        return set(rows["row"].gather(matching(rows["label"], globs)).to_list())


class Repository:
    """The commits, tags, mainline and pull requests of one repository.

    `changes`: the columns of `change_facts` for every commit; `requests`: those of `pull_request_facts` for every
    pull request whose merge is known, with `merge`, the position of that; see `metrics.landed`. `listed`: see
    `metrics.membership.listed_commits`. `copies`: see `metrics.copies`. `told`: what is told of its pull requests, where in it its own begin and how many
    they are; of several that tell of one the last has the word.
    """

    changes: Told
    requests: Told
    listed: Told

    def __init__(self, read: Read) -> None:
        self.name = read.name
        self.commits, self._paths, self._tags = read.commits, read.paths, read.tags
        self.graph = read.graph
        self._named = read.named
        self.takes_back = {read.named[named.sha]: named for named in read.takes_back}
        self.is_merge = read.graph.second_parents >= 0
        self.mainline = np.flatnonzero(read.commits["mainline"].to_numpy())
        self.told: list[tuple[PullRequests, tuple[int, int]]] = []
        self.copies: Sequence[Copies] = ()
        self.line: Mainline | None = mainline_of(self.graph, self.mainline)
        self._own: dict[tuple[str, ...], Positions] = {}
        self._marked: dict[Globs, list[tuple[int, str]]] = {}

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

    def copies_within(self, paths: Sequence[str]) -> Sequence[Copies]:
        """The copies of what touches one of the paths: of what only some of them touch these alone."""
        if not self.copies or not self._parted(paths):
            return self.copies
        touched = self._touched(paths)
        return [tuple(commit for commit in group if touched[commit]) for group in self.copies]

    def is_named_by_revert(self, commit: int) -> bool:
        """Whether a message takes back the commit, or what brought it to the default branch, by id or by number."""
        shas, numbers = self._taken_back
        brought = {commit, int(self.landed[commit])} - {-1}
        own = {self.commits["pull_request"][position] for position in brought}
        return not shas.isdisjoint(brought) or not numbers.isdisjoint(own - {None})

    @cached_property
    def _taken_back(self) -> tuple[frozenset[int], frozenset[int]]:
        """The commits, and the numbers of pull requests, that messages take back."""
        told = list(self.takes_back.values())
        found = {self._find(sha) for named in told for sha in named.shas} - {None}
        return frozenset(found), frozenset(number for named in told for number in named.pull_requests)  # type: ignore[arg-type]

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
    def merges(self) -> Positions:
        """For every row of `requests` the position of the commit that its merge made."""
        return self.requests.rows["merge"].to_numpy()

    @cached_property
    def request_rows(self) -> dict[int, int]:
        """Pull request number -> its row in `requests`."""
        return {number: row for row, number in enumerate(self.requests.rows["number"].to_list())}

    @cached_property
    def merged_rows(self) -> dict[int, int]:
        """Position of the commit that a merge made -> the row in `requests`, the last of several."""
        return {merge: row for row, merge in enumerate(self.merges.tolist())}

    def request_of(self, commit: int) -> int | None:
        """The number of the pull request that a commit belongs to; None where no one knows of any."""
        number: int | None = self.changes.rows["pull_request"][commit]
        return number

    @cached_property
    def listed_commits(self) -> OwnCommits:
        """The commits that the pull requests list, where these are their own."""
        listed = self.listed.rows
        of = listed["request"].to_numpy() - self.requests.start
        return OwnCommits(listed["position"].to_numpy(), of, np.arange(len(self.merges)))

    @cached_property
    def own_commits(self) -> OwnCommits:
        """The own commits of all pull requests."""
        positions, listed, _ = self.listed_commits
        return own_commits(listed, positions, self.merges, self.landed, self.is_merge)

    def own(self, commits: Sequence[int], paths: Sequence[str]) -> list[int]:
        """Those commits that touch one of the paths; all of them when there are no paths, or none are stored."""
        if not self._parted(paths):
            return list(commits)
        known = self._touched(paths)
        return [commit for commit in commits if known[commit]]

    def _parted(self, paths: Sequence[str]) -> bool:
        """Whether only some commits are of a service of these paths: what they changed may not have been read yet."""
        return bool(paths) and self._paths.height > 0

    def _touched(self, paths: Sequence[str]) -> Positions:
        if tuple(paths) not in self._own:
            self._own[tuple(paths)] = self._touching(paths)
        return self._own[tuple(paths)]

    def concerning(self, paths: Sequence[str]) -> NDArray[np.bool_]:
        """Which commits concern a service of these paths: what touches one, and the merges of pull requests that do."""
        import polars as pl

        found = np.ones(len(self.graph), dtype=np.bool_)
        if self._parted(paths):
            found[:] = self._touched(paths)
            requests, numbers = self.requests.rows, self.changes.rows["pull_request"].filter(pl.Series(found))
            found[requests["merge"].filter(requests["number"].is_in(numbers.unique().to_list())).to_numpy()] = True
        return found

    def _touching(self, paths: Sequence[str]) -> Positions:
        import polars as pl

        names = own_paths(self._paths["path"].unique(), paths)
        shas = self._paths.filter(pl.col("path").is_in(names.to_list()))["sha"]
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
            found = (some.marked(globs, start, height) for some, (start, height) in self.told)
            self._marked[globs] = sorted(dict(chain.from_iterable(found)).items())
        return self._marked[globs]

    def takes_away(self, commit: int) -> bool:
        """Whether the commit takes something out of the code: what takes it back brings that again, as a re-land.

        What a message says besides, as that of a squashed branch which took back a commit of its own, makes it none.
        """
        return commit in self.takes_back and commit in self._taking_away

    @cached_property
    def _taking_away(self) -> frozenset[int]:
        targets = {commit: self.reverted(commit) for commit in self.takes_back}
        return taking_away(targets, {commit: named.subject for commit, named in self.takes_back.items()})

    def reverted(self, position: int) -> list[int]:
        """The stored commits that this commit says it takes back, reverts among them."""
        named = self.takes_back.get(position)
        if named is None:
            return []
        shas = map(self._find, named.shas)
        rows = (self.request_rows.get(number) for number in named.pull_requests)
        pulls = (int(self.merges[row]) for row in rows if row is not None)
        return sorted({target for target in (*shas, *pulls) if target is not None})

    @cached_property
    def reverting(self) -> frozenset[int]:
        """The commits whose subject begins with Revert or Reapply, or that take back a stored commit."""
        return frozenset(
            commit
            for commit, named in self.takes_back.items()
            if named.subject.startswith(("Revert", "Reapply")) or self.reverted(commit)
        )
