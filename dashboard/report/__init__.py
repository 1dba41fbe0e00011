"""The failure report of one deployment: `FORMATS` renders a `DeploymentStory`, one output format a module.

A report is blameless: a story read without `names` holds no name and no hash of a person, so no format can show one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from dashboard.report import csv, html, json, markdown, pdf
from metrics.story import DeploymentStory


class Format(Protocol):
    """An output format: the end of its files' names, and a story as text or bytes."""

    SUFFIX: str

    def render(self, told: DeploymentStory) -> str | bytes:
        """The whole report; never fails on hostile text, which is shown as text."""


FORMATS: Mapping[str, Format] = {"html": html, "markdown": markdown, "json": json, "csv": csv, "pdf": pdf}


def report_file_name(told: DeploymentStory, suffix: str) -> str:
    """A file name of letters, digits, dots and dashes: never a path, never hidden, one a deployment.

    >>> re.sub(r"[^A-Za-z0-9.]+", "-", "../../etc/x").strip(".-")
    'etc-x'
    """
    deployed = told.deployment
    day = deployed.finished_at.strftime("%Y-%m-%d") if deployed.finished_at else "unfinished"
    text = f"{deployed.service}-{deployed.version or ''}-{deployed.environment}-{day}-{deployed.deployment_id}"
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip(".-")[:150].rstrip(".-") + f".{suffix}"
