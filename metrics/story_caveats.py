"""What the data cannot tell about one deployment, and why: plain sentences, nothing invented."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from metrics.story import DeploymentStory
from metrics.story_compare import FEWEST


def caveats(told: DeploymentStory, coverage: Sequence[object], findings: Sequence[str]) -> Iterator[str]:
    """One sentence an unknown.

    `coverage`: whether the data holds any pull request of the repository, any incident of the service, any check.
    `findings`: what `quality_facts` says about this deployment.
    """
    yield from _shipping(told, bool(coverage[0]))
    yield from _clocks(told, bool(coverage[1]), bool(coverage[2]))
    yield from _usual(told)
    yield from findings


def _shipping(told: DeploymentStory, has_pull_requests: bool) -> Iterator[str]:
    deployed = told.deployment
    why = deployed.unresolved_reason or "no reason is known"
    if not deployed.is_production:
        yield "Shipped changes and failures are traced for production environments only."
    elif deployed.status != "succeeded":
        yield "A rollout that did not succeed ships nothing; its commits count with the next success."
    elif deployed.relation == "unresolved":
        yield f"What it shipped is unknown: the version leads to no known commit ({why})."
    elif deployed.relation == "baseline":
        yield "It is the first known deployment of the service, so what it shipped is unknown."
    if deployed.is_production and not has_pull_requests:
        yield (
            "Pull requests of this repository are known from their merges alone: opened and review times are unknown."
            if told.pull_requests
            else "The data holds no pull request of this repository: opened, review and merge times are unknown."
        )


def _clocks(told: DeploymentStory, has_incidents: bool, has_checks: bool) -> Iterator[str]:
    deployed = told.deployment
    if not deployed.rehearsed_at:
        yield "No earlier deployment of this version to a rehearsal environment is known."
    if deployed.run_id and not told.run:
        yield "The pipeline run that made it is not in the data, so its steps are unknown."
    elif not deployed.run_id:
        yield "The deployment names no pipeline run, so its steps are unknown."
    if not has_incidents:
        yield "The data holds no incident of this service: detection, acknowledgement and mitigation are unknown."
    if not has_checks:
        yield "The data holds no check after a deployment: whether it was verified is unknown."
    yield from _backwards(told)


def _backwards(told: DeploymentStory) -> Iterator[str]:
    at = told.deployment.finished_at
    late = sum(1 for commit in told.commits if at and commit.committed_at and commit.committed_at > at)
    early = sum(1 for row in told.evidence if at and row.evidence_at and row.evidence_at < at)
    if early:
        yield f"{early} piece(s) of evidence are earlier than the deployment: a clock may be wrong."
    if late:
        yield f"{late} commit(s) carry a time after the deployment; they are left out of the lead time."
    if told.recovery and not told.recovery.is_open and told.recovery.seconds is None:
        yield "The recovery is earlier than the deployment: how long it took is unknown."


def _usual(told: DeploymentStory) -> Iterator[str]:
    if told.batch[0].n < FEWEST:
        yield f"Only {told.batch[0].n} earlier deployment(s) moved forward: too few to say which size is usual ({FEWEST} are needed)."
    elif told.lead_time.n < FEWEST:
        yield f"Only {told.lead_time.n} earlier change(s) have a lead time: too few to say what is usual."
    if told.lead_time.value is None and told.deployment.commits:
        yield "No shipped change has the clock that the lead time starts from, so the lead time is unknown."
