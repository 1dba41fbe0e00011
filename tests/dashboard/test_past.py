"""What the trend charts of the overview are given: limits from whole weeks, signals by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.figures import FIGURES
from dashboard.views.past import rows
from dora.period import Period
from metrics.question import Question
from metrics.weeks import Known
from tests.metrics.test_own_past import group

MONDAY = datetime(2025, 1, 6, tzinfo=UTC)
FREQUENCY = next(figure for figure in FIGURES if figure.id == "deployment_frequency")


def _drawn(
    weekly: list[int], as_of: datetime, stretches: tuple[Period, ...] = ()
) -> list[tuple[float | None, str | None]]:
    starts = [MONDAY + timedelta(weeks=place) for place in range(len(weekly) + 1)]
    buckets = tuple(
        group(f"{start:%Y-%m-%d}", f"{end:%Y-%m-%d}", n)
        for start, end, n in zip(starts, starts[1:], weekly, strict=False)
    )
    whole = replace(group("2025-01-06", f"{starts[-1]:%Y-%m-%d}", sum(weekly)), buckets=buckets)
    question = Question(period=Period(MONDAY, starts[-1]), as_of=as_of, every="week")
    known = Known(stretches=stretches or (Period(MONDAY, min(starts[-1], as_of)),), weekly=())
    frame = rows(whole, FREQUENCY, known, question, "week")
    return [(high, signal) for high, signal in frame.select("limit_high", "signal").iter_rows()]


def test_a_week_outside_its_limits_is_a_signal() -> None:
    drawn = _drawn([30, 36, 30, 36, 30, 36, 30, 36, 30, 300], MONDAY + timedelta(weeks=20))
    assert [signal for _, signal in drawn] == [None] * 9 + ["outside its control limits"]
    assert all(high is not None for high, _ in drawn)


def test_the_only_deployments_of_a_quarter_are_no_signals_and_their_limit_is_drawn() -> None:
    """Of two events one of 13 weeks gets both with 0.59 %: the limit is 2, in the 30 days that each figure here counts."""
    drawn = _drawn([0, 0, 0, 1, *[0] * 7, 1, 0], MONDAY + timedelta(weeks=20))
    assert drawn == [(pytest.approx(2 / 30), None)] * 13


def test_a_week_that_is_not_over_has_neither_limits_nor_signal() -> None:
    drawn = _drawn([30, 36] * 5 + [1], MONDAY + timedelta(weeks=10, days=2))
    assert drawn[-1] == (None, None)
    assert drawn[0][0] is not None


def test_few_weeks_have_no_limits() -> None:
    assert _drawn([30, 36, 300], MONDAY + timedelta(weeks=20)) == [(None, None)] * 3


def test_a_week_in_which_nothing_was_owned_is_left_out_and_one_owned_in_part_not_judged() -> None:
    owned = Period(MONDAY + timedelta(days=10), MONDAY + timedelta(weeks=10))
    drawn = _drawn([0, 10, *[30, 36] * 4], MONDAY + timedelta(weeks=20), (owned,))
    assert len(drawn) == 9
    assert [high is None for high, _ in drawn] == [True] + [False] * 8
    assert {signal for _, signal in drawn} == {None}
