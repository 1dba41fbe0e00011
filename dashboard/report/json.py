"""The report as JSON: a stable, versioned contract (docs/report.md), complete where documents for people are cut."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from datetime import datetime

from metrics.story import DeploymentStory

SUFFIX = "json"
SCHEMA_VERSION = 1
#: Letters that a terminal or an editor obeys rather than shows; JSON spells them out itself only below a space.
_UNSEEN = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def render(told: DeploymentStory) -> str:
    """One object: `schema_version` and the story's fields; times ISO 8601 in UTC, spans in seconds, unknown is null."""
    whole = {"schema_version": SCHEMA_VERSION} | asdict(told)
    return _UNSEEN.sub(_spelt, json.dumps(whole, indent=2, ensure_ascii=False, default=_time)) + "\n"


def _spelt(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _time(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(f"{type(value).__name__} has no place in a report")
