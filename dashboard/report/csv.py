"""The report as CSV: a head and one line for the deployment, for a spreadsheet of many."""

from __future__ import annotations

import csv
import io

from metrics.story import DeploymentStory

SUFFIX = "csv"
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def render(told: DeploymentStory) -> str:
    """Two lines; a text that a spreadsheet would run as a formula gets an apostrophe in front."""
    row = _row(told)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(row)
    writer.writerow(_defused(value) for value in row.values())
    return out.getvalue()


def _row(told: DeploymentStory) -> dict[str, object]:
    deployed, verdict, ended = told.deployment, told.verdict, told.recovery
    return {
        "deployment": deployed.deployment_id,
        "service": deployed.service,
        "team": ", ".join(told.teams),
        "environment": deployed.environment,
        "version": deployed.version,
        "sha": deployed.sha,
        "finished_at": deployed.finished_at,
        "state": verdict.state,
        "why": verdict.why,
        "kind": verdict.kind,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "recovery": ended.style if ended else None,
        "recovery_seconds": ended.seconds if ended and not ended.is_open else None,
        "open_seconds": ended.seconds if ended and ended.is_open else None,
        "changes": deployed.changes,
        "pull_requests": deployed.pull_requests,
        "lead_time_median_seconds": told.lead_time.value,
        "rehearsed_at": deployed.rehearsed_at,
        "definitions_hash": told.stamp.definitions_hash,
        "data_as_of": told.stamp.data_as_of,
    }


def _defused(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_RISKY) else value
