"""The 2025 Quick Check: the published figures, the scale, and which end is good."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.model import Deployment
from dora.period import Period
from metrics.bands import levels
from metrics.build import Setting
from metrics.intervals import poisson_interval, wilson
from metrics.question import Question
from metrics.quick_check import Strip, frequency_answer, quick_check, time_answer
from metrics.results import Group, Interval
from metrics.scorecard import scorecard
from tests.in_memory import facts_of_records
from tests.metrics.test_own_past import group

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0


def _strips(found: Group) -> dict[str, Strip]:
    return {strip.metric: strip for strip in quick_check(found)}


def _group(**figures: object) -> Group:
    found = group("2025-06-01", "2025-07-01", 30)
    changed = {
        name: replace(getattr(found, name), **values)  # type: ignore[arg-type]
        for name, values in figures.items()
    }
    return replace(found, **changed)  # type: ignore[arg-type]


def test_the_published_means_and_spreads_are_those_of_2025() -> None:
    found = {name: (strip.mean, strip.sd) for name, strip in _strips(_group()).items()}
    assert found == {
        "change_lead_time": (5.5, 2.4),
        "deployment_frequency": (4.8, 2.8),
        "change_fail_rate": (1.9, 2.1),
        "failed_deployment_recovery_time": (2.6, 2.1),
        "deployment_rework_rate": (2.2, 2.2),
    }


def test_ten_is_best_for_lead_time_and_frequency_and_zero_for_the_rest() -> None:
    """The file of 2025 counts recovery the other way round than that of 2024: 2.6 of 10 is good because it is low."""
    best = {name: strip.best for name, strip in _strips(_group()).items()}
    assert best.pop("change_lead_time") == best.pop("deployment_frequency") == 10
    assert set(best.values()) == {0}
    assert "2024" in _strips(_group())["failed_deployment_recovery_time"].note


@pytest.mark.parametrize(
    ("seconds", "lead", "recovery"),
    [(HOUR - 1, 10, 0), (HOUR, 8, 2), (DAY, 6, 4), (WEEK, 4, 6), (40 * DAY, 2, 8), (400 * DAY, 0, 10)],
)
def test_the_same_time_lies_at_opposite_places_of_the_two_scales(seconds: float, lead: float, recovery: float) -> None:
    exactly = (seconds, seconds)
    strips = _strips(
        _group(
            change_lead_time={"median_seconds": seconds, "interval_seconds": exactly},
            failed_deployment_recovery_time={"kaplan_meier_median_seconds": seconds, "interval_seconds": exactly},
        )
    )
    assert (strips["change_lead_time"].place, strips["change_lead_time"].place_interval) == (lead, (lead, lead))
    assert strips["failed_deployment_recovery_time"].place == recovery


def test_the_interval_of_a_time_keeps_its_low_end_low_on_both_scales() -> None:
    ends = (HOUR / 2, 2 * WEEK)
    strips = _strips(
        _group(
            change_lead_time={"median_seconds": DAY, "interval_seconds": ends},
            failed_deployment_recovery_time={"kaplan_meier_median_seconds": DAY, "interval_seconds": ends},
        )
    )
    assert strips["change_lead_time"].place_interval == (4, 10)
    assert strips["failed_deployment_recovery_time"].place_interval == (0, 6)


def test_a_rate_is_a_tenth_of_its_percentage() -> None:
    strip = _strips(_group(change_fail_rate={"rate": 0.19, "interval": (0.1, 0.3)}))["change_fail_rate"]
    assert (strip.place, strip.place_interval) == (pytest.approx(1.9), (pytest.approx(1), pytest.approx(3)))
    assert strip.ours == "1.9 (1 to 3)"


def test_no_failure_of_two_deployments_is_no_place_at_the_best_end_alone() -> None:
    """Wilson's interval of 0 of 2 ends at 65.8 %."""
    strip = _strips(_group(change_fail_rate={"rate": 0.0, "interval": wilson(0, 2)}))["change_fail_rate"]
    assert strip.ours == "0 (0 to 6.6)"


def test_a_fail_rate_where_no_record_could_tell_of_a_failure_has_no_place() -> None:
    figures = {"rate": 0.0, "interval": wilson(0, 400), "watched": False}
    strip = _strips(_group(change_fail_rate=figures))["change_fail_rate"]
    assert (strip.place, strip.place_interval, strip.ours) == (None, (None, None), "insufficient data")


@pytest.mark.parametrize("value", [None, 2 * DAY])
@pytest.mark.parametrize("ends", [(None, None), (DAY, None), (None, WEEK), (DAY, WEEK)])
def test_a_time_has_a_place_where_its_level_is_not_insufficient_data(value: float | None, ends: Interval) -> None:
    """Few changes, changes of few deployments, a median that is not reached, or one whose interval has no upper end."""
    strips = _strips(
        _group(
            change_lead_time={"median_seconds": value, "interval_seconds": ends},
            failed_deployment_recovery_time={"kaplan_meier_median_seconds": value, "interval_seconds": ends},
        )
    )
    numbers = np.array([value], dtype=np.float64), np.array([ends], dtype=np.float64)
    [label] = levels(2024, "change_lead_time", *numbers).label
    for metric, ours in (("change_lead_time", "6 (4 to 6)"), ("failed_deployment_recovery_time", "4 (4 to 6)")):
        strip = strips[metric]
        assert strip.ours == (label if label == "insufficient data" else ours)
        assert (strip.place is None) == (strip.answer is None) == (strip.place_interval == (None, None))


@pytest.mark.parametrize(
    ("per_day", "median", "answer"),
    [
        (1 / 400, 0, 1),
        (1 / 100, 0, 2),
        (1 / 14, 0, 3),
        (1 / 7, 0, 4),
        (0.99, 1, 4),
        (1.0, 1, 5),
        (5.0, 0, 5),
        (1.5, 2, 6),
    ],
)
def test_frequency_answers_follow_the_questionnaire(per_day: float, median: float, answer: int) -> None:
    assert frequency_answer(per_day, median) == answer


def test_the_interval_of_a_frequency_is_as_wide_as_the_one_of_its_level() -> None:
    """Two on the only day: on demand, but one day bounds no median; 0.24 a day, at least, are once a week to once a day."""
    at = datetime(2025, 6, 4, 10, tzinfo=UTC)
    records = [
        Deployment(source="ci", id=str(n), service="shop", environment="production", version=str(n), finished_at=at)
        for n in range(2)
    ]
    reader = facts_of_records(records, Setting(Definitions()))
    period = Period(at.replace(hour=0), at.replace(hour=0) + timedelta(days=1))
    [found] = scorecard(reader, Question(period=period, as_of=period.end)).groups
    strip = _strips(found)["deployment_frequency"]
    assert found.deployment_frequency.level.label == "between elite and high"
    assert (strip.place, strip.place_interval, strip.answer) == (10, (6, 10), "on demand")


@pytest.mark.parametrize(
    ("interval", "places"),
    [((None, None), (6, 10)), ((0.0, 3.0), (6, 10)), ((2.0, 3.0), (10, 10)), ((1.0, 1.0), (6, 8))],
)
def test_the_ends_of_a_median_working_day_are_those_of_the_interval(interval: Interval, places: Interval) -> None:
    changed = {
        "deployments": 40,
        "days": 50,
        "per_day": 0.8,
        "per_day_interval": tuple(end / 50 for end in poisson_interval(40)),
        "median_per_working_day": 2.0,
        "median_per_working_day_interval": interval,
    }
    strip = _strips(_group(deployment_frequency=changed))["deployment_frequency"]
    assert strip.place_interval == places


def test_without_data_there_is_no_place() -> None:
    nothing = {"deployments": 0, "per_day": 0.0, "per_day_interval": poisson_interval(0)}
    shares = {"rate": None, "interval": (None, None)}
    strips = quick_check(_group(deployment_frequency=nothing, change_fail_rate=shares, deployment_rework_rate=shares))
    assert {strip.ours for strip in strips} == {"insufficient data"}


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_a_longer_time_never_gets_a_faster_answer(one: float, other: float) -> None:
    assert time_answer(min(one, other)) <= time_answer(max(one, other))
