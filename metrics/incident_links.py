"""Which deployments of a line an incident names, as what caused it and as what fixed it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import cast

from metrics.deployments import Deployed
from metrics.shipped import Shipped

Record = Mapping[str, object]
#: From an incident and its column that names a deployment to the `deployment_id` of the one that it means.
Resolve = Callable[[Record, str], str | None]


def incident_id(incident: Record) -> str:
    """SOURCE/ID of an incident record."""
    return f"{incident['source']}/{incident['id']}"


def cause(shipped: Shipped, incident: Record, resolve: Resolve) -> tuple[Deployed | None, str]:
    """The deployment that the incident says caused it, and by what it names it; None where it names none of the line."""
    repository = shipped.repository
    if incident["deployment"] is not None:
        return shipped.by_id.get(resolve(incident, "deployment") or ""), "deployment"
    if incident["version"] is not None:
        return _running(shipped.of_version(incident["version"]), incident), "version"
    if incident["sha"] is not None:
        sha = str(incident["sha"])
        brought = shipped.by_commit(repository.graph.find(sha)) if repository else None
        return brought or _running(shipped.of_sha(sha), incident), "commit"
    if incident["pull_request"] is not None:
        return shipped.pull_request(cast(int, incident["pull_request"])), "pull request"
    return None, ""


def fixing(shipped: Shipped, incident: Record, resolve: Resolve) -> Deployed | None:
    """The deployment of the line that the incident says fixed it, by its id or its pull request."""
    if incident["fix_deployment"] is not None:
        return shipped.by_id.get(resolve(incident, "fix_deployment") or "")
    if incident["fix_pull_request"] is not None:
        return shipped.pull_request(cast(int, incident["fix_pull_request"]))
    return None


def _running(named: Sequence[Deployed], incident: Record) -> Deployed | None:
    """The last of these before the incident, else the last of all."""
    at = cast("datetime | None", incident["impact_started_at"] or incident["detected_at"])
    before = [d for d in named if at is None or d.finished_at <= at]
    return (before or named or [None])[-1]  # type: ignore[list-item]
