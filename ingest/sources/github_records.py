"""What GitHub's GraphQL says -> records; one function a kind of thing, none of them talks to the network.

Each takes one node and gives its records, the thing itself first. A node of the
wrong shape raises `KeyError`, `TypeError` or `ValueError`; the caller turns that into a `Rejected`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from dora.model import Deployment, Incident, PipelineRun, PipelineStep, PullRequest, Record, Rejected, Tag
from ingest.sources.github_runs import run_id
from ingest.sources.github_values import (
    Node,
    Origin,
    actor_of,
    earliest,
    is_bot,
    labels_of,
    matches,
    text,
    time_of,
    times_of,
    whole,
)  # fmt: skip

_RUN = re.compile(r"/actions/runs/(\d+)")
_CAUSE = re.compile(
    r"^\W*caused[ -]by\b[\s:*_]*(?:https?://\S+/pull/(?P<url>\d+)|#(?P<number>\d+)|(?P<sha>[0-9a-f]{7,40})\b)",
    re.IGNORECASE | re.MULTILINE,
)
_BLAMED = re.compile(r"^\W*deployment\b[\s:*_]*(?:[\w.-]+/[\w.-]+)?#?(?P<id>\d{2,})\b", re.IGNORECASE | re.MULTILINE)


def pull_request(node: Node, origin: Origin) -> list[Record]:
    """A pull request with its commits, its reviews by other people, its checks and its size."""
    author, kind, people = actor_of(node["author"], origin)
    opened = time_of(node["createdAt"])
    ready = [time_of(event["createdAt"]) for event in node["ready"]["nodes"]]
    commits = [entry["commit"] for entry in node["commits"]["nodes"]]
    reviews = _reviews(node, origin)
    rollup = node["statusCheckRollup"]
    record = PullRequest(
        source=origin.source,
        repository=origin.repository,
        number=whole(node["number"]),
        updated_at=time_of(node["updatedAt"]),
        title=text(node["title"]),
        author=author,
        is_bot=kind == "bot",
        state=text(node["state"]).lower(),
        base_branch=text(node["baseRefName"]),
        head_branch=text(node["headRefName"]),
        labels=labels_of(node),
        # Author dates: a rebase before merging moves the committer dates past the opening.
        first_commit_at=earliest(time_of(commit["authoredDate"]) for commit in commits),
        opened_at=opened,
        ready_at=ready[0] if ready else None if node["isDraft"] else opened,
        first_review_at=earliest(at for at, _ in reviews),
        approved_at=earliest(at for at, state in reviews if state == "APPROVED"),
        merged_at=time_of(node["mergedAt"]),
        closed_at=time_of(node["closedAt"]),
        merge_sha=node["mergeCommit"] and text(node["mergeCommit"]["oid"]),
        commits=tuple(text(commit["oid"]) for commit in commits),
        additions=whole(node["additions"]),
        deletions=whole(node["deletions"]),
        changed_files=whole(node["changedFiles"]),
        reviews=len(reviews),
        checks=rollup and text(rollup["state"]).lower(),
        checks_seconds=_checks_seconds(rollup),
        url=text(node["url"]),
    )
    return [record, *people]


def deployment(node: Node, origin: Origin) -> list[Record]:
    """A deployment, finished at its first success or else its first failure, and its waits for approval."""
    statuses = sorted(node["statuses"]["nodes"], key=lambda status: text(status["createdAt"]))
    status, finished = _outcome(statuses)
    actor, kind, people = actor_of(node["creator"], origin)
    run = _run_of(statuses, origin)
    ref = node["ref"] or {}
    environment = text(node["environment"] or node["originalEnvironment"] or "production")
    record = Deployment(
        source=origin.source,
        # The number is a 32-bit field that newer deployments have outgrown; the node id stands in.
        id=f"{origin.repository}#{node.get('databaseId') or text(node['id'])}",
        updated_at=max(times_of(node["updatedAt"], *(entry["createdAt"] for entry in statuses))),
        repository=origin.repository,
        environment=environment,
        # A branch is no version: it names something else tomorrow.
        version=text(ref["name"]) if ref.get("prefix") == "refs/tags/" else None,
        sha=text(node["commitOid"]),
        commit_rule="sha",
        status=status,
        created_at=time_of(node["createdAt"]),
        started_at=earliest(time_of(entry["createdAt"]) for entry in statuses if entry["state"] == "IN_PROGRESS"),
        finished_at=finished,
        actor=actor,
        actor_kind=kind,
        run_id=run,
        mechanism=node["task"] and text(node["task"]),
        url=next((text(s[key]) for s in reversed(statuses) for key in ("logUrl", "environmentUrl") if s[key]), None),
    )
    return [record, *_waits(statuses, environment, run, origin), *people]


def release(node: Node, origin: Origin, environment: str | None) -> list[Record]:
    """A release's tag, and with an `environment` the deployment that it stands for; nothing for a draft."""
    if node["isDraft"]:
        return []
    tag, commit = text(node["tagName"]), node["tagCommit"]
    records: list[Record] = []
    if commit:
        target = (node["tag"] or {}).get("target") or {}
        tagger = (target.get("tagger") or {}).get("date")
        tagged = time_of(tagger or commit["committedDate"])
        records.append(Tag(repository=origin.repository, name=tag, sha=text(commit["oid"]), tagged_at=tagged))
    else:
        place, reason = f"{origin.repository}@{tag}", "the release's tag leads to no commit"
        records.append(Rejected(source=origin.source, stream="releases", place=place, reason=reason))
    if environment and not node["isPrerelease"]:
        actor, kind, people = actor_of(node["author"], origin)
        shipped = Deployment(
            source=origin.source,
            id=f"{origin.repository}@{tag}",
            updated_at=time_of(node["updatedAt"]),
            repository=origin.repository,
            environment=environment,
            version=tag,
            sha=commit and text(commit["oid"]),
            commit_rule="tag",
            created_at=time_of(node["createdAt"]),
            finished_at=time_of(node["publishedAt"]),
            actor=actor,
            actor_kind=kind,
            mechanism="release",
            url=text(node["url"]),
        )
        records += [shipped, *people]
    return records


def incident(node: Node, origin: Origin, severities: Sequence[str]) -> list[Record]:
    """An issue that carries an incident label: detected when opened, resolved when closed.

    Lines of its text `Caused by: #12` (or a commit) and `Deployment: 4711` name the cause; the pull request
    that closed it is the fix. `severities`: globs of the labels that say how severe it was.
    """
    labels, body = labels_of(node), text(node["body"])
    cause, blamed = _CAUSE.search(body), _BLAMED.search(body)
    number = cause and (cause["number"] or cause["url"])
    record = Incident(
        source=origin.source,
        id=f"{origin.repository}#{whole(node['number'])}",
        updated_at=time_of(node["updatedAt"]),
        repository=origin.repository,
        title=text(node["title"]),
        severity=next((label for label in labels if matches(label, severities)), None),
        detected_at=time_of(node["createdAt"]),
        resolved_at=time_of(node["closedAt"]),
        deployment=f"{origin.repository}#{blamed['id']}" if blamed else None,
        sha=cause and cause["sha"],
        pull_request=int(number) if number else None,
        fix_pull_request=_closer(node, origin),
        labels=labels,
        url=text(node["url"]),
    )
    return [record]


def ended_at(record: Record) -> datetime | None:
    """When the thing was over; None while it is not."""
    match record:
        case PullRequest():
            return record.merged_at or record.closed_at
        case Deployment() | PipelineRun():
            return record.finished_at
        case Incident():
            return record.resolved_at
        case Tag():
            return record.tagged_at
    return None


def _waits(statuses: Sequence[Node], environment: str, run: str | None, origin: Origin) -> list[PipelineStep]:
    """The times a run stood still for an environment's approval, which its jobs no longer tell afterwards."""
    waits = [i for i, status in enumerate(statuses) if status["state"] == "WAITING"]
    if not waits or run is None:
        return []
    start, follower = statuses[waits[0]], next((s for s in statuses[waits[0] :] if s["state"] != "WAITING"), None)
    over = {"FAILURE": "failed", "ERROR": "failed", "INACTIVE": "cancelled"}
    step = PipelineStep(
        source=origin.source,
        run_id=run,
        id=f"approval/{environment}",
        updated_at=time_of((follower or start)["createdAt"]),
        step=f"approval: {environment}",
        status=over.get(follower["state"], "succeeded") if follower else "pending",
        manual=True,
        created_at=time_of(start["createdAt"]),
        started_at=time_of(start["createdAt"]),
        finished_at=time_of(follower["createdAt"]) if follower else None,
    )
    return [step]


def _outcome(statuses: Sequence[Node]) -> tuple[str, datetime | None]:
    for status, states in (("succeeded", ("SUCCESS",)), ("failed", ("FAILURE", "ERROR")), ("cancelled", ("INACTIVE",))):
        at = earliest(time_of(entry["createdAt"]) for entry in statuses if entry["state"] in states)
        if at:
            return status, at
    return ("running" if statuses and statuses[-1]["state"] == "IN_PROGRESS" else "pending"), None


def _run_of(statuses: Sequence[Node], origin: Origin) -> str | None:
    found = (_RUN.search(status["logUrl"]) for status in statuses if status["logUrl"])
    return next((run_id(origin.repository, int(match[1])) for match in found if match), None)


def _reviews(node: Node, origin: Origin) -> list[tuple[datetime, str]]:
    """Submitted reviews by people other than the author: an author's reply is stored as a review too."""
    author = (node["author"] or {}).get("login")
    found = []
    for review in node["reviews"]["nodes"]:
        reviewer, at = review["author"], time_of(review["submittedAt"])
        other = reviewer is None or (reviewer["login"] != author and not is_bot(reviewer, origin))
        if at and other:
            found.append((at, text(review["state"])))
    return found


def _same(repository: Node, origin: Origin) -> bool:
    return text(repository["nameWithOwner"]).lower() == origin.repository.lower()


def _checks_seconds(rollup: Node | None) -> float | None:
    """From the first check's start to the last one's end; None when any is unfinished or unknown."""
    contexts = (rollup or {}).get("contexts")
    if not contexts or contexts["pageInfo"]["hasNextPage"]:
        return None
    runs = [entry for entry in contexts["nodes"] if entry["__typename"] == "CheckRun"]
    if not runs or not all(run["startedAt"] and run["completedAt"] for run in runs):
        return None
    ends, starts = (times_of(*(run[key] for run in runs)) for key in ("completedAt", "startedAt"))
    return (max(ends) - min(starts)).total_seconds()


def _closer(node: Node, origin: Origin) -> int | None:
    for event in node["closing"]["nodes"]:
        closer = event["closer"] or {}
        if closer.get("__typename") == "PullRequest" and _same(closer["repository"], origin):
            return whole(closer["number"])
    return None
