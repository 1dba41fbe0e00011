"""The report as Markdown that pastes well into GitHub: nothing in it is interpreted, nobody is pinged."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dashboard.report.compose import document
from dashboard.report.document import Cell, Document, Section, Table
from metrics.story import DeploymentStory

SUFFIX = "md"
#: A zero-width space keeps `@name` and `#12` from becoming a mention or a reference.
_BREAK = "\N{ZERO WIDTH SPACE}"


def render(told: DeploymentStory) -> str:
    """Title, sentence, facts, figures, then every section; tables as GitHub tables."""
    return "\n".join(_lines(document(told))) + "\n"


def escaped(text: str) -> str:
    """The text as Markdown shows it letter by letter, on one line.

    >>> escaped("<b> | `x` *y*")
    '&lt;b&gt; \\\\| \\\\`x\\\\` \\\\*y\\\\*'
    """
    line = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    line = re.sub(r"([\\`*_\[\]|~$!])", r"\\\1", line)
    line = re.sub(r"@(?=\w)", f"@{_BREAK}", line)
    line = re.sub(r"(?<![&\w])#(?=\d)", f"#{_BREAK}", line)
    line = re.sub(r"(?i)\b(https?|ftp)://", rf"\1:{_BREAK}//", line)
    return re.sub(r"^(\s*)([-+#>]|\d+[.)])", r"\1\\\2", line)


def _lines(doc: Document) -> Iterator[str]:
    yield f"# {escaped(doc.title)}"
    yield f"\n**{escaped(doc.headline)}**\n"
    yield from _table(Table(head=("", ""), rows=tuple((Cell(text=name), cell) for name, cell in doc.facts)))
    yield ""
    for figure in doc.figures:
        note = f" ({escaped(figure.note)})" if figure.note else ""
        yield f"- {escaped(figure.label)}: **{escaped(figure.value)}**{note}"
    for section in doc.sections:
        yield from _section(section)
    yield f"\n---\n{escaped(doc.footer)}"


def _section(section: Section) -> Iterator[str]:
    yield f"\n## {escaped(section.title)}\n"
    yield from (f"{escaped(text)}\n" for text in section.sentences)
    yield from (f"- {escaped(text)}" for text in section.points)
    for blank in section.blanks:
        yield f"**{escaped(blank)}**\n\n\n"
    for table in section.tables:
        if table.caption:
            yield f"\n**{escaped(table.caption)}**\n"
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"| {' | '.join(map(escaped, table.head))} |"
    yield f"|{'|'.join(' --- ' for _ in table.head)}|"
    for row in table.rows:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(cell: Cell) -> str:
    text = escaped(cell.text)
    if cell.link and re.match(r"https?://[^\s<>()|]+$", cell.link):
        text = f"[{text}]({cell.link})"
    return " ".join([text, *(f"({escaped(mark)})" for mark in cell.marks)]).strip()
