"""Everything the published file knows of one deployment, read by a dozen small questions (metrics/sql/story_*.sql)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from dora.warehouse import Reader
from metrics import story as shape
from metrics import story_around as near
from metrics import story_rules as rules
from metrics import story_timeline as line
from metrics.deployment_search import find_deployment
from metrics.question import Question, published_definitions
from metrics.story_caveats import caveats
from metrics.story_compare import compare
from metrics.story_reading import Teller, failed_of, moment_of, question
from metrics.story_recovery import ended_by

__all__ = ["deployment_story", "failed_deployments", "find_deployment"]

#: How far around a deployment incidents and flag changes are of interest.
AROUND = timedelta(days=1)


def deployment_story(
    reader: Reader, deployment_id: str, as_of: datetime, *, names: bool = False
) -> shape.DeploymentStory:
    """The story of one deployment as it was known at `as_of`: later moments are not told.

    `names`: show authors and actors by the name in the `people` table; without it no name and no hash leaves the
    file. Errors: `DoraError` when the id is unknown; `find_deployment` turns other spellings into ids.
    """
    teller = Teller(reader, published_definitions(reader), as_of, names)
    deployed = teller.deployed(deployment_id)
    teller = replace(teller, definitions=teller.definitions.of(deployed.service))
    history = teller.history(deployed)
    marks = teller.marks([row.deployment_id for row in history])
    evidence = teller.evidence(deployed, marks)
    judged = rules.verdict(deployed, evidence, as_of, teller.definitions)
    mine = [row for row in marks if row["deployment_id"] == deployment_id]
    outcome = teller.recoveries(mine).get(deployment_id)
    around = _around(deployed, outcome, judged, as_of)
    failed = teller.failed(marks)
    run = next(iter(teller.read(near.Run, "run", deployed)), None) if deployed.run_id else None
    bare = deployment_id.removeprefix(f"{deployed.source}/")
    told = shape.DeploymentStory(
        deployment=deployed,
        teams=teller.teams(deployed),
        verdict=judged,
        evidence=evidence,
        recovery=outcome,
        recovers=ended_by(reader, teller.definitions, as_of, deployment_id),
        spans=(),
        timeline=(),
        pull_requests=teller.read(shape.ShippedPullRequest, "pull_requests", deployed),
        commits=teller.commits(deployed, evidence),
        batch=_batch(deployed, history[:-1]),
        lead_time=teller.lead_time(deployed, history[:-1]),
        history=tuple(replace(row, failed=row.deployment_id in failed) for row in history),
        run=run,
        steps=teller.read(near.Step, "steps", deployed) if run else (),
        checks=teller.read(near.Check, "checks", deployed, bare_id=bare),
        flags=teller.read(near.FlagEvent, "flags", deployed, **around),
        incidents=teller.read(near.NearIncident, "incidents", deployed, **around),
        similar=teller.similar(deployed),
        caveats=(),
        stamp=teller.stamp(),
    )
    return _concluded(teller, told)


def _concluded(teller: Teller, told: shape.DeploymentStory) -> shape.DeploymentStory:
    """The story with what follows from its parts: timeline, spans and caveats."""
    before = line.moments_of_changes(told.commits, told.pull_requests)
    during = line.moments_of_deployment(told.deployment, told.run, told.verdict, teller.as_of)
    after = line.moments_after(told.evidence, told.recovery, told.incidents, told.checks, told.flags)
    linked = _first_linked(told.incidents, told.evidence)
    return replace(
        told,
        timeline=line.in_order(chain(before, during, after)),
        spans=rules.spans(told.deployment, told.recovery, told.evidence, linked),
        caveats=tuple(caveats(told, teller.coverage(told.deployment), teller.findings(told.deployment))),
    )


def failed_deployments(reader: Reader, asked: Question) -> list[str]:
    """Ids of the failed production deployments finished in the question's period, in order of time."""
    values = {
        "start": asked.period.start, "end": asked.period.end, "as_of": asked.as_of,
        "services": list(asked.services), "environments": list(asked.environments), "teams": list(asked.teams),
    }  # fmt: skip
    rows = reader.records(question("period_evidence"), values)
    return list(failed_of(rows, asked.definitions, asked.as_of))


def _around(
    deployed: shape.Deployed, outcome: shape.Recovery | None, judged: shape.Verdict, as_of: datetime
) -> dict[str, datetime]:
    """From a day before the deployment until its window ended or it recovered, whichever is later."""
    at = moment_of(deployed, as_of)
    ends = [at + AROUND, judged.window_ends_at, outcome.recovered_at if outcome else None]
    return {"start": at - AROUND, "end": min(as_of, max(end for end in ends if end)) + timedelta(microseconds=1)}


def _first_linked(
    incidents: Sequence[near.NearIncident], evidence: Sequence[shape.Evidence]
) -> near.NearIncident | None:
    """The incident whose clocks the spans use: the earliest one that is linked or that counts as evidence."""
    named = {row.evidence_id for row in rules.counted(evidence)}
    linked = [incident for incident in incidents if incident.is_linked or incident.incident_id in named]
    return linked[0] if linked else None


def _batch(deployed: shape.Deployed, past: Sequence[shape.PastDeployment]) -> tuple[shape.Comparison, ...]:
    """Commits, pull requests and lines against the earlier deployments that moved forward; a move back or a repetition ships 0."""
    forward = [row for row in past if row.relation in ("forward", "diverged")]
    known = deployed.relation in ("forward", "diverged", "backward", "same_commit")
    names = {"changes": "commits without merges", "pull_requests": "pull requests", "lines": "lines of pull requests"}
    out = []
    for field, name in names.items():
        earlier = [float(value) for row in forward if (value := getattr(row, field)) is not None]
        value = getattr(deployed, field) if known else None
        out.append(compare(name, "count", None if value is None else float(value), earlier))
    return tuple(out)
