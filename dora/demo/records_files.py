"""Writes records as the CSV and NDJSON files that the `files` source reads, and a few rows that it must refuse."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from pathlib import Path

from dora.model import Record, columns

#: What people really do to a list they keep by hand; each row is refused with its reason, or kept and flagged.
_HAND_KEPT = """\
id,service,environment,version,status,finished_at
hand-1,ledger,production,patched by hand,succeeded,{day1}T22:10:00Z
hand-2,reports,production,v0.9-old-server,succeeded,{day2}T21:40:00Z
hand-3,reports,production,v0.9,succeeded,31.02. about noon
hand-4,ledger,production,v0.8,done?,{day2}T09:00:00Z
hand-5,,production,v1.0,succeeded,{day1}T10:00:00Z
hand-6,staff-rota,production
hand-7,old-intranet,production,7,succeeded,{day1}T12:00:00Z
hand-8,../../etc/x,production,1,succeeded,{day2}T12:30:00Z
"""


def write_csv(path: Path, kind: type[Record], records: Iterable[Record]) -> None:
    """One row a record; columns that no record fills are left out, lists are joined by `;`."""
    names = [name for name in columns(kind) if name != "source"]
    read = attrgetter(*names)
    rows = [[_cell(value) for value in read(record)] for record in records]
    used = [n for n in range(len(names)) if any(row[n] != "" for row in rows)]
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow([names[n] for n in used])
        writer.writerows([row[n] for n in used] for row in rows)


def write_ndjson(path: Path, kind: type[Record], records: Iterable[Record]) -> None:
    """One object a record; what is empty is left out."""
    names = [name for name in columns(kind) if name != "source"]
    with path.open("w", encoding="utf-8", newline="\n") as out:
        for record in records:
            cells = {name: cell for name in names if (cell := _cell(getattr(record, name))) != ""}
            out.write(json.dumps(cells, ensure_ascii=False) + "\n")


def write_hand_kept(path: Path, day1: datetime, day2: datetime) -> None:
    """A list of deployments kept by hand: wrong dates, missing cells, unknown services."""
    path.write_text(_HAND_KEPT.format(day1=f"{day1:%Y-%m-%d}", day2=f"{day2:%Y-%m-%d}"), encoding="utf-8")


def cut_last_line(path: Path) -> None:
    """End the file in the middle of one more object, as an interrupted export does."""
    with path.open("a", encoding="utf-8", newline="\n") as out:
        out.write('{"id": "INC-9999", "service": "led')


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")[:19] + "Z"
    if isinstance(value, tuple):
        return ";".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else ""
    return value
