"""The time that groups can be judged by: what the data covers while they owned a service."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dora.period import Period
from metrics.covered import covered, not_owned
from metrics.members import Member
from metrics.question import Question


def _day(day: int) -> datetime:
    return datetime(2025, 6, day, tzinfo=UTC)


JUNE = Question(period=Period(_day(1), _day(30)), as_of=_day(21), data_from=_day(3))


@pytest.mark.parametrize(
    ("owned", "expected"),
    [
        ([(None, None)], [(3, 21)]),
        ([(None, None), (5, 9)], [(3, 21)]),
        ([(5, 9), (9, 12), (8, 10)], [(5, 12)]),
        ([(5, 9), (9, 12)], [(5, 12)]),
        ([(15, None), (None, 5), (7, 9)], [(3, 5), (7, 9), (15, 21)]),
        ([(None, 2), (25, None)], []),
        ([], []),
    ],
)
def test_what_is_owned_within_the_data_is_counted_once(
    owned: list[tuple[int | None, int | None]], expected: list[tuple[int, int]]
) -> None:
    members = [Member(0, "shop", 0, since and _day(since), until and _day(until)) for since, until in owned]
    assert list(covered(JUNE, members)) == [Period(_day(since), _day(until)) for since, until in expected]


def test_days_without_ownership_are_told_of_three_groups_and_the_others_counted() -> None:
    whole, some = [Period(_day(3), _day(21))], [Period(_day(3), _day(20))]
    assert not_owned(JUNE, {"a": whole}) == ()
    assert not_owned(JUNE, {"a": whole, "b": some, "c": []}, then="they count") == (
        "ownership leaves out 1 day of b, 18 days of c in the period, and they count",
    )
    assert not_owned(JUNE, dict.fromkeys("abcde", some), then="they count") == (
        "ownership leaves out 1 day of a, 1 day of b, 1 day of c, some of 2 more in the period, and they count",
    )
