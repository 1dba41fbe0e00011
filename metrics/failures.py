"""The ledger: every piece of evidence that a deployment failed, by which rule, and how sure that is.

One function a kind, strongest first. Evidence is stored whatever its age; which kinds count, and inside which
window, is asked of the ledger when a number is computed. Definitions: the kinds of `dora.definitions`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from dora.definitions import Definitions
from dora.overrides import Override, Overrides
from metrics.deployments import Deployed, Line
from metrics.incident_links import Links, Record, incident_id
from metrics.runners_up import before_a_hotfix, listed, rolled_back_over, taken_back_by
from metrics.shipped import Shipped

CONFIDENCE = {
    "override": 1.0, "linked_incident": 0.95, "verification": 0.9, "rollback": 0.85, "revert": 0.8,
    "telemetry": 0.6, "hotfix": 0.5, "proximity": 0.3, "out_of_order": 0.0, "replay": 0.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One row of `failure_evidence`; `candidates`: which other deployments it might speak of, see `metrics.runners_up`."""

    deployment_id: str
    kind: str
    evidence: str
    evidence_id: str | None
    evidence_at: datetime | None
    recovery_id: str | None = None
    recovered_at: datetime | None = None
    confidence: float = 0.0
    decided_by: str = "rule"
    reason: str | None = None
    candidates: str | None = None


def decisions(shipped: Shipped, overrides: Overrides, incidents: Sequence[Record], links: Links) -> Iterator[Evidence]:
    """`override`: people said that a deployment failed; `absolved`: they said that it did not.

    A failure with an incident is over as that is, another one with the next deployment.
    """
    if not overrides.blame and not overrides.absolve:
        return
    by_id = {str(incident["id"]): incident for incident in incidents} | {incident_id(i): i for i in incidents}
    for kind, rows in (("override", overrides.blame), ("absolved", overrides.absolve)):
        for row in rows:
            for deployed in _decided(shipped.line, row):
                incident = by_id.get(row.incident or "")
                after = shipped.after(deployed) if kind == "override" else None
                said = Evidence(
                    deployment_id=deployed.deployment_id,
                    kind=kind,
                    evidence="decision",
                    evidence_id=row.incident,
                    evidence_at=deployed.finished_at,
                    recovery_id=after.deployment_id if after else None,
                    recovered_at=after.finished_at if after else None,
                    confidence=CONFIDENCE["override"],
                    decided_by="human",
                    reason=row.reason,
                )
                yield said if incident is None else _of_incident(said, shipped, deployed, incident, links)


def _of_incident(said: Evidence, shipped: Shipped, deployed: Deployed, incident: Record, links: Links) -> Evidence:
    resolved = cast("datetime | None", incident["resolved_at"])
    told = replace(said, evidence_id=incident_id(incident), recovery_id=None, recovered_at=resolved)
    return _ended_by(told, deployed, links.ending(shipped, {**incident, "known_service": deployed.service}))


def _decided(line: Line, row: Override) -> list[Deployed]:
    """The deployment of a decision by version and time, which outlive ids that are given anew, else by its id."""
    here = [d for d in line if (d.service, d.environment) == (row.service, row.environment)]
    named = [d for d in here if d.deployment_id == row.deployment]
    about = [d for d in here if row.is_about(d)]
    return [d for d in about if d in named] or about or named


def backward_moves(shipped: Shipped) -> Iterator[Evidence]:
    """`rollback`, and the kept but never counted `out_of_order` and `replay`: blames what was replaced."""
    for deployed in shipped.line:
        if deployed.backward_kind and deployed.replaced_id:
            reason = {
                "rollback": "replaced by a commit that had been live there before",
                "out_of_order": "replaced by an older commit that had never been live there",
                "replay": "many services moved back in the same half hour: a platform event",
            }[deployed.backward_kind]
            found = _evidence(deployed.replaced_id, deployed.backward_kind, "deployment", deployed, reason)
            others = rolled_back_over(shipped, deployed) if deployed.backward_kind == "rollback" else ()
            yield replace(found, candidates=listed(others, deployed.replaced_id))


def reverts(shipped: Shipped) -> Iterator[Evidence]:
    """`revert`: a first-shipped commit takes back what an earlier deployment shipped; that one failed.

    No failure when both were shipped together, when the revert was shipped before its target (from a release
    branch), or when what is taken back had itself taken something away (a re-land).
    """
    repository = shipped.repository
    if repository is None:
        return
    others = taken_back_by(shipped.reverts)
    for commit, target, blamed, deployed in shipped.reverts:
        sha, name = repository.graph.sha(commit), blamed.deployment_id
        reason = f"commit {sha[:12]} reverts {repository.graph.sha(target)[:12]}"
        found = _evidence(name, "revert", "commit", deployed, reason, sha)
        yield replace(found, candidates=listed(others[commit], name))


def hotfixes(
    shipped: Shipped, definitions: Definitions, incidents: Sequence[Record], links: Links
) -> Iterator[Evidence]:
    """`hotfix`: a shipped pull request is marked as one; blames the deployment that it mends.

    That is known where it takes back what an earlier one shipped, and where an incident names both its cause and, as
    its fix, the pull request or the deployment that shipped it; else the deployment that was running before is presumed, or
    what was rolled back by that.
    """
    marked = hotfix_deployments(shipped, definitions)
    mended = _mended(shipped, incidents, links) if marked else {}
    for deployed, number, title in marked:
        known = [*mended.get(number, ()), *mended.get(deployed.deployment_id, ())]
        blames = {d.deployment_id: why for d, why in known if d.order < deployed.order}
        for blamed, why in (blames or _presumed(shipped, deployed)).items():
            reason = f"pull request #{number} is marked as a hotfix ({title}); {why}"
            found = _evidence(blamed, "hotfix", "pull_request", deployed, reason, f"#{number}")
            others = () if blames else before_a_hotfix(shipped, deployed, definitions.failure_window_seconds)
            yield replace(found, candidates=listed(others, blamed))


def _presumed(shipped: Shipped, deployed: Deployed) -> Mapping[str, str]:
    """The deployment before, or what was rolled back by that, and why it is blamed; empty for the first one."""
    before, why = shipped.by_id.get(deployed.replaced_id or ""), "the deployment before it is presumed"
    while before and before.backward_kind == "rollback":
        before, why = shipped.by_id.get(before.replaced_id or ""), "what was rolled back before it is presumed"
    return {before.deployment_id: why} if before else {}


def _mended(shipped: Shipped, incidents: Iterable[Record], links: Links) -> dict[object, list[tuple[Deployed, str]]]:
    """By what mends it, the number of a pull request or a `deployment_id`: a deployment, and how that is known."""
    found: dict[object, list[tuple[Deployed, str]]] = {}
    repository = shipped.repository
    if repository is not None:
        for revert in shipped.reverts:
            number = repository.request_of(revert.commit)
            found.setdefault(number, []).append((revert.blamed, "it takes back what that shipped"))
    for incident in incidents:
        by = incident["fix_pull_request"]
        if by is None and (fix := links.fixing(shipped, incident)) is not None:
            by = fix.deployment_id
        told = links.cause(shipped, incident)[0] if by is not None else None
        if told is not None:
            found.setdefault(by, []).append((told, "an incident tells what it mends"))
    return found


def hotfix_deployments(shipped: Shipped, definitions: Definitions) -> list[tuple[Deployed, int, str]]:
    """(deployment, pull request number, title) for every hotfix-marked pull request that the line shipped."""
    if shipped.repository is None:
        return []
    marked = shipped.repository.marked(definitions)
    return [(d, number, title) for number, title in marked if (d := shipped.pull_request(number)) is not None]


def linked_incidents(shipped: Shipped, incidents: Iterable[Record], links: Links) -> Iterator[Evidence]:
    """`linked_incident`: the incident names the deployment, version, commit or pull request."""
    for incident in incidents:
        blamed, how = links.cause(shipped, incident)
        if blamed:
            others = listed(links.others(shipped, incident, blamed, how), blamed.deployment_id)
            found = _incident_evidence(blamed, "linked_incident", incident, f"the incident names its {how}", others)
            yield _ended_by(found, blamed, links.ending(shipped, incident))


def proximity(
    shipped: Shipped,
    incidents: Iterable[Record],
    linked: set[str],
    definitions: Definitions,
    links: Links,
) -> Iterator[Evidence]:
    """`proximity`: nothing better known than that the incident followed the deployment within the window."""
    for incident in incidents:
        at = cast("datetime | None", incident["impact_started_at"] or incident["detected_at"])
        if incident_id(incident) in linked or at is None:
            continue
        seen = cast("datetime | None", incident["detected_at"]) or at
        # Some tools write the year 1 for no date.
        window = min(timedelta(seconds=definitions.proximity_seconds), seen - datetime.min.replace(tzinfo=seen.tzinfo))
        near = shipped.finished_in(seen - window, at)
        if near:
            others = listed(((d, "also within the window") for d in near), near[0].deployment_id)
            reason = "the last deployment before the incident"
            found = _incident_evidence(near[0], "proximity", incident, reason, others)
            yield _ended_by(found, near[0], links.ending(shipped, incident))


def verifications(shipped: Shipped, checks: Mapping[str, Sequence[Record]]) -> Iterator[Evidence]:
    """`verification`: a check after the deployment failed; `telemetry`: it found that the service's series regressed.

    Recovered with the next deployment of the service. `checks`: those that went badly, by the deployment that they name;
    what ended before that had reported success, or before the region of the check had (`since`), tells nothing of it.
    """
    named = ((d, check) for d in shipped.line for n in {d.full_id, d.deployment_id} for check in checks.get(n, ()))
    for deployed, check in named if checks else ():
        at = cast("datetime | None", check["finished_at"] or check["started_at"])
        if at is not None and at < cast(datetime, check.get("since", deployed.finished_at)):
            continue
        after = shipped.after(deployed)
        kind, found = ("telemetry", "regressed") if check["status"] == "regressed" else ("verification", "failed")
        yield Evidence(
            deployment_id=deployed.deployment_id,
            kind=kind,
            evidence="verification",
            evidence_id=f"{check['source']}/{check['id']}",
            evidence_at=at or deployed.finished_at,
            recovery_id=after.deployment_id if after else None,
            recovered_at=after.finished_at if after else None,
            confidence=CONFIDENCE[kind],
            reason=f"check {check['name']} {found} after the deployment had reported success",
        )


def _incident_evidence(
    blamed: Deployed, kind: str, incident: Record, reason: str, candidates: str | None = None
) -> Evidence:
    at = incident["detected_at"] or incident["impact_started_at"] or incident["resolved_at"] or blamed.finished_at
    return Evidence(
        deployment_id=blamed.deployment_id,
        kind=kind,
        evidence="incident",
        evidence_id=incident_id(incident),
        evidence_at=cast("datetime | None", at),
        recovered_at=cast("datetime | None", incident["resolved_at"]),
        confidence=CONFIDENCE[kind],
        reason=reason,
        candidates=candidates,
    )


def _ended_by(evidence: Evidence, blamed: Deployed, fix: Deployed | None) -> Evidence:
    """The evidence, recovered by the fix when that was live before the incident was resolved."""
    at = fix.finished_at if fix else None
    if fix is None or at is None or fix.order <= blamed.order:
        return evidence
    if evidence.recovered_at is not None and evidence.recovered_at < at:
        return evidence
    return replace(evidence, recovery_id=fix.deployment_id, recovered_at=at)


def _evidence(
    blamed: str, kind: str, evidence: str, recovery: Deployed, reason: str, evidence_id: str | None = None
) -> Evidence:
    return Evidence(
        deployment_id=blamed,
        kind=kind,
        evidence=evidence,
        evidence_id=evidence_id or recovery.deployment_id,
        evidence_at=recovery.finished_at,
        recovery_id=recovery.deployment_id,
        recovered_at=recovery.finished_at,
        confidence=CONFIDENCE[kind],
        reason=reason,
    )
