"""The moments of one deployment in order of time, each with the clock it was read from and who said it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from metrics.story import Deployed, Evidence, Moment, Recovery, ShippedCommit, ShippedPullRequest, Verdict
from metrics.story_around import INCIDENT_CLOCKS, Check, FlagEvent, NearIncident, Run


def moments_of_changes(commits: Sequence[ShippedCommit], requests: Sequence[ShippedPullRequest]) -> Iterator[Moment]:
    """First and last commit of what shipped, first pull request opened, reviewed and merged."""
    yield from _ends(
        "commit", "commit.committed_at", "git", [(c.committed_at, c.subject) for c in commits if not c.is_merge]
    )
    titles = {"opened_at": "first pull request opened", "first_review_at": "first review"}
    for field, name in titles.items():
        times = [(at, _named(r)) for r in requests if (at := getattr(r, field))]
        if times:
            at, about = min(times)
            yield Moment(at=at, name=name, clock=f"pull_request.{field}", source="pull requests", about=about)
    merged = [(r.merged_at, _named(r)) for r in requests]
    yield from _ends("merge", "pull_request.merged_at", "pull requests", merged)


def _named(request: ShippedPullRequest) -> str:
    """`#7 Show prices`; a merge commit's own subject names the number already."""
    number = f"#{request.number}"
    return request.title if number in request.title.split() else f"{number} {request.title}"


def _ends(what: str, clock: str, source: str, times: Sequence[tuple[datetime | None, str]]) -> Iterator[Moment]:
    known = sorted((at, about) for at, about in times if at is not None)
    if known:
        at, about = known[0]
        yield Moment(at=at, name=f"first {what}" if len(known) > 1 else what, clock=clock, source=source, about=about)
    if len(known) > 1 and known[-1][0] > known[0][0]:
        at, about = known[-1]
        yield Moment(at=at, name=f"last {what}", clock=clock, source=source, about=about)


def moments_of_deployment(deployed: Deployed, run: Run | None, verdict: Verdict, as_of: datetime) -> Iterator[Moment]:
    """Rehearsed, pipeline started, deployment started and finished, failure window passed."""
    said = deployed.source
    if deployed.rehearsed_at:
        clock = "rehearsal deployment.finished_at"
        yield Moment(at=deployed.rehearsed_at, name="rehearsed", clock=clock, source=said, about=deployed.version)
    if run and run.started_at:
        yield Moment(
            at=run.started_at, name="pipeline started", clock="pipeline_run.started_at", source=said, about=run.pipeline
        )
    if deployed.started_at and deployed.started_at != deployed.finished_at:
        yield Moment(at=deployed.started_at, name="deployment started", clock="deployment.started_at", source=said)
    if deployed.finished_at:
        name = "deployed" if deployed.status == "succeeded" else f"rollout {deployed.status}"
        yield Moment(
            at=deployed.finished_at, name=name, clock="deployment.finished_at", source=said, about=deployed.version
        )
    if verdict.window_ends_at and verdict.window_ends_at <= as_of:
        yield Moment(
            at=verdict.window_ends_at,
            name="failure window ended",
            clock="deployed + failure window",
            source="definitions",
        )


def moments_after(
    evidence: Sequence[Evidence], outcome: Recovery | None, incidents: Sequence[NearIncident],
    checks: Sequence[Check], flags: Sequence[FlagEvent],
) -> Iterator[Moment]:  # fmt: skip
    """Evidence, linked incidents by every clock they keep, checks, flag changes, recovery."""
    for row in evidence:
        if row.evidence_at:
            name = f"evidence: {row.kind}" if row.why_not is None else f"not counted: {row.kind}"
            yield Moment(
                at=row.evidence_at, name=name, clock="evidence_at", source="ledger", about=row.about or row.reason
            )
    for incident in incidents:
        for field, name in INCIDENT_CLOCKS.items():
            if incident.is_linked and (at := getattr(incident, field)):
                yield Moment(
                    at=at, name=name, clock=f"incident.{field}", source=incident.incident_id, about=incident.title
                )
    for check in checks:
        if at := check.finished_at or check.started_at:
            clock = "verification.finished_at" if check.finished_at else "verification.started_at"
            yield Moment(at=at, name=f"check {check.status}", clock=clock, source="verifications", about=check.name)
    for flag in flags:
        if flag.changed_at:
            turned = f"{flag.flag} to {flag.state or 'unknown'}"
            yield Moment(
                at=flag.changed_at, name="flag changed", clock="flag_change.changed_at", source="flags", about=turned
            )
    for fix in outcome.failed_fixes if outcome else ():
        name, clock = fix.version or fix.deployment_id, "deployment.finished_at"
        yield Moment(at=fix.finished_at, name="fix that failed too", clock=clock, source="ledger", about=name)
    if outcome and outcome.recovered_at:
        by = outcome.version or outcome.recovery_id
        yield Moment(at=outcome.recovered_at, name="recovered", clock="recovered_at", source="ledger", about=by)


def in_order(moments: Iterator[Moment]) -> tuple[Moment, ...]:
    """By time, then as they were told."""
    return tuple(sorted(moments, key=lambda moment: moment.at))
