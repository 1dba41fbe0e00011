"""What a question says of itself, and of the data that it is asked of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from dora.definitions import Definitions
from dora.model import (
    Commit,
    Deployment,
    FlagChange,
    Incident,
    PipelineRun,
    PullRequest,
    Record,
    TelemetrySample,
    Verification,
)
from dora.period import Period
from metrics.build import Setting, data_as_of
from metrics.question import NEVER_READ, Question, published_as_of, published_from
from tests.in_memory import facts_of_records


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _asked(start: str, end: str, timezone: str = "UTC") -> Question:
    return Question(
        period=Period(at(start), at(end)),
        as_of=at("2025-06-01"),
        data_from=at("2025-03-02T10:00"),
        definitions=Definitions(timezone=timezone),
    )


def test_a_period_that_goes_beyond_the_data_says_so_from_one_day_on() -> None:
    also = "and figures per day count these days too"
    assert _asked("2025-02-01", "2025-06-11").notes == (
        f"the period begins 29 days before the data, {also}",
        f"the period ends 10 days after the data, {also}",
    )
    assert _asked("2025-03-01T10:00", "2025-06-01").notes == (f"the period begins 1 day before the data, {also}",)
    assert _asked("2025-03-01T10:01", "2025-06-01T23:59").notes == ()


def test_where_nothing_was_ever_read_that_is_said_and_no_number_of_days() -> None:
    asked = replace(
        _asked("2025-02-01", "2025-06-11"), as_of=published_as_of(facts_of_records([], Setting(Definitions())))
    )
    assert asked.as_of == NEVER_READ
    [said] = asked.notes
    assert said.startswith("no source has told anything yet")


def test_a_period_after_the_last_deployment_says_so_in_local_days() -> None:
    asked = replace(_asked("2025-05-01", "2025-06-01", "Pacific/Kiritimati"), newest=at("2025-04-20T12:00"))
    told = "the period begins after the newest production deployment that is known, of 2025-04-21"
    assert asked.notes == (told,)
    assert replace(asked, newest=at("2025-05-01")).notes == ()


def test_the_data_is_seen_from_the_local_midnight_before_its_first_record() -> None:
    assert _asked("2025-02-01", "2025-06-11").seen == (at("2025-03-02"), at("2025-06-01"))
    kiritimati = _asked("2025-02-01", "2025-06-11", "Pacific/Kiritimati")
    assert kiritimati.seen == (at("2025-03-02T10:00"), at("2025-06-01"))


def test_the_data_begins_with_the_earliest_deployment_of_any_environment_and_outcome() -> None:
    made = Deployment(
        source="t", id="1", service="a", environment="test", created_at=at("2025-01-05"), status="running"
    )
    done = Deployment(
        source="t", id="2", service="a", sha="c", created_at=at("2025-01-01"), finished_at=at("2025-01-09")
    )
    older = Commit(repository="a", sha="c", committed_at=at("2024-01-01"))
    assert published_from(facts_of_records([older, done], Setting(Definitions()))) == at("2025-01-09")
    assert published_from(facts_of_records([older, made, done], Setting(Definitions()))) == at("2025-01-05")
    assert published_from(facts_of_records([older], Setting(Definitions()))) is None


def test_a_record_of_the_future_says_nothing_of_what_happened_until_then() -> None:
    done = Deployment(source="t", id="1", service="a", finished_at=at("2025-01-09"))
    flag = FlagChange(source="t", id="f", flag="new-basket", changed_at=at("2025-02-01"))
    incident = Incident(source="t", id="i", service="a", detected_at=at("2025-01-10"), resolved_at=flag.changed_at)
    reader = facts_of_records([done, flag, incident], Setting(Definitions()))
    assert data_as_of(reader, at("2025-01-31")) == "2025-01-10 00:00:00"
    assert data_as_of(reader, at("2025-01-09")) == "2025-01-09 00:00:00"
    assert data_as_of(reader, at("2025-01-08")) is None
    assert data_as_of(reader, at("2025-02-01")) == "2025-02-01 00:00:00"
    ahead = facts_of_records([done, replace(flag, changed_at=at("9000-01-01"))], Setting(Definitions()))
    assert ahead.meta()["data_as_of"] == "2025-01-09 00:00:00"


@pytest.mark.parametrize(
    "newest",
    [
        Deployment(source="t", id="2", created_at=at("2025-01-10"), status="running"),
        Deployment(source="t", id="2", finished_at=at("2025-01-10")),
        PipelineRun(source="t", id="2", created_at=at("2025-01-10"), status="running"),
        PipelineRun(source="t", id="2", finished_at=at("2025-01-10")),
        Incident(source="t", id="2", detected_at=at("2025-01-10")),
        Incident(source="t", id="2", acknowledged_at=at("2025-01-10")),
        Incident(source="t", id="2", mitigated_at=at("2025-01-10")),
        Incident(source="t", id="2", resolved_at=at("2025-01-10")),
        Verification(
            source="t", id="2", deployment="1", name="smoke", status="succeeded", finished_at=at("2025-01-10")
        ),
        PullRequest(source="t", repository="a", number=2, first_review_at=at("2025-01-10")),
        PullRequest(source="t", repository="a", number=2, opened_at=at("2025-01-10")),
        PullRequest(source="t", repository="a", number=2, merged_at=at("2025-01-10")),
        FlagChange(source="t", id="2", changed_at=at("2025-01-10")),
        TelemetrySample(source="t", service="a", series="errors", sampled_at=at("2025-01-10")),
    ],
)
def test_the_data_ends_with_the_newest_moment_of_any_kind_of_record_until_now(newest: Record) -> None:
    """At that very moment it counts, before it not; a commit, whose clock is any machine's, never does."""
    before = Deployment(source="t", id="1", service="a", finished_at=at("2025-01-05"))
    commit = Commit(repository="a", sha="c", committed_at=at("2025-01-09"), authored_at=at("2025-01-09"))
    reader = facts_of_records([before, commit, newest], Setting(Definitions()))
    assert data_as_of(reader, at("2025-01-10")) == "2025-01-10 00:00:00"
    assert data_as_of(reader, at("2025-01-09T23:59:59")) == "2025-01-05 00:00:00"
