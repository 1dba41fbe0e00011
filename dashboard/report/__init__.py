"""The report of one deployment, above all of a failed one; one output format a module.

A story read without `names` holds no name and no hash of a person, so no format can show one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Protocol

from dashboard import units
from dashboard.report import csv, html, json, markdown, pdf
from metrics.story import DeploymentStory


class Format(Protocol):
    """An output format: the end of its files' names, and a story as text or bytes."""

    SUFFIX: str

    def render(self, told: DeploymentStory) -> str | bytes:
        """The whole report; hostile text is shown as text."""


FORMATS: Mapping[str, Format] = {"html": html, "markdown": markdown, "json": json, "csv": csv, "pdf": pdf}


def report_file_name(told: DeploymentStory, suffix: str) -> str:
    """`SERVICE-VERSION-DAY-HASH.SUFFIX`: safe on every file system, the same every time, different for every deployment."""
    deployed = told.deployment
    day = units.day(deployed.finished_at) if deployed.finished_at else "undated"
    mark = hashlib.sha256(deployed.deployment_id.encode()).hexdigest()[:8]
    version = units.version(deployed.version, deployed.sha)
    return f"{_safe(deployed.service, 'service')}-{_safe(version, 'version')}-{day}-{mark}.{_safe(suffix, 'txt')}"


def _safe(text: str, otherwise: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9._]+", "-", text)[:60].strip(".-_")
    return re.sub(r"\.{2,}", ".", kept) or otherwise
