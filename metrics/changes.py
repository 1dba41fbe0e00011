"""Changes and pull requests as facts: when each began, when it landed, and which deployment shipped it first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from metrics.deployments import Deployed
from metrics.repository import Repository
from metrics.services import matches

Row = dict[str, object]


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

    def of(self, commit: int) -> Row:
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


def own_commits(repository: Repository, commits: Sequence[int], paths: Sequence[str]) -> list[int]:
    """Those commits that touch the service's paths; all of them when the service has no globs."""
    if not paths:
        return list(commits)
    shas = repository.graph.shas
    return [c for c in commits if any(matches(path, paths) for path in repository.paths.get(shas[c], ()))]


def change_rows(
    repository: Repository,
    clocks: PullClocks,
    service: str,
    environment: str,
    commits: Sequence[int],
    deployed: Deployed | None,
) -> Iterator[Row]:
    """Rows of `change_facts` for commits that `deployed` shipped first, or that wait when it is None."""
    columns, graph = repository.columns, repository.graph
    for commit in commits:
        yield {
            "service": service,
            "environment": environment,
            "repository": repository.name,
            "sha": graph.shas[commit],
            "is_merge": len(graph.parents[commit]) > 1,
            "mainline": commit in repository.mainline,
            "is_bot": columns.is_bot[commit],
            "author": columns.author[commit],
            "subject": columns.subject[commit],
            "authored_at": columns.authored_at[commit],
            "committed_at": columns.committed_at[commit],
            **clocks.of(commit),
            "deployment_id": deployed.deployment_id if deployed else None,
            "deployed_at": deployed.finished_at if deployed else None,
        }


def undeployed(repository: Repository, visited: bytearray) -> list[int]:
    """Commits of the default branch that no deployment of the line contains; empty when the branch is unknown."""
    if repository.tip is None:
        return []
    return repository.graph.reach(repository.tip, bytearray(visited))


def pull_request_rows(
    repository: Repository, service: str, environment: str, by_commit: Mapping[int, Deployed], visited: bytearray
) -> Iterator[Row]:
    """Rows of `pull_request_facts`: merged pull requests that a deployment shipped first, or that still wait.

    Pull requests that the baseline contained are left out. Without the host's record only the merge is known.
    """
    records = {cast(int, pull["number"]): pull for pull in repository.pulls}
    for number, merge in repository.merges.items():
        deployed = by_commit.get(merge)
        if deployed is None and (visited[merge] or repository.landed[merge] < 0):
            continue
        record = records.get(number, {})
        merged = record.get("merged_at") or repository.columns.committed_at[merge]
        yield _pull_request_row(repository, service, environment, number, merge, record, merged, deployed)


def _pull_request_row(
    repository: Repository,
    service: str,
    environment: str,
    number: int,
    merge: int,
    record: Mapping[str, object],
    merged: object,
    deployed: Deployed | None,
) -> Row:
    ready = record.get("ready_at") or record.get("opened_at")
    deployed_at = deployed.finished_at if deployed else None
    sizes = [record.get("additions"), record.get("deletions")]
    return {
        "service": service,
        "environment": environment,
        "repository": repository.name,
        "number": number,
        "title": record.get("title") or repository.columns.subject[merge],
        "author": record.get("author"),
        "is_bot": bool(record.get("is_bot") if record else repository.columns.is_bot[merge]),
        "labels": record.get("labels") or [],
        "first_commit_at": record.get("first_commit_at"),
        "opened_at": record.get("opened_at"),
        "ready_at": ready,
        "first_review_at": record.get("first_review_at"),
        "merged_at": merged,
        "deployment_id": deployed.deployment_id if deployed else None,
        "deployed_at": deployed_at,
        "coding_seconds": _span(record.get("first_commit_at"), record.get("opened_at")),
        "pickup_seconds": _span(record.get("opened_at"), record.get("first_review_at")),
        "review_seconds": _span(record.get("first_review_at"), merged),
        "deploy_seconds": _span(merged, deployed_at),
        "reviews": record.get("reviews"),
        "checks": record.get("checks"),
        "lines": sum(cast(int, size) for size in sizes) if None not in sizes else None,
        "url": record.get("url"),
    }


def _span(start: object, end: object) -> float | None:
    """Seconds between two clocks; None when one is unknown or the order is impossible."""
    if not isinstance(start, datetime) or not isinstance(end, datetime):
        return None
    seconds = (end - start).total_seconds()
    return seconds if seconds >= 0 else None
