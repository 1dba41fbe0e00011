"""CSV, NDJSON, JSON and Parquet files -> chunks of loosely typed columns, in bounded memory.

A reader yields at least one chunk, so that a file without rows still has its columns checked. What cannot be
read at all (a damaged archive, a file that is no Parquet) is a `SourceError`; a part that cannot be read, such
as one broken line, is in the chunk's `broken` and costs its neighbours nothing.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from dora.errors import SourceError
from ingest.csv_lines import LINE_LIMIT, Broken, Lines, cut_rows

if TYPE_CHECKING:
    import polars as pl

MAX_COLUMNS = 1000
CHUNK_ROWS = 50_000
ARRAY_LIMIT = 512 * 2**20
#: their column name -> ours, or None when it is to be ignored; an unknown one raises `UnknownColumn`
Names = Callable[[str], str | None]


class UnknownColumn(ValueError):
    """A column name that is none of the table's; the text says which one may be meant."""


@dataclass(slots=True)
class Chunk:
    """Some rows of a file: our column name -> values; `places`: line, element or row number of each row."""

    columns: dict[str, Sequence[object]]
    places: Sequence[int]
    broken: list[Broken] = field(default_factory=list)


def suffix_of(path: str) -> str | None:
    """The reader's name for a file name (`csv`, `ndjson`, `json`, `parquet`), or None when there is none."""
    name = path.lower().removesuffix(".gz")
    ending = name.rpartition(".")[2]
    if ending == "parquet":
        return None if name != path.lower() else "parquet"
    return {"csv": "csv", "tsv": "csv", "ndjson": "ndjson", "jsonl": "ndjson", "json": "json"}.get(ending)


def read_chunks(path: Path, shown: str, names: Names) -> Iterator[Chunk]:
    """The chunks of one file; `shown` is what error sentences call it."""
    reader = _READERS[suffix_of(path.name) or "csv"]
    try:
        yield from reader(path, shown, names)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise SourceError(f"{shown}: the compressed file is damaged or ends early; write it again") from None
    except UnknownColumn as error:
        raise SourceError(f"{shown}: {error}") from None
    except OSError as error:
        raise SourceError(f"{shown}: cannot be read: {error.strerror or error}") from None


def _open_text(path: Path) -> IO[str]:
    """The file as text; UTF-16 by its mark, else UTF-8 with what is invalid replaced; every line end as a newline."""
    opener: Callable[..., IO[Any]] = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as file:
        mark = file.read(2)
    encoding = "utf-16" if mark in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    return opener(path, "rt", encoding=encoding, errors="replace")


def _read_csv(path: Path, shown: str, names: Names) -> Iterator[Chunk]:
    with _open_text(path) as file:
        lines = Lines(file)
        header = lines.take(1)
        if not header or not header[0].strip():
            raise SourceError(f"{shown}: is empty; its first line must name the columns")
        separator = next((s for s in ",;\t" if s in header[0]), ",")
        if len(header[0]) > LINE_LIMIT or header[0].count(separator) >= MAX_COLUMNS:
            raise SourceError(f"{shown}: the first line names more than {MAX_COLUMNS} columns; is it a table of rows?")
        columns, broken, _ = cut_rows(header, 1, lines, None, separator)
        if broken:
            raise SourceError(f"{shown}: the first line cannot be read as column names: {broken[0].reason}")
        ours = _header([str(column[0]) for column in columns], shown, names)
        for columns, found, places in _csv_rows(lines, len(ours), separator):
            yield Chunk({our: columns[n] for n, our in enumerate(ours) if our}, places, found)


def _csv_rows(
    lines: Lines, width: int, separator: str
) -> Iterator[tuple[Sequence[Sequence[object]], list[Broken], Sequence[int]]]:
    first = True
    while True:
        start = lines.number + 1
        taken = lines.take(CHUNK_ROWS)
        if not taken and not first:
            return
        first = False
        yield cut_rows(taken, start, lines, width, separator)


def _header(theirs: Sequence[str], shown: str, names: Names) -> list[str | None]:
    ours = [names(name) if name.strip() else None for name in theirs]
    double = next((our for n, our in enumerate(ours) if our and our in ours[:n]), None)
    if double:
        raise SourceError(f"{shown}: two columns are {double!r}; keep one, or list the other in ignore_columns")
    return ours


def _read_ndjson(path: Path, _shown: str, names: Names) -> Iterator[Chunk]:
    with _open_text(path) as file:
        lines = Lines(file)
        first = True
        while True:
            start = lines.number + 1
            taken = lines.take(CHUNK_ROWS)
            if not taken and not first:
                return
            numbered = ((start + n, line) for n, line in enumerate(taken) if line.strip())
            yield _objects(((n, line, _parsed(line)) for n, line in numbered), names, strict=first)
            first = False


def _read_json(path: Path, shown: str, names: Names) -> Iterator[Chunk]:
    with _open_text(path) as file:
        text = file.read(ARRAY_LIMIT + 1)
    if len(text) > ARRAY_LIMIT:
        raise SourceError(f"{shown}: too large for one JSON array; write one object a line as .ndjson")
    elements = _elements(text.strip())
    first = True
    while True:
        taken = [element for element, _ in zip(elements, range(CHUNK_ROWS), strict=False)]
        if not taken and not first:
            return
        yield _objects(iter(taken), names, strict=first)
        first = False


def _elements(text: str) -> Iterator[tuple[int, str, object]]:
    """The objects of an array (or the one object), numbered from 1; the rest of a damaged text as one broken one."""
    if text.startswith("{"):
        yield 1, text, _parsed(text)
        return
    decoder, at, number = json.JSONDecoder(), 1, 0
    if not text.startswith("["):
        if text:
            yield 1, text[:4000], BadJson("is not a JSON array of objects")
        return
    while True:
        number += 1
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        if text[at : at + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield number, text[at : at + 4000], BadJson("is not valid JSON from here on; the file may be cut short")
            return
        yield number, text[at : min(end, at + 4000)], value
        at = end


@dataclass(frozen=True, slots=True)
class BadJson:
    """Stands in for a value that could not be parsed."""

    reason: str


def _parsed(line: str) -> object:
    if len(line) > LINE_LIMIT:
        return BadJson(f"is longer than {LINE_LIMIT:,} characters")
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return BadJson("is not valid JSON")


def _objects(values: Iterator[tuple[int, str, object]], names: Names, *, strict: bool) -> Chunk:
    """Objects as columns. `strict`: an unknown key in the first object is an error of the whole file."""
    rows: list[dict[str, object]] = []
    places: list[int] = []
    broken: list[Broken] = []
    plain: set[str] = set()
    for place, text, value in values:
        if type(value) is dict and plain.issuperset(value):
            rows.append(value)
            places.append(place)
            continue
        if not isinstance(value, dict) or len(value) > MAX_COLUMNS:
            reason = value.reason if isinstance(value, BadJson) else f"is not an object of at most {MAX_COLUMNS} keys"
            broken.append(Broken(place, reason, text))
            continue
        try:
            row = _renamed(value, names)
        except UnknownColumn as error:
            if strict and not rows and not broken:
                raise
            broken.append(Broken(place, str(error), text))
            continue
        plain.update(name for name in row if names(name) == name)
        rows.append(row)
        places.append(place)
    known = sorted({name for row in rows for name in row})
    return Chunk({name: [row.get(name) for row in rows] for name in known}, places, broken)


def _renamed(value: Mapping[str, object], names: Names) -> dict[str, object]:
    return {our: item for their, item in value.items() if (our := names(their))}


def _read_parquet(path: Path, shown: str, names: Names) -> Iterator[Chunk]:
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            theirs = list(file.schema_arrow.names)
            if len(theirs) > MAX_COLUMNS:
                raise SourceError(f"{shown}: has more than {MAX_COLUMNS} columns; is it a table of rows?")
            ours = _header(theirs, shown, names)
            wanted = [their for their, our in zip(theirs, ours, strict=True) if our]
            yield Chunk({our: [] for our in ours if our}, [])
            row = 1
            for batch in file.iter_batches(batch_size=CHUNK_ROWS, columns=wanted):
                frame = cast(pl.DataFrame, pl.from_arrow(pa.Table.from_batches([batch])))
                _check_years(frame, shown)
                columns = {our: frame[their] for their, our in zip(theirs, ours, strict=True) if our}
                yield Chunk(cast(dict[str, Sequence[object]], columns), range(row, row + frame.height))
                row += frame.height
    except (pa.ArrowException, pl.exceptions.PolarsError) as error:
        reason = str(error).splitlines()[0][:200]
        raise SourceError(f"{shown}: cannot be read as Parquet: {reason}; write it again") from None


def _check_years(frame: pl.DataFrame, shown: str) -> None:
    """Times that no calendar here can hold would otherwise fail much later, and without a name."""
    import polars as pl

    for name, kind in frame.schema.items():
        if isinstance(kind, pl.Datetime) and not frame[name].dt.year().is_between(2, 9998).all():
            raise SourceError(f"{shown}: column {name[:60]!r} holds times outside the years 2 to 9998; mend the file")


_READERS: Mapping[str, Callable[[Path, str, Names], Iterator[Chunk]]] = {
    "csv": _read_csv,
    "ndjson": _read_ndjson,
    "json": _read_json,
    "parquet": _read_parquet,
}
