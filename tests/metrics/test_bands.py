"""Published levels: gaps, overlaps and half-open bounds are shown as they are, never smoothed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dora.errors import ConfigError
from metrics.bands import edition, editions, fail_rate_level, frequency_level, time_level
from metrics.intervals import wilson

HOUR, DAY, WEEK = 3600.0, 86400.0, 604800.0


def _exactly(value: float) -> tuple[float, float]:
    return value, value


def test_twelve_percent_under_2024_is_between_levels_because_the_figures_are_not_monotone() -> None:
    level = fail_rate_level(2024, 0.12, _exactly(0.12))
    assert level.label.startswith("between")
    assert set(level.cells) >= {"high", "medium"}
    assert level.times_slower_than_elite == pytest.approx(2.4)


def test_twenty_five_percent_under_2019_belongs_to_nobody() -> None:
    assert fail_rate_level(2019, 0.25, _exactly(0.25)).label == "unclassified"


def test_no_failure_in_five_deployments_is_not_elite_and_none_in_73_is() -> None:
    assert fail_rate_level(2024, 0.0, wilson(0, 5)).label != "elite"
    assert fail_rate_level(2024, 0.0, wilson(0, 73)).label == "elite"


@pytest.mark.parametrize(
    ("year", "seconds", "label"),
    [
        (2024, DAY - 1, "elite"),
        (2024, DAY, "high"),
        (2024, WEEK - 1, "high"),
        (2024, WEEK, "medium"),
        (2021, HOUR - 1, "elite"),
        (2018, HOUR - 1, "elite"),
        (2021, HOUR, "unclassified"),
        (2019, DAY - 1, "elite"),
        (2019, WEEK, "medium"),
    ],
)
def test_lead_times_of_exactly_an_hour_a_day_and_a_week_are_on_the_slower_side(
    year: int, seconds: float, label: str
) -> None:
    assert time_level(year, "change_lead_time", seconds, _exactly(seconds)).label == label


def test_a_recovery_of_exactly_an_hour_is_no_longer_elite() -> None:
    assert time_level(2024, "recovery_time", HOUR - 1, _exactly(HOUR - 1)).label == "elite"
    assert "elite" not in time_level(2024, "recovery_time", HOUR, _exactly(HOUR)).cells


def test_two_levels_with_the_same_published_cell_are_both_named() -> None:
    assert time_level(2024, "recovery_time", 2 * HOUR, _exactly(2 * HOUR)).cells == ("high", "medium")


def test_a_badge_needs_the_whole_interval_inside_one_level() -> None:
    assert time_level(2024, "change_lead_time", HOUR, (HOUR / 2, DAY / 2)).label == "elite"
    assert time_level(2024, "change_lead_time", HOUR, (HOUR / 2, 2 * DAY)).label == "between elite and high"


def test_an_interval_over_a_whole_level_names_the_level_between_its_ends() -> None:
    level = time_level(2024, "change_lead_time", 2 * DAY, (HOUR, 2 * WEEK))
    assert level.cells == ("elite", "high", "medium")


@pytest.mark.parametrize("year", sorted(editions()))
def test_no_data_is_its_own_state_in_every_edition(year: int) -> None:
    nothing = (None, None)
    for level in (
        time_level(year, "change_lead_time", None, nothing),
        time_level(year, "recovery_time", None, nothing),
        fail_rate_level(year, None, nothing),
        frequency_level(year, None, nothing),
    ):
        assert (level.label, level.cells) == ("insufficient data", ())


def test_a_figure_without_an_interval_is_insufficient_data_too() -> None:
    assert time_level(2024, "change_lead_time", HOUR, (None, None)).label == "insufficient data"


def test_years_without_levels_say_which_years_have_some() -> None:
    for year in (2020, 2025):
        with pytest.raises(ConfigError, match="2024"):
            edition(year)


def test_the_two_editions_that_the_first_notes_confused_differ_in_lead_time() -> None:
    """`Under an hour` is the cell of 2018 and 2021; in 2019 and since 2023 elite is under a day."""
    bounds = {
        year: item.levels[0].change_lead_time[1] for year, item in editions().items() if item.levels[0].name == "elite"
    }
    assert (bounds[2018], bounds[2021]) == (HOUR, HOUR)
    assert (bounds[2019], bounds[2023], bounds[2024]) == (DAY, DAY, DAY)


def test_2022_has_no_elite_level_and_no_distance_to_it() -> None:
    assert [level.name for level in edition(2022).levels] == ["high", "medium", "low"]
    assert time_level(2022, "change_lead_time", WEEK, _exactly(WEEK)).times_slower_than_elite is None


def test_distance_to_elite_is_a_multiple_of_its_bound() -> None:
    assert time_level(2024, "change_lead_time", 34 * DAY, _exactly(34 * DAY)).times_slower_than_elite == pytest.approx(
        34
    )
    assert time_level(2024, "change_lead_time", HOUR, _exactly(HOUR)).times_slower_than_elite is None


@given(st.sampled_from(sorted(editions())), st.floats(0, 1), st.floats(0, 0.5))
def test_a_wider_interval_never_names_fewer_levels(year: int, rate: float, spread: float) -> None:
    narrow = fail_rate_level(year, rate, _exactly(rate))
    wide = fail_rate_level(year, rate, (max(0.0, rate - spread), min(1.0, rate + spread)))
    assert set(narrow.cells) <= set(wide.cells)
