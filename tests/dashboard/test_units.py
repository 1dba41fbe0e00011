"""Numbers as a person reads them."""

from __future__ import annotations

import doctest
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import units


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "no data"), (0, "0 s"), (0.4, "0 s"), (12, "12 s"), (59.7, "1 min"), (200, "3 min 20 s"),
        (1800, "30 min"), (3599, "1 h"), (3600, "1 h"), (5400, "1 h 30 min"), (86_399, "1 d"), (86_400, "1 d"),
        (187_200, "2 d 4 h"), (1_209_599, "14 d"), (8_640_000, "100 d"), (-5400, "−1 h 30 min"),
    ],
)  # fmt: skip
def test_a_span_is_its_two_largest_units(seconds: float | None, text: str) -> None:
    assert units.duration(seconds) == text


@given(st.floats(min_value=0, max_value=1e9))
def test_no_span_shows_a_full_lower_unit(seconds: float) -> None:
    text = units.duration(seconds)
    assert not {"60 s", "60 min", "24 h"} & {text, *[" ".join(pair) for pair in _pairs(text)]}


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = text.split()
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (None, "no data"),
        (0, "0 %"),
        (0.125, "12.5 %"),
        (1, "100 %"),
        (0.0001, "< 0.1 %"),
        (0.05, "5 %"),
        (2999 / 3000, "> 99.9 %"),
        (0.999, "99.9 %"),
    ],
)
def test_a_share_is_a_percentage_and_missing_is_not_zero(rate: float | None, text: str) -> None:
    assert units.percent(rate) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "no data"), (0, "0 per day"), (0.4, "0.4 per day"), (12.3, "12 per day"), (1 / 15, "2 per month"),
     (1 / 365, "1 per year"), (1 / 730, "0.5 per year"), (0.158, "0.16 per day"), (0.2, "0.2 per day"), (0.998, "1 per day")],
)  # fmt: skip
def test_a_frequency_uses_the_unit_that_leaves_a_readable_number(value: float | None, text: str) -> None:
    assert units.per_day(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(None, "no data"), (1, "±0 %"), (0.8, "−20 %"), (1.1, "+10 %"), (3, "3×"), (1.004, "+0.4 %"), (1.0001, "±0 %"),
     (0, "−100 %"), (0.004, "−99.6 %"), (0.01, "−99 %"), (0.0004, "< −99.9 %"), (1.999, "+99.9 %")],
)  # fmt: skip
def test_a_change_is_signed(ratio: float | None, text: str) -> None:
    assert units.change(ratio) == text


def test_an_unknown_end_of_an_interval_is_a_question_mark() -> None:
    assert units.interval(3600, None, units.duration) == "1 h to ?"
    assert units.interval(None, None, units.duration) == "no interval"


def test_one_is_singular() -> None:
    assert [units.many(number, "change") for number in (0, 1, 1904)] == ["0 changes", "1 change", "1,904 changes"]


def test_a_moment_names_its_zone() -> None:
    at = datetime(2025, 7, 1, 12, tzinfo=UTC)
    assert units.moment(at) == "2025-07-01 12:00 UTC"
    assert units.moment(at, "Europe/London") == "2025-07-01 13:00 BST"
    assert units.day(datetime(2025, 7, 1, 23, 30), "Europe/London") == "2025-07-02"


def test_a_version_that_is_a_sha_is_cut() -> None:
    assert units.version("a" * 40) == "a" * 10
    assert units.version("release_1234") == "release_1234"
    assert units.version(None) == "unknown version"


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(units).failed == 0
