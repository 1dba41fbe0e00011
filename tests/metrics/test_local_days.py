"""Days of a period are counted however long it is; only columns that somebody would have to read are limited."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dora.definitions import Definitions
from dora.errors import ConfigError
from dora.model import Deployment
from dora.period import Period
from metrics.build import Setting
from metrics.local_days import local_days
from metrics.question import Question
from metrics.scorecard import scorecard
from tests.in_memory import facts_of_records

START, END = datetime(2010, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)


def test_sixteen_years_are_5844_days_of_which_no_column_is_made() -> None:
    """One deployment on every first of the 192 months."""
    moments = [datetime(2010 + n // 12, n % 12 + 1, 1, 12, tzinfo=UTC) for n in range(192)]
    reader = facts_of_records(
        [
            Deployment(source="ci", id=str(n), service="shop", environment="production", version=str(n), finished_at=at)
            for n, at in enumerate(moments)
        ],
        Setting(Definitions()),
    )
    question = Question(period=Period(START, END), as_of=END + timedelta(days=1))
    found = scorecard(reader, question).groups[0].deployment_frequency
    assert (found.deployments, found.days, found.days_with_deployment) == (192, 5844, 192)
    assert sum(found.by_weekday) == 192
    with pytest.raises(ConfigError, match="--every day from 2010-01-01 to 2026-01-01 is more than 5,000"):
        Question(period=Period(START, END), as_of=END, every="day").buckets()


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2025-10-25T22:00", "2025-10-26T23:00", 1),
        ("2025-10-25T22:00", "2025-10-26T10:30", 0.5),
        ("2025-10-26T10:30", "2025-10-27T11:00", 1),
        ("2025-03-29T23:00", "2025-03-30T22:00", 1),
        ("2025-03-29T23:00", "2025-03-30T10:30", 0.5),
        ("2025-06-30T22:00", "2025-07-01T04:00", 0.25),
    ],
)
def test_a_part_of_a_day_is_a_part_of_its_own_hours(start: str, end: str, days: float) -> None:
    """Berlin's 26 October has 25 hours, its 30 March 23, and any other day 24."""
    period = Period(*(datetime.fromisoformat(moment).replace(tzinfo=UTC) for moment in (start, end)))
    assert local_days(period, "Europe/Berlin") == pytest.approx(days)
