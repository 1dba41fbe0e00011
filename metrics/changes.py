"""Changes and pull requests as facts: when each began, when it landed, and which deployment shipped it first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import cast

from metrics.deployments import Deployed
from metrics.repository import Repository
from metrics.services import matches

Row = dict[str, object]


def own_commits(repository: Repository, commits: Sequence[int], paths: Sequence[str]) -> list[int]:
    """Those commits that touch the service's paths; all of them when the service has no globs."""
    if not paths:
        return list(commits)
    shas = repository.graph.shas
    return [c for c in commits if any(matches(path, paths) for path in repository.paths.get(shas[c], ()))]


def change_rows(
    repository: Repository,
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
            **repository.pull_clocks.of(commit),
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
