"""One folder of tests/golden or tests/golden_analyses: the input tables as records, settings and a question.

Tables are named after records, blank or missing columns take the model's default, lists are divided by `;`, times
are UTC. A record belongs to source `test`, repository `shop` and service `shop` unless its row says otherwise.
`services.csv` and `team_services.csv` replace the one service `shop`; `definitions.toml` changes definitions; `overrides.toml` holds
people's decisions; `question.toml` holds from, to, as_of, data_from, by, every, edition, teams, services, environments.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast

from dora.definitions import Definitions
from dora.model import BY_TABLE, Record, column_types
from dora.overrides import read_overrides
from dora.period import Period, parse_instant
from dora.tables import read_table
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.question import Question
from metrics.services import Ownership, ServiceName
from tests.in_memory import facts_of_records

DEFAULTS = {"source": "test", "repository": "shop", "service": "shop"}


def facts_of_case(case: Path, findings: bool = False) -> tuple[Reader, Question]:
    """The facts of a folder, ready to be asked until the next call, and its question."""
    definitions = _definitions(case)
    decisions = read_overrides(case / "overrides.toml")
    setting = Setting(definitions, list(_services(case)), list(_ownerships(case)), decisions)
    return facts_of_records(list(_records(case)), setting, findings), _question(case, definitions)


def plain(value: object) -> object:
    """A figure as `expected` reads it: numbers to six digits, lists joined by `;`, `none`, `true`, `false`."""
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    return round(float(value), 6) if isinstance(value, int | float) else value


def expected(text: str) -> object:
    """The value of a cell of expect.csv: a number where it is one, else its text."""
    try:
        return round(float(text), 6)
    except ValueError:
        return text


def read_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV table; none when there is no such file."""
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def read_toml(file: Path) -> dict[str, object]:
    """The values of a TOML file; none when there is no such file."""
    return tomllib.loads(file.read_text()) if file.exists() else {}


def _definitions(case: Path) -> Definitions:
    """The settings of `definitions.toml`; a table `[services.NAME]` in it holds what one service has of its own."""
    values = read_toml(case / "definitions.toml")
    own = cast("dict[str, dict[str, object]]", values.pop("services", {}))
    services = tuple((name, _settings({**values, **theirs}, case)) for name, theirs in own.items())
    return replace(_settings(values, case), services=services)


def _settings(values: dict[str, object], case: Path) -> Definitions:
    """TOML has no word for none: a window without end is `forever`."""
    endless = {key: None for key, value in values.items() if value == "forever"}
    known = {key: value for key, value in values.items() if key not in endless}
    return replace(read_table(Definitions, known, str(case)), **endless)  # type: ignore[arg-type]


def _question(case: Path, definitions: Definitions) -> Question:
    values = {"from": "2025-01-01", "to": "2025-02-01"} | read_toml(case / "question.toml")
    start, end = (parse_instant(str(values.pop(key))) for key in ("from", "to"))
    as_of = parse_instant(str(values.pop("as_of", "2025-06-01")))
    began = values.pop("data_from", None)
    data_from = parse_instant(str(began)) if began else None
    more = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Question(period=Period(start, end), as_of=as_of, data_from=data_from, definitions=definitions, **more)  # type: ignore[arg-type]


def _records(case: Path) -> Iterator[Record]:
    for table, record in BY_TABLE.items():
        hints = column_types(record)
        for row in read_rows(case / f"{table}.csv"):
            assert set(row) <= set(hints), f"{case}/{table}.csv: unknown column"
            known = {name: _value(hints[name], text) for name, text in row.items() if text}
            defaults = {name: value for name, value in DEFAULTS.items() if name in hints and name not in row}
            yield record(**defaults | known)


def _value(hint: str, text: str) -> object:
    kind = hint.removesuffix(" | None")
    if kind.startswith("tuple"):
        return tuple(int(item) if "int" in kind else item for item in text.split(";"))
    if kind == "datetime":
        return parse_instant(text)
    if kind == "bool":
        return text == "true"
    return {"int": int, "float": float}.get(kind, str)(text)


def _services(case: Path) -> Iterator[ServiceName]:
    for row in read_rows(case / "services.csv") or [{"service": "shop", "repository": "shop"}]:
        lists = {name: tuple(row[name].split(";")) for name in ("paths", "aliases") if row.get(name)}
        yield ServiceName(service=row["service"], repository=row.get("repository") or None, **lists)


def _ownerships(case: Path) -> Iterator[Ownership]:
    for row in read_rows(case / "team_services.csv"):
        since, until = (parse_instant(row[n]) if row.get(n) else None for n in ("owned_from", "owned_until"))
        yield Ownership(team=row["team"], service=row["service"], owned_from=since, owned_until=until)
