"""Lines of CSV text -> rows, so that a broken row costs only itself.

A quoted field may hold line breaks, so an unbalanced quote could swallow the rest of a file. Here a row that
does not close, or closes into something that is no row, is given up after its first line, and reading goes on
with the next line.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, cast

import polars as pl

LINE_LIMIT = 2**20
_JOIN_LINES = 1000
_BLOCK = 2**22
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
    _tail: str = ""
    _cutting: bool = False

    def take(self, count: int) -> list[str]:
        """Up to `count` lines without their ends; empty at the end of the text."""
        while len(self._held) < count and self._read_more():
            pass
        out, self._held = self._held[:count], self._held[count:]
        self.number += len(out)
        return out

    def _read_more(self) -> bool:
        block = self.file.read(_BLOCK)
        if not block:
            if self._tail and not self._cutting:
                self._held.append(self._tail)
            self._tail = ""
            return False
        parts = (self._tail + block).split("\n")
        if self._cutting and len(parts) > 1:
            self._cutting = False
            del parts[0]
        self._tail = "" if self._cutting else parts.pop()
        if self._cutting:
            return True
        self._held.extend(parts)
        if len(self._tail) > LINE_LIMIT:
            self._held.append(self._tail[: LINE_LIMIT + 1])
            self._tail, self._cutting = "", True
        return True


def cut_rows(
    taken: list[str], start: int, lines: Lines, width: int | None, separator: str
) -> tuple[Sequence[Sequence[object]], list[Broken], Sequence[int]]:
    """The columns of the rows in `taken` (which begins at line `start`), what is broken, and each row's first line.

    When the last row is not closed, more is read from `lines`. `width`: the number of fields of a row; None
    for the header.
    """
    columns = _at_once(taken, width, separator)
    if columns is not None:
        return columns, [], range(start, start + len(taken))
    rows, broken, places = _one_by_one(taken, start, lines, width, separator)
    return list(zip(*rows, strict=True)) or [()] * (width or 0), broken, places


def _at_once(taken: list[str], width: int | None, separator: str) -> Sequence[Sequence[object]] | None:
    """All lines as rows, one a line, when none has a quote and all have `width` fields; else None.

    Right only because polars refuses a row of more fields, so that an exact sum leaves no row with fewer.
    """
    text = "\n".join(taken)
    if width is None or width < 2 or not taken or '"' in text or text.count(separator) != len(taken) * (width - 1):
        return None
    if max(map(len, taken)) > LINE_LIMIT:
        return None
    try:
        frame = pl.read_csv(
            text.encode(),
            has_header=False,
            separator=separator,
            quote_char=None,
            infer_schema=False,
            truncate_ragged_lines=False,
        )
    except pl.exceptions.PolarsError:
        return None
    return cast(Sequence[Sequence[object]], frame.get_columns()) if frame.shape == (len(taken), width) else None


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
            broken.append(Broken(start + n, reason, taken[n]))
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
        parsed = list(csv.reader([f"{line}\n" for line in text], delimiter=separator, strict=True))
    except csv.Error as error:
        return None, 1, str(error) if used == 1 else "a quote is opened and not closed"
    if len(parsed) != 1:
        return None, 1, "a quote is opened and not closed"
    return _fitted(parsed[0], width, used)


def _fitted(row: list[str], width: int | None, used: int) -> tuple[list[str] | None, int, str]:
    if width is None or len(row) == width:
        return row, used, ""
    if len(row) > width and not any(row[width:]):
        return row[:width], used, ""
    return None, 1, f"the row has {len(row)} fields, the header has {width}"
