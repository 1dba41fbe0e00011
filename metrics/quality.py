"""What the data cannot tell, or says wrongly: findings that a person should know beside every number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from metrics.services import ServiceMap

Row = Mapping[str, object]


def findings(facts: Mapping[str, Sequence[Row]], deployments: Iterable[Row], services: ServiceMap) -> Iterator[Row]:
    """Rows of `quality_facts`; empty when nothing was found.

    unresolved_version, unknown_service, negative_lead_time, unlinked_incident, negative_duration.
    """
    for row in facts.get("deployment_facts", ()):
        if row["is_production"] and row["relation"] == "unresolved":
            yield _finding("unresolved_version", row["service"], row["deployment_id"], str(row["unresolved_reason"]))
        if _after(row["created_at"], row["finished_at"]):
            yield _finding(
                "negative_duration", row["service"], row["deployment_id"], "it finished before it was created"
            )
    unknown = {r["service"] or r["repository"] for r in deployments if not services.find(r["service"], r["repository"])}
    for name in sorted(str(name) for name in unknown if name):
        yield _finding("unknown_service", None, name, "deployments name it, but no [[service]] does")
    for row in facts.get("change_facts", ()):
        if _after(row["committed_at"], row["deployed_at"]):
            yield _finding("negative_lead_time", row["service"], row["sha"], "committed after it was deployed")
    for row in facts.get("incident_facts", ()):
        if row["deployment_id"] is None:
            yield _finding(
                "unlinked_incident",
                row["service"],
                row["incident_id"],
                "it names no deployment, version, commit or pull request",
            )
        if _after(row["impact_started_at"] or row["detected_at"], row["resolved_at"]):
            yield _finding("negative_duration", row["service"], row["incident_id"], "it was resolved before it began")


def _finding(finding: str, service: object, subject: object, detail: str) -> Row:
    return {"finding": finding, "service": service, "subject": subject, "detail": detail}


def _after(start: object, end: object) -> bool:
    return isinstance(start, datetime) and isinstance(end, datetime) and start > end
