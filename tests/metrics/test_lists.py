"""Lists of deployments and waiting changes, and what a published file holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from dora.period import parse_period
from dora.warehouse import Reader, open_published
from metrics.contents import contents
from metrics.deployment_list import deployment_list
from metrics.known_names import known_names
from metrics.question import Question, published_as_of
from metrics.scorecard import scorecard
from metrics.waiting_changes import waiting_changes
from tests.organisations import publish, publish_empty


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    opened = open_published(publish(tmp_path, ["Atlas", "Beacon"]))
    yield opened
    opened.close()


def _question(reader: Reader, length: str = "90d") -> Question:
    as_of = published_as_of(reader)
    return Question(period=parse_period(length, None, as_of), as_of=as_of)


@pytest.mark.parametrize("by", ["organisation", "team", "service"])
def test_the_list_holds_as_many_failures_as_the_rate_counts(reader: Reader, by: str) -> None:
    question = replace(_question(reader), by=by)
    rows = deployment_list(reader, question)
    rate = scorecard(reader, replace(question, by="organisation")).groups[0].change_fail_rate
    counted = rows.filter((pl.col("verdict") == "failed") & pl.col("matured"))
    assert (counted.height, rows["matured"].sum()) == (rate.failed, rate.deployments) == (8, 38)
    assert rows.filter(pl.col("verdict") == "pending").height == rate.pending == 2


def test_the_list_is_newest_first_and_narrowed_by_every_filter(reader: Reader) -> None:
    question = _question(reader)
    rows = deployment_list(reader, question)
    assert rows["finished_at"].is_sorted(descending=True)
    assert set(deployment_list(reader, replace(question, teams=("Beacon",)))["team"]) == {"Beacon"}
    assert set(deployment_list(reader, replace(question, services=("service-0",)))["service"]) == {"service-0"}
    assert deployment_list(reader, replace(question, environments=("nowhere",))).is_empty()
    assert set(deployment_list(reader, question, "failed")["verdict"]) == {"failed"}


def test_a_failure_names_its_evidence_and_how_long_it_lasted(reader: Reader) -> None:
    row = deployment_list(reader, _question(reader)).row(by_predicate=pl.col("deployment_id") == "ci/0-3", named=True)
    assert (row["verdict"], row["kinds"], row["evidence"]) == ("failed", ["linked_incident"], 1)
    assert row["recovery_seconds"] == 4 * 3600


def test_the_waiting_list_is_what_the_lead_time_counts(reader: Reader) -> None:
    question = _question(reader)
    rows = waiting_changes(reader, question)
    undeployed = scorecard(reader, question).groups[0].change_lead_time.undeployed
    assert rows.height == undeployed["n"]
    assert rows["age_seconds"].max() == undeployed["oldest_seconds"]
    assert rows["age_seconds"].is_sorted(descending=True)


def test_waiting_changes_are_named_by_their_group(tmp_path: Path) -> None:
    reader = open_published(publish(tmp_path, ["Atlas", "Beacon"], each=6))
    question = _question(reader)
    late = replace(
        question, by="team", as_of=question.as_of.replace(year=2026), period=parse_period("2025", None, question.as_of)
    )
    rows = waiting_changes(reader, late)
    assert sorted(rows["name"]) == ["Atlas", "Beacon"]
    assert set(rows["service"]) == {"service-0", "service-1"}
    reader.close()


def test_names_and_span_of_the_data(reader: Reader) -> None:
    names = known_names(reader)
    assert (names.teams, names.services) == (("Atlas", "Beacon"), ("service-0", "service-1"))
    assert (names.environments, names.other_environments) == (("production",), ())
    assert names.first_at is not None and names.last_at is not None and names.first_at < names.last_at  # noqa: PT018


def test_contents_count_rows_by_source_and_keep_rejections(reader: Reader) -> None:
    held = contents(reader)
    assert ("ci", "deployments", 40) in held.sources.select("source", "records", "rows").rows()
    assert held.rejections == 1
    assert held.rejected["reason"].to_list() == ["no such status"]


def test_an_empty_file_gives_empty_lists_with_their_columns(tmp_path: Path) -> None:
    reader = open_published(publish_empty(tmp_path))
    question = _question(reader)
    rows = deployment_list(reader, question)
    assert rows.is_empty()
    assert {"verdict", "kinds", "recovery_seconds", "matured"} <= set(rows.columns)
    assert waiting_changes(reader, question).is_empty()
    held = contents(reader)
    assert (held.sources.height, held.rejections, held.findings) == (0, 0, {})
    assert known_names(reader).teams == ()
    reader.close()
