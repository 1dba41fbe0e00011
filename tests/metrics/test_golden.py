"""Every folder of tests/golden: CSV tables in, figures worked out by hand out; a new folder is a new test.

Tables are named after records, blank or missing columns take the model's default, lists are divided by `;`, times
are UTC. A record belongs to source `test`, repository `shop` and service `shop` unless its row says otherwise.
`services.csv` and `team_services.csv` replace the one service `shop`; `definitions.toml` changes definitions;
`question.toml` holds from, to, as_of, by, every, edition, teams, services, environments.
`expect.csv` has a figure and its value; see `_figure` for the kinds of figure.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from dora.definitions import Definitions
from dora.model import BY_TABLE, Record, column_types
from dora.period import Period, parse_instant
from dora.tables import read_table
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.question import Question
from metrics.results import Group, Scorecard
from metrics.scorecard import scorecard
from metrics.services import Ownership, ServiceName
from tests.in_memory import facts_of_records

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/expect.csv"))
DEFAULTS = {"source": "test", "repository": "shop", "service": "shop"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_the_figures_are_those_worked_out_by_hand(case: Path) -> None:
    definitions = read_table(Definitions, _toml(case / "definitions.toml"), str(case))
    setting = Setting(definitions, list(_services(case)), list(_ownerships(case)))
    reader = facts_of_records(list(_records(case)), setting)
    card = scorecard(reader, _question(case, definitions))
    expected = [(row["figure"], row["value"]) for row in _rows(case / "expect.csv")]
    assert expected, f"{case} expects nothing"
    assert [(name, _figure(reader, card, name)) for name, _ in expected] == [
        (name, _expected(value)) for name, value in expected
    ]


def test_every_case_explains_its_figures() -> None:
    silent = [case.name for case in CASES if len((case / "case.md").read_text().split()) < 10]
    assert silent == []


def test_there_are_cases_for_every_metric() -> None:
    found = {case.parent.name for case in CASES}
    assert found >= {
        "lineage",
        "deployment_frequency",
        "change_lead_time",
        "change_fail_rate",
        "recovery_time",
        "deployment_rework_rate",
    }


def _figure(reader: Reader, card: Scorecard, name: str) -> object:
    """`deployment.ID.COLUMN`, `evidence.ID` (kinds), `ships.ID` (shas), `change.SHA.COLUMN`, `pull_request.N.COLUMN`,
    `quality.FINDING` (subjects), else a path into the group: `change_fail_rate.rate`, `@NAME.…` for another group and
    `#2.…` for its third bucket."""
    kind, _, rest = name.partition(".")
    if kind in _ROWS:
        key, _, column = rest.partition(".")
        rows = reader.records(_ROWS[kind], {"key": key})
        return _plain(sorted(str(row["value"]) for row in rows) if not column else rows[0][column])
    found: object = _group(card, kind[1:]) if kind.startswith("@") else card.groups[0]
    for part in (rest if kind.startswith("@") else name).split("."):
        if part.startswith("#"):
            assert isinstance(found, Group)
            assert found.buckets is not None
            found = found.buckets[int(part[1:])]
        elif isinstance(found, tuple):
            found = found[int(part)]
        else:
            found = found.get(part) if isinstance(found, dict) else getattr(found, part)
    return _plain(found)


_ROWS = {
    "deployment": "from deployment_facts where deployment_id = 'test/' || $key",
    "evidence": "select kind as value from failure_evidence where deployment_id = 'test/' || $key",
    "ships": "select sha as value from change_facts where deployment_id = 'test/' || $key",
    "change": "from change_facts where sha = $key",
    "pull_request": "from pull_request_facts where number = $key::integer",
    "quality": "select subject as value from quality_facts where finding = $key",
}


def _plain(value: object) -> object:
    if isinstance(value, list | tuple):
        return ";".join(str(item) for item in value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "none"}[value]
    return round(float(value), 6) if isinstance(value, int | float) else value


def _expected(text: str) -> object:
    try:
        return round(float(text), 6)
    except ValueError:
        return text


def _group(card: Scorecard, name: str) -> Group:
    return next(group for group in card.groups if group.name == name)


def _question(case: Path, definitions: Definitions) -> Question:
    values = {"from": "2025-01-01", "to": "2025-02-01"} | _toml(case / "question.toml")
    start, end = (parse_instant(str(values.pop(key))) for key in ("from", "to"))
    as_of = parse_instant(str(values.pop("as_of", "2025-06-01")))
    more = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Question(period=Period(start, end), as_of=as_of, definitions=definitions, **more)  # type: ignore[arg-type]


def _records(case: Path) -> Iterator[Record]:
    for table, record in BY_TABLE.items():
        hints = column_types(record)
        for row in _rows(case / f"{table}.csv"):
            assert set(row) <= set(hints), f"{case}/{table}.csv: unknown column"
            known = {name: _value(hints[name], text) for name, text in row.items() if text}
            defaults = {name: value for name, value in DEFAULTS.items() if name in hints and name not in row}
            yield record(**defaults | known)  # type: ignore[arg-type]


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
    for row in _rows(case / "services.csv") or [{"service": "shop", "repository": "shop"}]:
        lists = {name: tuple(row[name].split(";")) for name in ("paths", "aliases") if row.get(name)}
        yield ServiceName(service=row["service"], repository=row.get("repository") or None, **lists)


def _ownerships(case: Path) -> Iterator[Ownership]:
    for row in _rows(case / "team_services.csv"):
        since, until = (parse_instant(row[n]) if row.get(n) else None for n in ("owned_from", "owned_until"))
        yield Ownership(team=row["team"], service=row["service"], owned_from=since, owned_until=until)


def _rows(file: Path) -> list[dict[str, str]]:
    if not file.exists():
        return []
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _toml(file: Path) -> dict[str, object]:
    return tomllib.loads(file.read_text()) if file.exists() else {}
