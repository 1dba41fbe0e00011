"""The made-up history as records of `dora.model`: deployments, pull requests, incidents, checks, flags, commits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import Failure, History, Pull, Rollout
from dora.demo.git_objects import MadeCommit
from dora.demo.organisation import PROMOTION_BOT, UPDATES_BOT, mail
from dora.demo.working_time import minutes
from dora.model import (
    Commit,
    CommitPath,
    Deployment,
    FlagChange,
    Incident,
    MainlineCommit,
    PullRequest,
    Tag,
    Verification,
)

#: The name of the `files` source that reads these records.
SOURCE = "records"
_SITE = "https://tools.example.com"
_SEEN = {"rollback": 0.5, "verification": 0.2, "revert": 0.6, "hotfix": 0.7, "flag": 1.0, "incident": 1.0}


def name_rollouts(history: History) -> None:
    """Give every rollout that has no id yet one, in time order."""
    for number, rollout in enumerate((r for r in history.rollouts if not r.id), 1):
        rollout.id = f"deploy-{number:05d}"


def deployments(history: History) -> Iterator[Deployment]:
    """The rollouts that no GitOps repository shows, in time order."""
    for rollout in history.rollouts:
        if rollout.mechanism == "gitops" and rollout.status == "succeeded":
            continue
        by_tag = rollout.team.cadence in ("fortnightly", "quarterly")
        yield Deployment(
            source=SOURCE, id=rollout.id, updated_at=rollout.finished_at, service=rollout.service,
            environment=rollout.environment, version=rollout.version,
            sha=None if by_tag else rollout.commit.sha, commit_rule="tag" if by_tag else "sha",
            digest=_digest(rollout), status=rollout.status, created_at=rollout.created_at,
            started_at=rollout.started_at, finished_at=rollout.finished_at, actor=mail(rollout.actor),
            actor_kind="bot" if rollout.automatic else "human", run_id=run_id(rollout), mechanism=_mechanism(rollout),
            url=f"{_SITE}/deployments/{rollout.id}",
        )  # fmt: skip


def pull_requests(history: History, rng: Random) -> Iterator[PullRequest]:
    """All pull requests, in the order they were opened."""
    for pull in sorted(history.pulls, key=lambda p: (p.opened_at, p.repository, p.number)):
        merged = pull.merge is not None
        waited = (pull.first_review_at or pull.closed_at or history.until) - pull.opened_at
        yield PullRequest(
            source=SOURCE, repository=pull.repository, number=pull.number,
            updated_at=pull.closed_at or pull.first_review_at or pull.opened_at, title=pull.title,
            author=mail(pull.author), is_bot=pull.is_bot,
            state="merged" if merged else "closed" if pull.closed_at else "open",
            base_branch="main", head_branch=pull.branch, labels=pull.labels, first_commit_at=pull.first_commit_at,
            opened_at=pull.opened_at, ready_at=pull.opened_at + waited * 0.3 if pull.draft else pull.opened_at,
            first_review_at=pull.first_review_at, approved_at=pull.approved_at, merged_at=pull.merged_at,
            closed_at=pull.closed_at, merge_sha=pull.merge.sha if pull.merge else None,
            commits=tuple(commit.sha for commit in pull.commits), additions=round(pull.lines * 0.7),
            deletions=pull.lines - round(pull.lines * 0.7), changed_files=1 + pull.lines // 40,
            reviews=0 if pull.first_review_at is None else rng.choice((1, 1, 2, 3)),
            checks="failure" if merged and rng.random() < 0.02 else "success", checks_seconds=float(rng.randrange(120, 1500)),
            url=f"{_SITE}/{pull.repository}/pull/{pull.number}",
        )  # fmt: skip


def incidents(history: History, rng: Random) -> list[Incident]:
    """The incidents of failed deployments that somebody wrote down, and those that no deployment caused."""
    found = [_of_failure(rng, failure) for failure in history.failures if _written_down(rng, failure, history)]
    for trouble in history.troubles:
        for service in trouble.services:
            incident = Incident(
                source=SOURCE, id="", service=service, environment="production", title=trouble.title,
                severity=trouble.severity, labels=("provider",),
            )  # fmt: skip
            found.append(_timed(rng, incident, trouble.began_at, trouble.detected_at, trouble.ended_at))
    found.sort(key=lambda incident: (incident.detected_at or history.until, incident.title, incident.service or ""))
    return [_numbered(incident, number) for number, incident in enumerate(found, 1)]


def verifications(history: History, rng: Random) -> Iterator[Verification]:
    """Smoke tests after production deployments of the teams that run them."""
    failed = {id(f.rollout): f for f in history.failures if f.mode == "verification"}
    checked = [r for r in history.rollouts if r.environment == "production" and r.status == "succeeded"]
    number = 0
    for rollout in checked:
        wanted = "verification" in rollout.team.modes and rollout.purpose != "replay" and rng.random() < 0.95
        if wanted or id(rollout) in failed:
            number += 1
            started = rollout.finished_at + timedelta(seconds=30)
            yield Verification(
                source=SOURCE, id=f"check-{number:05d}", updated_at=started, deployment=rollout.id, name="smoke test",
                status="failed" if id(rollout) in failed else "succeeded", started_at=started,
                finished_at=min(started + minutes(rng, 1, 6), history.until), url=f"{_SITE}/checks/{number}",
            )  # fmt: skip


def flag_changes(history: History) -> Iterator[FlagChange]:
    """Feature flags turned on, up and off, in time order."""
    for number, flag in enumerate(sorted(history.flags, key=lambda f: (f.changed_at, f.flag)), 1):
        yield FlagChange(
            source=SOURCE, id=f"flag-{number:04d}", updated_at=flag.changed_at, flag=flag.flag, service=flag.service,
            environment="production", state=flag.state, changed_at=flag.changed_at,
            actor_kind="human" if flag.by_person else "bot", url=f"{_SITE}/flags/{flag.flag}",
        )  # fmt: skip


def commits(history: History) -> Iterator[Commit]:
    """The commits of all repositories, for a data set without git."""
    for made in history.repositories.values():
        for commit in made.commits:
            yield Commit(
                repository=made.name, sha=commit.sha, parents=tuple(parent.sha for parent in commit.parents),
                authored_at=commit.authored_at, committed_at=commit.committed_at, author=mail(commit.author),
                is_bot=commit.author in (UPDATES_BOT, PROMOTION_BOT), subject=commit.subject,
                pull_request=commit.pull_request, reverts=commit.reverts,
            )  # fmt: skip


def mainline_commits(history: History) -> Iterator[MainlineCommit]:
    """The first-parent line of every repository, for a data set without git."""
    for made in history.repositories.values():
        for commit in made.commits:
            if commit.mainline:
                yield MainlineCommit(repository=made.name, sha=commit.sha)


def commit_paths(history: History) -> Iterator[CommitPath]:
    """What each commit changed, for a data set without git."""
    for made in history.repositories.values():
        for commit in made.commits:
            for path in commit.changed:
                yield CommitPath(repository=made.name, sha=commit.sha, path=path)


def tags(history: History) -> Iterator[Tag]:
    """The versions of every repository, for a data set without git."""
    for made in history.repositories.values():
        for name, (commit, at) in made.tags.items():
            yield Tag(repository=made.name, name=name, sha=commit.sha, tagged_at=at)


def run_id(rollout: Rollout) -> str:
    """The pipeline run that deployed; services released together share one."""
    return f"release-of-{rollout.run.replace('/', '-')}" if rollout.run else f"run-of-{rollout.id}"


def _digest(rollout: Rollout) -> str:
    """The same everywhere, except for the team that builds again for every environment."""
    again = rollout.environment if rollout.team.cadence == "quarterly" else ""
    text = f"{rollout.repository}:{rollout.version}:{again}"
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _mechanism(rollout: Rollout) -> str:
    if rollout.team.cadence == "quarterly" and rollout.environment == "production":
        return "script by hand"
    return rollout.mechanism


def _written_down(rng: Random, failure: Failure, history: History) -> bool:
    return rng.random() < _SEEN[failure.mode] and failure.detected_at < history.until


def _of_failure(rng: Random, failure: Failure) -> Incident:
    rollout, fix_pull = failure.rollout, failure.fix_pull
    culprits = [pull for pull in rollout.pulls if not pull.is_bot and pull.merge]
    what = culprits[-1].title.split(" ", 1)[-1] if culprits else rollout.version
    incident = Incident(
        source=SOURCE, id="", service=rollout.service, environment="production",
        title=f"{rng.choice(('Errors', 'Slow pages', 'Wrong results', 'Timeouts'))} after a change of {what}",
        severity=rng.choice(("sev1", "sev2", "sev2", "sev3")), labels=("deployment",),
        fix_deployment=failure.fix.id if failure.fix else None, fix_pull_request=fix_pull.number if fix_pull else None,
    )  # fmt: skip
    linked = _linked(rng, incident, failure, culprits)
    return _timed(rng, linked, failure.began_at, failure.detected_at, failure.ended_at)


def _linked(rng: Random, incident: Incident, failure: Failure, culprits: list[Pull]) -> Incident:
    """The incident naming its deployment in one of four ways; one in twelve of the ended ones does not."""
    chance = rng.random() if failure.ended_at else 1.0
    if chance < 0.08:
        return replace(incident, labels=())
    if chance < 0.2 and culprits:
        return replace(incident, pull_request=culprits[-1].number)
    if chance < 0.3 and culprits:
        return replace(incident, sha=_first_shipped(culprits[-1]).sha[:12])
    if chance < 0.6:
        return replace(incident, version=failure.rollout.version)
    return replace(incident, deployment=failure.rollout.id)


def _first_shipped(pull: Pull) -> MadeCommit:
    assert pull.merge is not None
    return pull.commits[0] if pull.commits else pull.merge


def _timed(rng: Random, incident: Incident, began: datetime, detected: datetime, ended: datetime | None) -> Incident:
    acknowledged = detected + minutes(rng, 1, 15)
    last = ended or acknowledged
    return replace(
        incident,
        impact_started_at=began if rng.random() < 0.9 else None,
        detected_at=detected,
        acknowledged_at=min(acknowledged, last),
        mitigated_at=detected + (last - detected) * 0.8 if ended else None,
        resolved_at=ended,
        updated_at=last,
    )


def _numbered(incident: Incident, number: int) -> Incident:
    return replace(incident, id=f"INC-{number:04d}", url=f"{_SITE}/incidents/INC-{number:04d}")
