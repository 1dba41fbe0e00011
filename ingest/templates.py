"""The files that `dora init --files` writes: one CSV a table, every column named, two made-up rows to replace.

The rows are about a service called `example-shop`, so that they are easy to see and to delete, and they are
consistent with each other: the smoke test of the second deployment fails, and it has its incident.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from dora.model import BY_TABLE, columns

_SHAS = ("1" * 40, "2" * 40)
_REPOSITORY = "example/shop"
_SERVICE = "example-shop"
_EXAMPLES: Mapping[str, Sequence[Mapping[str, object]]] = {
    "commits": (
        {"repository": _REPOSITORY, "sha": _SHAS[0], "authored_at": "2025-01-06T09:00:00Z", "committed_at": "2025-01-06T09:00:00Z", "author": "author@example.com", "is_bot": "false", "subject": "Sell shoes"},
        {"repository": _REPOSITORY, "sha": _SHAS[1], "parents": _SHAS[0], "authored_at": "2025-01-07T09:00:00Z", "committed_at": "2025-01-07T09:30:00Z", "author": "author@example.com", "is_bot": "false", "subject": "Sell boots (#2)", "pull_request": 2},
    ),
    "mainline_commits": ({"repository": _REPOSITORY, "sha": _SHAS[0]}, {"repository": _REPOSITORY, "sha": _SHAS[1]}),
    "commit_paths": (
        {"repository": _REPOSITORY, "sha": _SHAS[0], "path": "shop/shoes.py"},
        {"repository": _REPOSITORY, "sha": _SHAS[1], "path": "shop/boots.py"},
    ),
    "tags": (
        {"repository": _REPOSITORY, "name": "v1.0", "sha": _SHAS[0], "tagged_at": "2025-01-06T10:00:00Z"},
        {"repository": _REPOSITORY, "name": "v1.1", "sha": _SHAS[1], "tagged_at": "2025-01-07T10:00:00Z"},
    ),
    "pull_requests": (
        {"repository": _REPOSITORY, "number": 1, "title": "Sell shoes", "state": "merged", "labels": "feature", "opened_at": "2025-01-06T09:05:00Z", "merged_at": "2025-01-06T09:30:00Z", "merge_sha": _SHAS[0], "commits": _SHAS[0]},
        {"repository": _REPOSITORY, "number": 2, "title": "Sell boots", "state": "merged", "labels": "feature;winter", "opened_at": "2025-01-07T09:05:00Z", "merged_at": "2025-01-07T09:30:00Z", "merge_sha": _SHAS[1], "commits": _SHAS[1]},
    ),
    "deployments": (
        {"id": "example-1", "service": _SERVICE, "repository": _REPOSITORY, "environment": "production", "version": "v1.0", "sha": _SHAS[0], "status": "succeeded", "finished_at": "2025-01-06T10:10:00Z", "run_id": "example-run-1"},
        {"id": "example-2", "service": _SERVICE, "repository": _REPOSITORY, "environment": "production", "version": "v1.1", "sha": _SHAS[1], "status": "succeeded", "finished_at": "2025-01-07T10:10:00Z", "run_id": "example-run-2"},
    ),
    "pipeline_runs": (
        {"id": "example-run-1", "repository": _REPOSITORY, "service": _SERVICE, "pipeline": "release", "sha": _SHAS[0], "status": "succeeded", "started_at": "2025-01-06T10:00:00Z", "finished_at": "2025-01-06T10:10:00Z"},
        {"id": "example-run-2", "repository": _REPOSITORY, "service": _SERVICE, "pipeline": "release", "sha": _SHAS[1], "status": "succeeded", "started_at": "2025-01-07T10:00:00Z", "finished_at": "2025-01-07T10:10:00Z"},
    ),
    "pipeline_steps": (
        {"run_id": "example-run-1", "id": "1", "job": "release", "step": "test", "position": 1, "status": "succeeded", "manual": "false", "started_at": "2025-01-06T10:00:00Z", "finished_at": "2025-01-06T10:05:00Z"},
        {"run_id": "example-run-1", "id": "2", "job": "release", "step": "deploy", "position": 2, "status": "succeeded", "manual": "true", "started_at": "2025-01-06T10:06:00Z", "finished_at": "2025-01-06T10:10:00Z"},
    ),
    "incidents": (
        {"id": "example-7", "service": _SERVICE, "environment": "production", "title": "Boots cannot be bought", "severity": "high", "impact_started_at": "2025-01-07T10:12:00Z", "detected_at": "2025-01-07T10:15:00Z", "resolved_at": "2025-01-07T11:00:00Z", "deployment": "example-2", "labels": "checkout"},
        {"id": "example-8", "service": _SERVICE, "environment": "production", "title": "Search is slow", "severity": "low", "detected_at": "2025-01-08T08:00:00Z", "resolved_at": "2025-01-08T09:00:00Z"},
    ),
    "verifications": (
        {"id": "example-smoke-1", "deployment": "example-1", "name": "smoke test", "status": "succeeded", "finished_at": "2025-01-06T10:12:00Z"},
        {"id": "example-smoke-2", "deployment": "example-2", "name": "smoke test", "status": "failed", "finished_at": "2025-01-07T10:12:00Z"},
    ),
    "telemetry_samples": (
        {"service": _SERVICE, "environment": "production", "series": "errors", "sampled_at": "2025-01-07T10:11:00Z", "step_seconds": 60, "kind": "count", "value": 0},
        {"service": _SERVICE, "environment": "production", "series": "errors", "sampled_at": "2025-01-07T10:12:00Z", "step_seconds": 60, "kind": "count", "value": 31},
    ),
    "flag_changes": (
        {"id": "example-flag-1", "flag": "boots", "service": _SERVICE, "environment": "production", "state": "on", "changed_at": "2025-01-07T10:11:00Z", "actor_kind": "human"},
        {"id": "example-flag-2", "flag": "boots", "service": _SERVICE, "environment": "production", "state": "off", "changed_at": "2025-01-07T10:40:00Z", "actor_kind": "human"},
    ),
    "people": (
        {"author": "author@example.com", "name": "Example Author", "is_bot": "false"},
        {"author": "robot@example.com", "name": "Example Robot", "is_bot": "true"},
    ),
}  # fmt: skip


def template_files() -> dict[str, str]:
    """File name -> text: for every table a CSV with all columns but `source`, and two rows that can be read."""
    return {f"{table}.csv": _csv(table, rows) for table, rows in _EXAMPLES.items()}


def _csv(table: str, rows: Sequence[Mapping[str, object]]) -> str:
    text = io.StringIO()
    names = [name for name in columns(BY_TABLE[table]) if name != "source"]
    writer = csv.DictWriter(text, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
