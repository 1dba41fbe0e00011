"""Periods and calendar buckets: half-open, in local days, across clock changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dora.errors import ConfigError
from dora.period import EVERY, Every, Period, edge, parse_instant, parse_period, parse_seconds

NOW = datetime(2025, 6, 15, 12, tzinfo=UTC)
LONDON = "Europe/London"
zones = st.sampled_from(["UTC", LONDON, "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "America/Sao_Paulo"])
starts = st.datetimes(datetime(2010, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@example(datetime(2011, 12, 20, tzinfo=UTC), 515, "Pacific/Apia", "day")
@given(starts, st.integers(1, 900), zones, st.sampled_from(EVERY))
def test_buckets_cover_the_period_without_gap_or_overlap(start: datetime, hours: int, zone: str, every: Every) -> None:
    period = Period(start, start + timedelta(hours=hours))
    buckets = period.buckets(every, zone)
    assert (buckets[0].start, buckets[-1].end) == (period.start, period.end)
    assert all(a.end == b.start for a, b in pairwise(buckets))
    local = [bucket.start.astimezone(ZoneInfo(zone)) for bucket in buckets[1:]]
    assert all(
        (moment.astimezone(UTC) - timedelta(seconds=1)).astimezone(moment.tzinfo).date() < moment.date()
        for moment in local
    )


def test_days_with_a_clock_change_have_23_and_25_hours() -> None:
    spring = parse_period("2025-03-30", "2025-03-31", NOW, LONDON)
    autumn = parse_period("2025-10-26", "2025-10-27", NOW, LONDON)
    assert (spring.seconds / 3600, autumn.seconds / 3600) == (23, 25)
    assert (spring.start, autumn.start) == (at("2025-03-30"), at("2025-10-25T23:00"))


@pytest.mark.parametrize(("length", "hours"), [("1d", 23), ("2w", 335), ("90d", 2159), ("24h", 24), ("1.5d", 35)])
def test_a_length_in_days_goes_back_to_midnight_whatever_the_clock_did(length: str, hours: int) -> None:
    period = parse_period(length, "2025-03-31", NOW, LONDON)
    assert period.seconds == hours * 3600
    whole = length not in ("24h", "1.5d")
    assert (period.start.astimezone(ZoneInfo(LONDON)).hour == 0) == whole


@pytest.mark.parametrize(
    ("moment", "said"),
    [("2025-06-30T23:00", "2025-07-01"), ("2025-01-01T00:00", "2025-01-01"), ("2025-06-30T00:00", "2025-06-30 01:00")],
)
def test_an_end_of_a_period_is_said_by_its_local_day(moment: str, said: str) -> None:
    assert edge(at(moment), LONDON) == edge(f"{moment}+00:00", LONDON) == said


def test_week_begins_on_monday_and_month_on_its_first() -> None:
    period = Period(at("2025-01-01"), at("2025-02-10"))
    assert [b.start.isoformat()[:10] for b in period.buckets("week")] == [
        "2025-01-01", "2025-01-06", "2025-01-13", "2025-01-20", "2025-01-27", "2025-02-03"]  # fmt: skip
    assert [b.start.isoformat()[:10] for b in period.buckets("month")] == ["2025-01-01", "2025-02-01"]
    assert len(period.buckets("quarter")) == 1


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2025Q1", None, ("2025-01-01", "2025-04-01")),
        ("2025Q4", None, ("2025-10-01", "2026-01-01")),
        ("2024", None, ("2024-01-01", "2025-01-01")),
        ("2025-01-31", "2025-02-01", ("2025-01-31", "2025-02-01")),
        ("7d", "2025-03-08", ("2025-03-01", "2025-03-08")),
        (None, "2025-03-31", ("2024-12-31", "2025-03-31")),
        (None, None, ("2025-03-18", "2025-06-16")),
        ("2025-06-15T06:00", "2025-06-15T12:00+02:00", ("2025-06-15T06:00", "2025-06-15T10:00")),
    ],
)
def test_period_a_person_asks_for(start: str | None, end: str | None, expected: tuple[str, str]) -> None:
    assert parse_period(start, end, NOW) == Period(at(expected[0]), at(expected[1]))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2025-02-01", "2025-02-01"), ("2025-02-02", "2025-02-01"), ("0d", "2025-02-01"), ("-3d", None), ("2025Q5", None),
        ("2025-02-30", None), ("yesterday", None), ("", "2025-02-01T"), ("90y", None), ("0000", None), ("9999", None), ("9999-01-01", "9999-12-31"), ("0001-01-01", "2025-01-01"),
        ("99999999999d", None), ("900w", "0005-01-01"), ("0001-01-01T00:00+14:00", None), ("9" * 400 + "d", None),
        ("2025Q1", "2025-06-01"), ("2025-01-01\x1b[31m", None),
    ],
)  # fmt: skip
def test_wrong_or_empty_period_is_a_usage_error(start: str, end: str | None) -> None:
    with pytest.raises(ConfigError):
        parse_period(start, end, NOW, LONDON)


def test_period_before_has_the_same_length_and_touches() -> None:
    period = Period(at("2025-03-01"), at("2025-03-31"))
    assert period.before() == Period(at("2025-01-30"), at("2025-03-01"))
    assert (period.days, period.before().days) == (30, 30)


def test_the_period_before_begins_at_the_same_time_of_day() -> None:
    """The clocks of New York went forward on 9 March: 31 days of March are an hour short, those before are not."""
    march = Period(at("2025-03-01T05:00"), at("2025-04-01T04:00"))
    assert march.before("America/New_York") == Period(at("2025-01-29T05:00"), march.start)
    twice = Period(at("2025-11-02T05:45"), at("2025-11-02T06:15"))
    assert twice.before("America/New_York") == Period(at("2025-11-02T05:15"), twice.start)


def test_naive_times_are_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Period(datetime(2025, 1, 1), datetime(2025, 1, 2))


def test_lengths_and_instants() -> None:
    assert [parse_seconds(text) for text in ("90s", "1.5h", " 2 w ", "0d")] == [90, 5400, 1209600, 0]
    assert parse_instant("2025-07-01", ZoneInfo(LONDON)) == at("2025-06-30T23:00")
    assert parse_instant("2025-07-01T00:00Z", ZoneInfo(LONDON)) == at("2025-07-01")


def test_more_buckets_than_anybody_reads_are_refused_naming_the_option() -> None:
    ages = Period(datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match=r"--every day from 0*1-01-01 to 9999-01-01 is more than 5,000"):
        ages.buckets("day")
    start = datetime(2000, 1, 1, tzinfo=UTC)
    assert len(Period(start, start + timedelta(days=5000)).buckets("day")) == 5000


def test_no_period_lies_before_one_that_is_longer_than_what_came_before_it() -> None:
    with pytest.raises(
        ConfigError, match=r"the period before 1200-01-01 .* leaves the years 1 to 9999; ask for a shorter one"
    ):
        Period(datetime(1200, 1, 1, tzinfo=UTC), datetime(2500, 1, 1, tzinfo=UTC)).before()
