"""Pipeline runs and their steps: checks of pull requests, and the runs that deploy."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import groupby
from random import Random

from dora.demo.events import History, Pull, Rollout
from dora.demo.organisation import TEAMS, Team, mail, repository_of
from dora.demo.records import SOURCE, run_id
from dora.model import PipelineRun, PipelineStep

Run = tuple[PipelineRun, list[PipelineStep]]
_SIGNATURES = {
    "unit-tests": ("AssertionError: expected <n> rows, got <n>", "TypeError: total of undefined"),
    "integration-tests": ("ConnectionRefusedError: database:<n>", "TimeoutError: queue not ready after <n> s"),
    "end-to-end-tests": ("TimeoutError: page not loaded after <n> s", "ElementNotFound: button 'Continue'"),
    "security-scan": ("PolicyViolation: package <name> has no licence",),
    "package": ("OutOfDiskError: <n> bytes wanted",),
    "smoke-test": ("HTTPError: 503 from /health",),
    "deploy": ("PermissionError: host <name> refused the copy", "TimeoutError: <n> of <n> copies ready"),
}
#: step -> seconds it takes, from and to
_SECONDS = {
    "lint": (15, 60), "unit-tests": (60, 240), "integration-tests": (180, 600), "end-to-end-tests": (600, 2400),
    "security-scan": (240, 900), "package": (60, 200),
}  # fmt: skip


def pipelines(history: History, rng: Random, teams: tuple[Team, ...] = TEAMS, days: int = 365) -> Iterator[Run]:
    """Pull requests' checks of the last `days` (older ones were cleared away), then all deployments."""
    owner = {repository_of(team, service): team for team in teams for service in team.services}
    pulls = sorted(history.pulls, key=lambda p: (p.opened_at, p.repository, p.number))
    kept = history.until - timedelta(days=days)
    for pull in (pull for pull in pulls if pull.opened_at >= kept):
        yield from _checks(rng, owner[pull.repository], pull, history.until)
    deployed = sorted((r for r in history.rollouts if r.environment == "production"), key=run_id)
    for name, together in groupby(deployed, key=run_id):
        yield _deploying(rng, name, list(together))


def _checks(rng: Random, team: Team, pull: Pull, until: datetime) -> Iterator[Run]:
    """One run at the opening, and another try when a step failed."""
    at = pull.opened_at + timedelta(seconds=rng.randrange(5, 90))
    for attempt in (1, 2):
        name = f"checks-{pull.repository.replace('/', '-')}-{pull.number}-{attempt}"
        steps = list(_check_steps(rng, team, name, at, flaky=attempt == 1))
        end = steps[-1].finished_at or at
        if end >= until:
            return
        failed = steps[-1].status == "failed"
        sha = pull.commits[-1].sha if pull.commits else pull.merge.sha if pull.merge else None
        yield (
            PipelineRun(
                source=SOURCE, id=name, updated_at=end, repository=pull.repository,
                service=pull.services[0] if len(pull.services) == 1 else None, pipeline="checks", branch=pull.branch,
                sha=sha, event="pull_request", attempt=attempt, status="failed" if failed else "succeeded",
                created_at=at - timedelta(seconds=5), started_at=at, finished_at=end, actor=mail(pull.author),
                actor_kind="bot" if pull.is_bot else "human",
            ),
            steps,
        )  # fmt: skip
        if not failed:
            return
        at = end + timedelta(minutes=rng.randrange(2, 40))


def _check_steps(rng: Random, team: Team, run: str, at: datetime, flaky: bool) -> Iterator[PipelineStep]:
    wanted = ["lint", "unit-tests", "integration-tests", "package"]
    wanted[3:3] = [step for step in ("end-to-end-tests", "security-scan") if step in team.flaky]
    for position, step in enumerate(wanted, 1):
        failed = flaky and rng.random() < team.flaky.get(step, 0.004)
        end = at + timedelta(seconds=rng.randrange(*_SECONDS[step]))
        yield _step(rng, run, position, step, (at, at, end), failed)
        if failed:
            return
        at = end


def _deploying(rng: Random, name: str, rollouts: list[Rollout]) -> Run:
    """One run that deploys one service, or several released together."""
    first, last = rollouts[0], rollouts[-1]
    steps = list(_deploy_steps(rng, name, rollouts))
    worst = next((r.status for r in rollouts if r.status != "succeeded"), "succeeded")
    run = PipelineRun(
        source=SOURCE, id=name, updated_at=last.finished_at, repository=first.repository,
        service=first.service if len({r.service for r in rollouts}) == 1 else None, pipeline="deploy", branch="main",
        sha=first.commit.sha, event="schedule" if first.run else "push", attempt=1,
        status=worst, created_at=first.created_at, started_at=first.created_at, finished_at=last.finished_at,
        actor=mail(first.actor), actor_kind="bot" if first.automatic else "human",
    )  # fmt: skip
    return run, steps


def _deploy_steps(rng: Random, name: str, rollouts: list[Rollout]) -> Iterator[PipelineStep]:
    """Approvals where the team has them, then one deploy step a service, then a smoke test."""
    first = rollouts[0]
    at, position = first.created_at, 0
    approvals = {"Payments": ("approve-release", "approve-change"), "Back office": ("approve-release",)}
    for approval in approvals.get(first.team.name, ()) if first.purpose == "release" else ():
        position += 1
        end = at + (first.started_at - at) * (0.7 if position == 1 else 0.95)
        yield _step(rng, name, position, approval, (at, at, end), False, manual=True)
        at = end
    for rollout in rollouts:
        position += 1
        begin = max(at, rollout.started_at)
        step = _step(rng, name, position, "deploy", (at, begin, rollout.finished_at), rollout.status == "failed")
        yield step
        at = rollout.finished_at
    if rollouts[-1].status == "succeeded":
        yield _step(
            rng, name, position + 1, "smoke-test", (at, at, at + timedelta(seconds=rng.randrange(20, 90))), False
        )


def _step(
    rng: Random, run: str, position: int, step: str, times: tuple[datetime, datetime, datetime], failed: bool,
    manual: bool = False,
) -> PipelineStep:  # fmt: skip
    created, started, finished = times
    return PipelineStep(
        source=SOURCE, run_id=run, id=str(position), updated_at=finished, job=run.partition("-")[0], step=step,
        position=position, status="failed" if failed else "succeeded", manual=manual, created_at=created,
        started_at=started, finished_at=finished,
        signature=rng.choice(_SIGNATURES.get(step, ("Error: exit code <n>",))) if failed else None,
    )  # fmt: skip
