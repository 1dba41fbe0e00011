"""The report as JSON: the whole story under a versioned contract, see docs/report.md."""

from __future__ import annotations

import json
from dataclasses import asdict

from metrics.story import DeploymentStory

SUFFIX = "json"
SCHEMA_VERSION = 1


def render(told: DeploymentStory) -> str:
    """The story's own fields, times in ISO 8601 UTC, spans in seconds, null for what is unknown."""
    return (
        json.dumps({"schema_version": SCHEMA_VERSION} | asdict(told), default=str, ensure_ascii=False, indent=1) + "\n"
    )
