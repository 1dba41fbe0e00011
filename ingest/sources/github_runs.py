"""Workflow runs, their jobs and their steps, as GitHub's REST interface tells them -> records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dora.model import Deployment, PipelineRun, PipelineStep, Record
from ingest.sources.github_values import Node, Origin, actor_of, text, time_of, times_of, whole

#: Conclusion of a workflow run, job or step -> status; what has none is running or pending.
_CONCLUSIONS = {
    "success": "succeeded", "neutral": "succeeded", "failure": "failed", "timed_out": "failed",
    "startup_failure": "failed", "cancelled": "cancelled", "skipped": "cancelled", "stale": "cancelled",
    "action_required": "pending",
}  # fmt: skip


def workflow_run(run: Node, jobs: Sequence[Node], origin: Origin, environment: str | None) -> list[Record]:
    """A workflow run with its jobs and steps, and with an `environment` the deployment that it stands for.

    A job is a step row whose `step` is empty, at position 0. A run finishes with the last job of its last
    attempt; GitHub keeps no finish of its own.
    """
    actor, kind, people = actor_of(run.get("triggering_actor") or run.get("actor"), origin)
    status, attempt = _state(run), run.get("run_attempt") or 1
    last = [job for job in jobs if job.get("run_attempt", attempt) == attempt]
    ends = times_of(*(job["completed_at"] for job in last if job["completed_at"])) or times_of(run["updated_at"])
    record = PipelineRun(
        source=origin.source,
        id=run_id(origin.repository, run["id"]),
        updated_at=time_of(run["updated_at"]),
        repository=origin.repository,
        pipeline=text(run.get("name") or run["path"]),
        branch=run["head_branch"] and text(run["head_branch"]),
        sha=text(run["head_sha"]),
        event=text(run["event"]),
        attempt=whole(attempt),
        status=status,
        created_at=time_of(run["created_at"]),
        started_at=time_of(run.get("run_started_at")),
        finished_at=None if status in ("pending", "running") else max(ends),
        actor=actor,
        actor_kind=kind,
        url=text(run["html_url"]),
    )
    records: list[Record] = [record, *(step for job in jobs for step in _steps(job, record)), *people]
    # A skipped run never tried to put anything anywhere.
    return (
        [*records, _run_deployment(record, run, environment)]
        if environment and run["conclusion"] != "skipped"
        else records
    )


def run_id(repository: str, number: object) -> str:
    """The id of a workflow run: `acme/shop/runs/12`."""
    return f"{repository}/runs/{whole(number)}"


def _run_deployment(record: PipelineRun, run: Node, environment: str) -> Deployment:
    return Deployment(
        source=record.source,
        id=record.id,
        updated_at=record.updated_at,
        repository=record.repository,
        environment=environment,
        sha=record.sha,
        commit_rule="sha",
        status=record.status,
        created_at=record.created_at,
        started_at=record.started_at,
        finished_at=record.finished_at,
        actor=record.actor,
        actor_kind=record.actor_kind,
        run_id=record.id,
        mechanism=text(run["path"]),
        url=record.url,
    )


def _steps(job: Node, run: PipelineRun) -> list[PipelineStep]:
    name, place = text(job["name"]), str(whole(job["id"]))
    common: dict[str, Any] = {"source": run.source, "run_id": run.id, "updated_at": run.updated_at, "job": name}
    steps = [
        PipelineStep(
            **common,
            id=place,
            position=0,
            status=_state(job),
            manual=job["status"] == "waiting",
            created_at=time_of(job.get("created_at")),
            started_at=time_of(job["started_at"]),
            finished_at=time_of(job["completed_at"]),
            signature=_signature(job),
        )
    ]
    for step in job.get("steps") or ():
        steps.append(
            PipelineStep(
                **common,
                id=f"{place}/{whole(step['number'])}",
                step=text(step["name"]),
                position=step["number"],
                status=_state(step),
                started_at=time_of(step.get("started_at")),
                finished_at=time_of(step.get("completed_at")),
                signature=_signature(step),
            )
        )
    return steps


def _state(thing: Node) -> str:
    if thing["status"] == "completed":
        return _CONCLUSIONS[thing["conclusion"]]
    return "running" if thing["status"] == "in_progress" else "pending"


def _signature(thing: Node) -> str | None:
    """What went wrong, as far as GitHub says it without the log: `failure`, `timed_out`, `cancelled`, `skipped`."""
    return None if thing["conclusion"] in (None, "success", "neutral") else text(thing["conclusion"])
