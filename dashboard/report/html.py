"""The report as one self-contained HTML file: no script, no request, prints on A4, light and dark."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import jinja2

from dashboard.report import pictures
from dashboard.report.compose import document
from metrics.story import DeploymentStory

SUFFIX = "html"
TEMPLATES = Path(__file__).parent / "templates"


def render(told: DeploymentStory) -> str:
    """The whole page; all text is escaped by the template engine, pictures are inline SVG."""
    doc = document(told)
    drawn = {section.picture: pictures.draw(section.picture, told) for section in doc.sections if section.picture}
    return _template().render(doc=doc, pictures=drawn, style=_style())


@lru_cache(maxsize=1)
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    environment.tests["web_link"] = lambda link: isinstance(link, str) and link.startswith(("https://", "http://"))
    return environment.get_template("report.html.jinja")


@lru_cache(maxsize=1)
def _style() -> str:
    return (TEMPLATES / "report.css").read_text(encoding="utf-8")
