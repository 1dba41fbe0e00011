"""The SQL that `dora explain` prints finds, run by hand on the published file, the rows that it lists."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from dora.definitions import Definitions
from dora.model import Deployment, Incident, Record
from dora.period import Period
from dora.warehouse import open_published
from metrics.build import Setting
from metrics.catalog import METRICS
from metrics.explain import explain
from metrics.literals import filled, literal
from metrics.question import Question
from metrics.services import Ownership, ServiceName
from tests.made_up_history import END, HANDED, START, history
from tests.organisations import publish_records

HOSTILE = ("'; drop table services; --", 'a"b\\', "two\nlines", "\x1b[31mred", "$start", "日本 🚀", "\u202ereversed")
OWN = tuple(
    (name, Definitions(change=change, clock="merged"))
    for name, change in zip(HOSTILE[:2], ("pull_request", "mainline"), strict=True)
)
ASKED: tuple[dict[str, object], ...] = (
    {},
    {"services": HOSTILE[:3]},
    {"teams": ("'r'",)},
    {"environments": ("production-eu",)},
)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up history, and services of names that would do harm where they are not quoted, some of rules of their own."""
    chance = random.Random(7)
    records = [*history(chance), *_hostile()]
    names = [ServiceName(service=name, repository=f"acme/{n}") for n, name in enumerate(HOSTILE)]
    names += [ServiceName(service="shop", repository="acme/shop"), ServiceName(service="cart", repository="acme/cart")]
    owned = [Ownership(team="'r'", service=HOSTILE[0], owned_until=HANDED), Ownership(team="'r'", service="shop")]
    definitions = Definitions(production=("production*",), services=OWN)
    return publish_records(tmp_path_factory.mktemp("published"), records, Setting(definitions, names, owned))


def _hostile() -> Sequence[Record]:
    at = START + timedelta(days=3)
    records: list[Record] = []
    for n, name in enumerate(HOSTILE):
        for step, status in enumerate(("succeeded", "failed")):
            records.append(
                Deployment(source="ci", id=f"{n}-{step}", service=name, environment="production", status=status,  # type: ignore[arg-type]
                           version=f"v{step}", finished_at=at + timedelta(days=step))
            )  # fmt: skip
        records.append(Incident(source="pager", id=str(n), service=name, detected_at=at, deployment=f"{n}-0"))
    return records


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("more", ASKED, ids=["all", "services", "teams", "environments"])
def test_the_printed_sql_finds_the_rows_that_are_listed(published: Path, metric: str, more: dict[str, object]) -> None:
    reader = open_published(published)
    definitions = Definitions(production=("production*",), services=OWN)
    question = Question(period=Period(START, END), as_of=END, definitions=definitions, **more)  # type: ignore[arg-type]
    told = explain(reader, question, metric)
    reader.close()
    assert "$" not in told.sql.replace("'$start'", "")
    assert told.sql.replace("\n", "").isprintable()
    with duckdb.connect(str(published), read_only=True) as plain:
        found = [row for text in plain.extract_statements(told.sql) for row in plain.sql(text.query).pl().to_dicts()]
    key = (
        "change" if metric == "change_lead_time" else "incident_id" if metric == "time_to_restore" else "deployment_id"
    )
    columns = (
        key,
        "service",
        "deployment_id",
        "status",
        "began_at",
        "seconds" if metric != "failed_deployment_recovery_time" else key,
    )
    assert _told(found, columns) == _told(told.rows, columns)
    assert found or metric == "change_lead_time" or "environments" in more


@pytest.mark.parametrize(
    "value",
    [None, True, False, 0, -7, 1.5, 1e300, "", "it's", "a\nb\x00c", "''", [], ["x", None], ["\x1b'", "y"]],
    ids=repr,
)
def test_a_literal_is_read_as_the_value_that_it_was_made_of(value: object) -> None:
    [[found]] = duckdb.sql(f"select {literal(value)}").fetchall()
    assert found == value


def test_a_moment_is_read_as_utc_and_a_name_in_a_value_is_left_alone() -> None:
    london = datetime(2025, 7, 1, 1, 2, 3, 4, tzinfo=ZoneInfo("Europe/London"))
    assert duckdb.sql(filled("select $at, $name", {"at": london, "name": "$at"})).fetchall() == [
        (datetime(2025, 7, 1, 0, 2, 3, 4), "$at")
    ]


def _told(rows: Sequence[dict[str, object]], columns: Sequence[str]) -> list[str]:
    return sorted(str([row.get(name) for name in columns]) for row in rows)
