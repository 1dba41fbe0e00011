"""Rows -> table, CSV, Markdown or Parquet; plain text that lines up without colour."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TextIO

from dora.errors import ConfigError

Cell = object
_RISKY = ("=", "+", "-", "@", "\t", "\r")


def emit(rows: Sequence[Mapping[str, Cell]], form: str, out: str | None, document: object = None) -> None:
    """Write rows in one of the formats; `document` is what JSON prints instead of the rows."""
    if form == "parquet":
        write_parquet(rows, out)
        return
    stream: IO[str] = Path(out).open("w", encoding="utf-8", newline="") if out else sys.stdout  # noqa: SIM115
    try:
        if form == "json":
            stream.write(
                json.dumps(rows if document is None else document, default=str, ensure_ascii=False, indent=1) + "\n"
            )
            return
        header = list(rows[0]) if rows else []
        body = [[row.get(name) for name in header] for row in rows]
        if form == "csv":
            write_csv(header, body, stream)
        elif form == "markdown":
            write_markdown(header, body, stream)
        else:
            write_table(header, body, stream)
    finally:
        if out:
            stream.close()


def write_table(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """Columns padded to their widest cell, numbers to the right; wide text is cut to the terminal."""
    texts = [[_text(cell) for cell in row] for row in rows]
    if not texts:
        stream.write("nothing to show\n")
        return
    widths = [max(len(row[i]) for row in [list(header), *texts]) for i in range(len(header))]
    limit = shutil.get_terminal_size((140, 24)).columns if _is_terminal(stream) else 10_000
    right = [all(isinstance(row[i], int | float) or row[i] is None for row in rows) for i in range(len(header))]
    for line in [list(header), ["-" * width for width in widths], *texts]:
        cells = [text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)]
        stream.write("  ".join(cells).rstrip()[:limit] + "\n")


def write_csv(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """Comma-separated; a text cell that a spreadsheet would run as a formula gets an apostrophe in front."""
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_defused(cell) for cell in row] for row in rows)


def write_markdown(header: Sequence[str], rows: Sequence[Sequence[Cell]], stream: IO[str]) -> None:
    """A GitHub table; pipes and angle brackets in cells are escaped."""
    stream.write(f"| {' | '.join(header)} |\n|{'|'.join(' --- ' for _ in header)}|\n")
    for row in rows:
        cells = (_text(cell).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") for cell in row)
        stream.write(f"| {' | '.join(cells)} |\n")


def write_parquet(rows: Sequence[Mapping[str, Cell]], out: str | None) -> None:
    """A Parquet file; it needs a place to go."""
    if not out:
        raise ConfigError("--format parquet needs --out FILE")
    import polars as pl

    pl.DataFrame(list(rows), infer_schema_length=None).write_parquet(out)


def _text(cell: Cell) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, float):
        return f"{cell:.6g}"
    return "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in str(cell))


def _defused(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_RISKY) else cell


def _is_terminal(stream: IO[str] | TextIO) -> bool:
    return stream.isatty()
