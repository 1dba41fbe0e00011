"""The report as one self-contained HTML file: no script, no request, readable on a phone, in the dark and on paper.

The page forbids itself everything but its own style sheet (a Content-Security-Policy with the sheet's hash), so
that even an escaping mistake could run nothing.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from dashboard.report.compose import document
from dashboard.report.pictures import NARROW, PICTURES, WIDE, Picture
from metrics.plain_text import seen
from metrics.story import DeploymentStory

SUFFIX = "html"
TEMPLATES = Path(__file__).parent / "templates"
#: Letters that fit into the narrowest column: `strong (0.95)`.
_BRIEF = 13


def render(told: DeploymentStory) -> str:
    """The whole page; every text is escaped by the template engine, also inside the pictures."""
    style = _style()
    return _template().render(report=document(told), pictures=_pictures(told), style=style, style_hash=_hash(style))


def _pictures(told: DeploymentStory) -> dict[str, tuple[Picture, Picture]]:
    if told.deployment.finished_at is None:
        return {}
    return {name: (draw(told, WIDE), draw(told, NARROW)) for name, draw in PICTURES.items()}


def _hash(style: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()


@cache
def _style() -> str:
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, finalize=_shown,
    )  # fmt: skip
    environment.filters["width"] = _width
    return environment.get_template("report.html.jinja")


def _shown(value: object) -> object:
    return seen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _width(text: str) -> str:
    """Whether a cell never wraps, wraps between words only, or may break a long word rather than widen the page."""
    if len(text) <= _BRIEF:
        return "brief"
    return "words" if max(len(word) for word in text.split() or [""]) <= _BRIEF else "long"
