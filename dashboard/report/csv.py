"""The report as CSV: one line a deployment, for a spreadsheet. No cell can become a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from metrics.plain_text import seen
from metrics.story import DeploymentStory

_SPANS = (
    "time to first evidence", "time to detect", "time to acknowledge", "time to mitigate", "time to restore",
    "failed deployment recovery time",
)  # fmt: skip


SUFFIX = "csv"


def render(told: DeploymentStory) -> str:
    """A head and one line; see `table`."""
    return table([told])


def table(stories: Sequence[DeploymentStory]) -> str:
    """A head and one line a story, ended by CRLF; an unknown value is an empty cell, never 0. No story: nothing."""
    rows = [_row(told) for told in stories]
    if not rows:
        return ""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows({name: neutral(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _row(told: DeploymentStory) -> dict[str, object]:
    deployed, verdict, ended = told.deployment, told.verdict, told.recovery
    spans = {item.name: item.seconds for item in told.spans}
    return {
        "deployment_id": deployed.deployment_id,
        "service": deployed.service,
        "teams": "; ".join(told.teams),
        "environment": deployed.environment,
        "version": deployed.version,
        "sha": deployed.sha,
        "deployed_at": _text(deployed.finished_at),
        "state": verdict.state,
        "kind": verdict.kind,
        "confidence": verdict.confidence,
        "decided_by": verdict.decided_by,
        "why": verdict.why,
        "recovery": ("open" if ended.is_open else ended.style) if ended else None,
        "recovered_at": _text(ended.recovered_at) if ended else None,
        "recovery_id": ended.recovery_id if ended else None,
        **{f"{name.replace(' ', '_')}_seconds": spans.get(name) for name in _SPANS},
        "commits": _known(told, deployed.commits),
        "changes": _known(told, deployed.changes),
        "pull_requests": _known(told, deployed.pull_requests),
        "usual_changes": told.batch[0].median,
        "lead_time_median_seconds": told.lead_time.value,
        "usual_lead_time_seconds": told.lead_time.median,
        "rehearsed_at": _text(deployed.rehearsed_at),
        "relation": deployed.relation,
        "started_by": deployed.actor_kind,
        "actor": deployed.actor,
        "rework_kinds": "; ".join(deployed.rework_kinds),
        "definitions_hash": told.stamp.definitions_hash,
        "data_as_of": _text(told.stamp.data_as_of),
        "url": deployed.url,
    }


def _known(told: DeploymentStory, count: int) -> int | None:
    return count if told.deployment.relation not in (None, "baseline", "unresolved") else None


def _text(value: object) -> str | None:
    return None if value is None else str(value).replace("+00:00", "Z").replace(" ", "T")


def neutral(value: object) -> object:
    """A cell that a spreadsheet takes as text when it is text."""
    if not isinstance(value, str):
        return value
    if value.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
        return f"'{seen(value)}"
    return seen(value)
