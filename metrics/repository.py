"""One repository as the facts see it: its commit graph, its messages' references, and its pull requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import cast

from dora.warehouse import Reader
from metrics.lineage import CommitGraph, landings
from metrics.versions import resolve


@dataclass(slots=True)
class Columns:
    """The columns of a repository's commits, by position in the graph."""

    authored_at: list[datetime | None] = field(default_factory=list)
    committed_at: list[datetime | None] = field(default_factory=list)
    author: list[str | None] = field(default_factory=list)
    is_bot: list[bool] = field(default_factory=list)
    subject: list[str] = field(default_factory=list)
    pull_request: list[int | None] = field(default_factory=list)
    reverts: list[Sequence[str]] = field(default_factory=list)
    reverts_pull_requests: list[Sequence[int]] = field(default_factory=list)


class Repository:
    """The commits, tags, mainline and pull requests of one repository."""

    def __init__(self, name: str, reader: Reader) -> None:
        self.name = name
        rows = reader.rows(_COMMITS, [name])
        self.graph = CommitGraph((str(row[0]), cast("Sequence[str]", row[1] or ())) for row in rows)
        self.columns = (
            Columns(*(list(column) for column in zip(*(row[2:] for row in rows), strict=True))) if rows else Columns()
        )
        self.tags = {
            str(tag): str(sha) for tag, sha in reader.rows("select name, sha from tags where repository = ?", [name])
        }
        mainline = reader.rows("select sha from mainline_commits where repository = ?", [name])
        self.mainline = {i for row in mainline if (i := self.graph.index.get(str(row[0]))) is not None}
        self.pulls: list[dict[str, object]] = reader.records(_PULLS, [name])
        found = reader.rows("select sha, list(path) from commit_paths where repository = ? group by sha", [name])
        self.paths = {str(sha): cast("list[str]", paths) for sha, paths in found}

    def resolve(self, version: str | None, sha: str | None, rule: str | None) -> tuple[int | None, str | None]:
        """The deployed commit's position, or None and why; see `metrics.versions.resolve`."""
        return resolve(self.graph, self.tags, version, sha, rule)

    @cached_property
    def landed(self) -> list[int]:
        """For every commit, the mainline commit that brought it onto the default branch, or -1."""
        return landings(self.graph, self.mainline)

    @cached_property
    def pull_clocks(self) -> PullClocks:
        """When the pull request of each commit began, was opened and merged."""
        return PullClocks(self)

    @cached_property
    def tip(self) -> int | None:
        """The newest mainline commit; None when the default branch is unknown."""
        return max(self.mainline, key=self.graph.levels.__getitem__, default=None)

    @cached_property
    def merges(self) -> Mapping[int, int]:
        """Pull request number -> position of the commit that its merge made.

        The host's word first, then a commit on the default branch whose subject names it, then any merge.
        """
        found: dict[int, int] = {}
        for position, number in enumerate(self.columns.pull_request):
            if number is not None and len(self.graph.parents[position]) > 1:
                found[number] = position
        for position in sorted(self.mainline):
            number = self.columns.pull_request[position]
            if number is not None:
                found[number] = position
        for pull in self.pulls:
            merged = self.graph.find(str(pull["merge_sha"])) if pull["merge_sha"] else None
            if merged is not None:
                found[cast(int, pull["number"])] = merged
        return found

    def is_revert(self, position: int) -> bool:
        """Whether the commit says that it reverts something, a revert included: taking that back is a re-land."""
        columns = self.columns
        named = columns.reverts[position] or columns.reverts_pull_requests[position]
        return bool(named) or columns.subject[position].lower().startswith("revert")

    def reverted(self, position: int) -> list[int]:
        """The stored commits that this commit says it takes back, reverts among them."""
        columns = self.columns
        shas = (self.graph.find(sha) for sha in columns.reverts[position] or ())
        pulls = (self.merges.get(number) for number in columns.reverts_pull_requests[position] or ())
        return sorted({target for target in (*shas, *pulls) if target is not None})


class PullClocks:
    """The clocks of the pull request that a commit belongs to: the host's where known, else from the merge."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        columns, landed = repository.columns, repository.landed
        self._records = {cast(int, pull["number"]): pull for pull in repository.pulls}
        self._by_commit: dict[int, int] = {}
        self._first: dict[int, datetime] = {}
        for commit, landing in enumerate(landed):
            begun = columns.authored_at[commit]
            if landing >= 0 and begun is not None and len(repository.graph.parents[commit]) < 2:
                self._first[landing] = min(self._first.get(landing, begun), begun)
        for number, pull in self._records.items():
            for sha in cast("Sequence[str]", pull["commits"] or ()):
                commit = repository.graph.index.get(sha, -1)
                if commit >= 0:
                    self._by_commit[commit] = number

    def of(self, commit: int) -> dict[str, object]:
        """pull_request, first_commit_at, opened_at, merged_at of one commit; None where unknown."""
        repository = self._repository
        landing = repository.landed[commit]
        number = self._by_commit.get(commit)
        if number is None and landing >= 0:
            number = repository.columns.pull_request[landing]
        record: Mapping[str, object] = self._records.get(number, {}) if number is not None else {}
        merged = repository.columns.committed_at[landing] if landing >= 0 else None
        return {
            "pull_request": number,
            "first_commit_at": record.get("first_commit_at") or self._first.get(landing),
            "opened_at": record.get("opened_at"),
            "merged_at": record.get("merged_at") or merged,
        }


_COMMITS = """
select sha, parents, authored_at, committed_at, author, coalesce(is_bot, false), coalesce(subject, ''), pull_request,
       reverts, reverts_pull_requests
from commits where repository = ? order by committed_at, sha
"""
_PULLS = "from pull_requests where repository = ? order by number, source"
