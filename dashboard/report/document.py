"""The report as a document: sections, tables and cells of plain text that every format lays out in its own way.

Nothing here is escaped; that is each format's own duty, because only it knows what its reader would interpret.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import units
from metrics.story import DeploymentStory

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: text, perhaps a link, marks such as `bot`; `code` for ids; `tone`: alarm, good or nothing."""

    text: str
    link: str | None = None
    marks: tuple[str, ...] = ()
    code: bool = False
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under a head; every row has as many cells as the head. `caption` may be empty."""

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A titled part; `picture` names one of `dashboard.report.pictures`, `blanks` are questions to be answered."""

    name: str
    title: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    points: tuple[str, ...] = ()
    blanks: tuple[str, ...] = ()
    picture: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A key figure at the top."""

    label: str
    value: str
    note: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole report of one deployment."""

    title: str
    kind: str
    state: str
    headline: str
    facts: tuple[tuple[str, Cell], ...]
    figures: tuple[Figure, ...]
    sections: tuple[Section, ...]
    footer: str


@dataclass(frozen=True, slots=True)
class Words:
    """How one story's values read: times in its time zone, spans in two units, None as `unknown`."""

    timezone: str

    @classmethod
    def of(cls, told: DeploymentStory) -> Words:
        """The words of the definitions that the story was made with."""
        return cls(str(told.stamp.definitions.get("timezone", "UTC")))

    def moment(self, at: datetime | None) -> str:
        """A time to the minute, with its zone."""
        return UNKNOWN if at is None else units.moment(at, self.timezone)

    def day(self, at: datetime | None) -> str:
        """A calendar day."""
        return UNKNOWN if at is None else units.day(at, self.timezone)


def span(seconds: float | None) -> str:
    """A span in its two largest units."""
    return UNKNOWN if seconds is None else units.duration(seconds)


def short(sha: str | None) -> str:
    """The first ten digits of a sha."""
    return UNKNOWN if not sha else sha[:10]


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 commit`, `2 commits`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(text: str) -> str:
    """The text with a capital at its start and a full stop at its end."""
    trimmed = text.strip()
    return (
        trimmed[:1].upper() + trimmed[1:] + ("" if trimmed.endswith((".", "!", "?", "…")) else ".") if trimmed else ""
    )


def cells(texts: Sequence[str]) -> tuple[Cell, ...]:
    """Plain texts as cells."""
    return tuple(Cell(text=text) for text in texts)
