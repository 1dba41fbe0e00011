"""Lines of CSV text -> rows, so that a broken row costs only itself.

A quoted field may hold line breaks, so an unbalanced quote could swallow the rest of a file. Here a row that
does not close, or closes into something that is no row, is given up after its first line, and reading goes on
with the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO

LINE_LIMIT = 2**20
_JOIN_LINES = 1000
csv.field_size_limit(2 * LINE_LIMIT)


@dataclass(frozen=True, slots=True)
class Broken:
    """A part of a file that is no row: its line or element number, why, and its text."""

    place: int
    reason: str
    content: str


@dataclass(slots=True)
class Lines:
    """The lines of a text, taken some at a time; `number`: how many were taken. An endless line is cut short."""

    file: IO[str]
    number: int = 0
    _held: list[str] = field(default_factory=list)

    def take(self, count: int) -> list[str]:
        """Up to `count` lines with their ends; empty at the end of the text."""
        out: list[str] = []
        while len(out) < count and (line := self.file.readline(LINE_LIMIT + 1)):
            if len(line) > LINE_LIMIT and not line.endswith("\n"):
                self._skip()
            out.append(line)
        self.number += len(out)
        return out

    def _skip(self) -> None:
        while (rest := self.file.readline(LINE_LIMIT)) and not rest.endswith("\n"):
            pass


def cut_rows(
    taken: list[str], start: int, lines: Lines, width: int | None, separator: str
) -> tuple[list[list[str]], list[Broken], Sequence[int]]:
    """The rows in `taken` (which begins at line `start`), what is broken, and each row's first line number.

    When the last row is not closed, more is read from `lines`. `width`: the number of fields of a row; None
    for the header.
    """
    rows = _at_once(taken, width, separator)
    if rows is not None:
        return rows, [], range(start, start + len(rows))
    return _one_by_one(taken, start, lines, width, separator)


def _at_once(taken: list[str], width: int | None, separator: str) -> list[list[str]] | None:
    """All lines as rows, one a line; None when any needs a closer look."""
    try:
        rows = list(csv.reader(taken, delimiter=separator, strict=True))
    except csv.Error:
        return None
    if len(rows) != len(taken) or (width is not None and any(len(row) != width for row in rows)):
        return None
    return rows


def _one_by_one(
    taken: list[str], start: int, lines: Lines, width: int | None, separator: str
) -> tuple[list[list[str]], list[Broken], list[int]]:
    rows: list[list[str]] = []
    broken: list[Broken] = []
    places: list[int] = []
    n = 0
    while n < len(taken):
        if not taken[n].strip():
            n += 1
            continue
        row, used, reason = _row_at(taken, n, lines, width, separator)
        if row is None:
            broken.append(Broken(start + n, reason, taken[n].rstrip("\n")))
        else:
            rows.append(row)
            places.append(start + n)
        n += used
    return rows, broken, places


def _row_at(
    taken: list[str], n: int, lines: Lines, width: int | None, separator: str
) -> tuple[list[str] | None, int, str]:
    """The row that begins at line `n`, how many lines it takes, and why it is none (then it takes one)."""
    text, used, size = [taken[n]], 1, len(taken[n])
    if size > LINE_LIMIT:
        return None, 1, f"the line is longer than {LINE_LIMIT:,} characters"
    quotes = taken[n].count('"')
    while quotes % 2 and used < _JOIN_LINES and size <= LINE_LIMIT:
        if n + used == len(taken):
            taken.extend(lines.take(1))
        if n + used == len(taken):
            break
        text.append(taken[n + used])
        quotes += text[-1].count('"')
        size += len(text[-1])
        used += 1
    if quotes % 2:
        return None, 1, "a quote is opened and not closed"
    try:
        parsed = list(csv.reader(text, delimiter=separator, strict=True))
    except csv.Error as error:
        return None, 1, str(error)
    if len(parsed) != 1:
        return None, 1, "a quote is opened and not closed"
    return _fitted(parsed[0], width, used)


def _fitted(row: list[str], width: int | None, used: int) -> tuple[list[str] | None, int, str]:
    if width is None or len(row) == width:
        return row, used, ""
    if len(row) > width and not any(row[width:]):
        return row[:width], used, ""
    return None, 1, f"the row has {len(row)} fields, the header has {width}"
