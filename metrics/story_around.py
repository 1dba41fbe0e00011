"""The shape of what surrounds a deployment: its pipeline run and steps, checks, flag changes and incidents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

#: What an incident's clocks are called, in the order in which they run.
INCIDENT_CLOCKS = {
    "impact_started_at": "impact started",
    "detected_at": "detected",
    "acknowledged_at": "acknowledged",
    "mitigated_at": "mitigated",
    "resolved_at": "incident resolved",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The pipeline run that made the deployment."""

    run_id: str
    pipeline: str
    event: str | None
    attempt: int | None
    status: str
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of that run, in order; `signature`: its error, normalised."""

    job: str | None
    step: str
    status: str
    manual: bool
    waited_seconds: float | None
    seconds: float | None
    signature: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One verification of the deployment."""

    name: str
    status: str
    started_at: datetime | None
    finished_at: datetime | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagEvent:
    """A feature-flag change near the deployment."""

    flag: str
    state: str | None
    changed_at: datetime | None
    actor_kind: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearIncident:
    """An incident of the service near the deployment; `is_linked`: the facts tie it to this deployment."""

    incident_id: str
    title: str
    severity: str | None
    impact_started_at: datetime | None
    detected_at: datetime | None
    acknowledged_at: datetime | None
    mitigated_at: datetime | None
    resolved_at: datetime | None
    is_linked: bool
    url: str | None
