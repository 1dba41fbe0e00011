"""The report as Markdown that pastes into an issue, a wiki or a chat: text only, nobody notified, nothing linked by accident.

Every value is escaped by the template engine before it reaches the page; only the template itself writes Markdown.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from dashboard.report.compose import document
from metrics.plain_text import seen
from metrics.story import DeploymentStory

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
#: A zero-width space parts what a forge would turn into a notification, a reference or a link.
_PARTED = (
    (re.compile(r"@(?=\w)"), "@\u200b"),
    (re.compile(r"([#!])(?=\d)"), "\\1\u200b"),
    (re.compile(r"(?i)\b(gh)-(?=\d)"), "\\1-\u200b"),
    (re.compile(r"(?i)(https?|ftp|mailto|xmpp):"), "\\1\u200b:"),
    (re.compile(r"(?i)\bwww\."), "www\u200b."),
    (re.compile(r":(?=[\w+-]+:)"), ":\u200b"),
)
#: What would begin a heading, a list or a rule where a text stands at the start of a line.
_AT_START = re.compile(r"^([#+=-](?=[\s#=-]|$)|\d+(?=[.)](?:\s|$)))")
SUFFIX = "md"


def render(told: DeploymentStory) -> str:
    """The report as headings, lists and tables; ends with one line break."""
    text = _template().render(report=document(told)).strip()
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def escaped(value: object) -> object:
    """Text that Markdown shows letter by letter, on one line.

    >>> escaped("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    if not isinstance(value, str):
        return value
    text = seen(" ".join(value.split()))
    for pattern, parted in _PARTED:
        text = pattern.sub(parted, text)
    text = "".join(_ENTITIES.get(letter, letter) for letter in text)
    text = _SPECIAL.sub(r"\\\1", text)
    return _AT_START.sub(lambda found: f"{found[0]}\u200b" if found[0].isdigit() else f"\\{found[0]}", text)


def code_span(text: str) -> str:
    """An id as a code span, which keeps it fit for copying; a text with anything unusual in it is escaped instead.

    >>> code_span("ci/7:production@v1")
    '`ci/7:production@v1`'
    """
    return f"`{text}`" if re.fullmatch(r"[\w./:@#+,=-]+", text) else str(escaped(text))


def link_target(url: str) -> str:
    """An address that cannot end the link it stands in."""
    return re.sub(r"[\s<>()\[\]|`\\*_]", lambda found: f"%{ord(found[0]):02X}", url)


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"), undefined=StrictUndefined, finalize=escaped,
        trim_blocks=True, lstrip_blocks=True, autoescape=False,
    )  # fmt: skip
    environment.filters["raw"] = _Raw
    environment.filters["code"] = lambda text: _Raw(code_span(text))
    environment.filters["target"] = lambda url: _Raw(link_target(url))
    return environment.get_template("report.md.jinja")


class _Raw:
    """Text that is escaped already; not a `str`, so that the template engine leaves it alone."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text
