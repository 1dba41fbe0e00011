"""The CSV report: one line a deployment, empty where nothing is known, and nothing a spreadsheet would compute."""

from __future__ import annotations

import csv
import io
import re

import pytest

from dashboard.report.csv import neutral, render, table
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from tests.stories import HOSTILE, NAME, day, deployment, hostile, ordinary, publish, reverted, rolled_back


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    lost = deployment(99, day(30), id="lost", sha="f" * 40)
    return publish(tmp_path_factory.mktemp("csv"), [*ordinary(), *reverted(), *rolled_back(), *hostile(), lost])


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_one_line_a_deployment(reader: Reader) -> None:
    stories = [deployment_story(reader, f"ci/{name}", day(40)) for name in ("bad", "slow", "d5")]
    assert [(row["deployment_id"], row["state"], row["recovery"]) for row in rows(table(stories))] == [
        ("ci/bad", "failed", "rolled forward with a revert"),
        ("ci/slow", "failed", "rolled back"),
        ("ci/d5", "not failed", ""),
    ]


def test_no_deployment_is_no_line() -> None:
    assert table([]) == ""


def test_open_failure_says_open(reader: Reader) -> None:
    (row,) = rows(render(deployment_story(reader, "ci/bad", day(12, 50))))
    assert (row["recovery"], row["recovered_at"]) == ("open", "")
    assert row["failed_deployment_recovery_time_seconds"] == ""


@pytest.mark.parametrize("name", ["lost", "d0"])
def test_unknown_is_an_empty_cell_and_never_zero(name: str, reader: Reader) -> None:
    (row,) = rows(render(deployment_story(reader, f"ci/{name}", day(40))))
    for column in ("commits", "changes", "pull_requests", "lead_time_median_seconds", "time_to_detect_seconds"):
        assert row[column] == ""


def test_actor_is_a_kind_and_with_names_a_name(reader: Reader) -> None:
    (without,) = rows(render(deployment_story(reader, "ci/bad", day(40))))
    (named,) = rows(render(deployment_story(reader, "ci/bad", day(40), names=True)))
    assert (without["started_by"], without["actor"]) == ("human", "")
    assert (named["started_by"], named["actor"]) == ("human", NAME)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_one_cell_of_text(text: str, reader: Reader) -> None:
    written = render(deployment_story(reader, f"ci/{text}", day(40)))
    (row,) = rows(written)
    assert re.findall("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e]", written) == []
    guard = "'" if text.startswith(("=", "@")) else ""
    assert row["service"] == guard + re.sub("[\x1b\u202e]", "\N{REPLACEMENT CHARACTER}", text)
    assert row["url"] == ""


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\r=1", "  @x"])
def test_cell_cannot_become_a_formula(cell: str) -> None:
    assert str(neutral(cell)).startswith("'")


def test_plain_cells_stay() -> None:
    assert [neutral(value) for value in ("plain", "a=b", -1.5, 0, None)] == ["plain", "a=b", -1.5, 0, None]
