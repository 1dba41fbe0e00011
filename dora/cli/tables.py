"""Rows -> table, CSV, Markdown or Parquet; plain text that lines up without colour."""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TextIO

from dora.cli.speech import READ, printable, spoken
from dora.errors import ConfigError, DoraError

Cell = object
#: What JSON may hold as it is, but a terminal would obey or UTF-8 cannot say.
_UNSAFE = re.compile("[\x7f-\x9f\ud800-\udfff]")
#: What Markdown would take for more than text in a sentence; an underscore within a word is none of it.
_OBEYED = re.compile(r"[\\`*\[\]~<]|(?<!\w)_|_(?!\w)")
_HASH = "definitions_hash"
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def emit(
    rows: Sequence[Mapping[str, Cell]],
    form: str,
    out: str | None,
    document: object = None,
    empty: Sequence[str] = (),
    kinds: Mapping[str, type] | None = None,
    definitions: str | None = None,
    notes: Iterable[str] = (),
) -> None:
    """Write rows in one of the formats.

    `document` is what JSON prints instead of the rows; `empty` names the columns for the case that there are none.
    `kinds`: what Parquet columns hold, by name; the others hold what their values are.
    `definitions`: the hash of what the rows were computed with, the last column of CSV and Parquet.
    `notes`: what stands below a table in a file, which stderr is not beside.
    """
    if definitions and form in ("csv", "parquet"):
        rows, empty = [{**row, _HASH: definitions} for row in rows], [*empty, _HASH]
        kinds = {**(kinds or {}), _HASH: str}
    if form == "parquet":
        write_parquet(rows, out, empty, kinds)
        return
    with _opened(out) as stream:
        if form == "json":
            write_json(rows if document is None else document, stream)
            return
        header = list(rows[0] if rows else empty)
        _write(header, [[row.get(name) for name in header] for row in rows], form, stream)
        if out and form in READ:
            write_notes(notes, form, stream)


@contextmanager
def _opened(out: str | None) -> Iterator[IO[str]]:
    """The file to write, closed in the end, or stdout."""
    if not out:
        yield sys.stdout
        return
    try:
        stream = Path(out).open("w", encoding="utf-8", newline="")  # noqa: SIM115
    except OSError as error:
        raise DoraError(f"{out}: cannot be written: {error.strerror}; choose another --out") from None
    with stream:
        yield stream


def _write(header: Sequence[str], body: Sequence[Sequence[Cell]], form: str, stream: IO[str]) -> None:
    if form == "csv":
        shown = [[printable(c) if isinstance(c, str) else c for c in row] for row in body]
        write_csv(header, shown if _is_terminal(stream) else body, stream)
    elif form == "markdown":
        write_markdown(header, body, stream)
    else:
        write_table(header, body, stream)


def write_json(document: object, stream: IO[str]) -> None:
    """An indented document in UTF-8."""
    text = json.dumps(document, default=str, ensure_ascii=False, indent=1)
    stream.write(_UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n")


def write_notes(notes: Iterable[str], form: str, stream: IO[str]) -> None:
    """Notes below a table after an empty line, in Markdown as a list; nothing without any."""
    lines = [spoken(line) for line in notes]
    if form == "markdown":
        lines = ["- " + _OBEYED.sub(_escaped, line.replace("\n", " ")) for line in lines]
    if lines:
        stream.write("\n" + "".join(f"{line}\n" for line in lines))


def write_table(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """Columns padded to their widest cell, numbers to the right; wide text is cut to the terminal."""
    texts = [[_text(cell) for cell in row] for row in rows]
    if not texts:
        stream.write("nothing to show\n")
        return
    titles = [_text(name) for name in header]
    widths = [max(len(row[i]) for row in [titles, *texts]) for i in range(len(header))]
    limit = shutil.get_terminal_size((140, 24)).columns if _is_terminal(stream) else 10_000
    right = [all(isinstance(row[i], int | float) or row[i] is None for row in rows) for i in range(len(header))]
    for line in [titles, ["-" * width for width in widths], *texts]:
        cells = [text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)]
        stream.write("  ".join(cells).rstrip()[:limit] + "\n")


def write_csv(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """Comma-separated, lists and mappings as JSON; a text cell that a spreadsheet would run as a formula gets an apostrophe in front."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_defused(_one_text(cell)) for cell in row] for row in rows)


def write_markdown(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """A GitHub table; pipes and angle brackets in cells are escaped."""
    stream.write(f"| {' | '.join(map(_markdown, header))} |\n|{'|'.join(' --- ' for _ in header)}|\n")
    for row in rows:
        stream.write(f"| {' | '.join(map(_markdown, row))} |\n")


def write_parquet(
    rows: Sequence[Mapping[str, Cell]],
    out: str | None,
    empty: Sequence[str] = (),
    kinds: Mapping[str, type] | None = None,
) -> None:
    """A Parquet file; it needs a place to go."""
    if not out:
        raise ConfigError("--format parquet needs --out FILE")
    import polars as pl

    held = list(rows) if rows else {name: [] for name in empty}
    declared = {name: pl.DataType.from_python(kind) for name, kind in (kinds or {}).items()}
    frame = pl.DataFrame(held, infer_schema_length=None, schema_overrides=declared)
    try:
        frame.write_parquet(out)
    except OSError as error:
        raise DoraError(f"{out}: cannot be written: {error.strerror or error}; choose another --out") from None


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 100_000 else f"{cell:.6g}"
    return printable(str(cell))


def _markdown(cell: Cell) -> str:
    return _text(cell).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _escaped(found: re.Match[str]) -> str:
    return "&lt;" if found[0] == "<" else f"\\{found[0]}"


def _one_text(cell: Cell) -> Cell:
    return json.dumps(cell, default=str, ensure_ascii=False) if isinstance(cell, list | dict) else cell


def _defused(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell


def _is_terminal(stream: IO[str] | TextIO) -> bool:
    return stream.isatty()
