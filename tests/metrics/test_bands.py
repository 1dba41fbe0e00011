"""Published levels: gaps, overlaps and half-open bounds are shown as they are, never smoothed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dora.errors import ConfigError
from metrics.bands import MetricName, edition, editions, levels
from metrics.intervals import wilson
from metrics.results import Interval, Level

HOUR, DAY, WEEK, MONTH = 3600.0, 86400.0, 604800.0, 2629800.0


def time_level(year: int, metric: MetricName, value: float | None, interval: Interval) -> Level:
    found = levels(year, metric, np.array([value], dtype=np.float64), np.array([interval], dtype=np.float64))
    return next(iter(found))


def fail_rate_level(year: int, value: float | None, interval: Interval) -> Level:
    return time_level(year, "change_fail_rate", value, interval)


def frequency_level(year: int, value: float | None, interval: Interval) -> Level:
    return time_level(year, "deployment_frequency", value, interval)


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


def test_a_figure_of_which_one_end_is_not_reached_is_insufficient_data() -> None:
    for interval in ((None, 2 * HOUR), (HOUR, None)):
        level = time_level(2024, "recovery_time", 1.5 * HOUR, interval)
        assert (level.label, level.cells) == ("insufficient data", ())


def test_a_figure_without_an_interval_is_insufficient_data_too() -> None:
    assert time_level(2024, "change_lead_time", HOUR, (None, None)).label == "insufficient data"
    assert time_level(2024, "change_lead_time", 34 * DAY, (None, None)).times_slower_than_elite is None


def test_years_without_levels_say_which_years_have_some() -> None:
    for year in (2017, 2020):
        with pytest.raises(ConfigError, match="2024"):
            edition(year)


def test_2025_has_no_levels_whatever_the_figure() -> None:
    for level in (
        time_level(2025, "change_lead_time", HOUR, _exactly(HOUR)),
        fail_rate_level(2025, 0.01, wilson(5, 500)),
        frequency_level(2025, None, (None, None)),
    ):
        assert (level.label, level.cells, level.times_slower_than_elite) == ("2025 has no levels", (), None)


#: bands.md as it was published: level, share of respondents and its status, words of the four cells.
PUBLISHED = {
    (2018, "M"): """
        elite 7 C | on demand | <1 h | 0–15 % | <1 h
        high 48 C | hourly–daily | 1 d–1 wk | 0–15 % | <1 d
        medium 37 C | weekly–monthly | 1 wk–1 mo | 0–15 % | <1 d
        low 15 C | weekly–monthly | 1–6 mo | 46–60 % | 1 wk–1 mo""",
    (2019, "A"): """
        elite 20 C | on demand | <1 d | 0–15 % | <1 h
        high 23 C | daily–weekly | 1 d–1 wk | 0–15 % | <1 d
        medium 44 C | weekly–monthly | 1 wk–1 mo | 0–15 % | <1 d
        low 12 C | monthly–6-monthly | 1–6 mo | 46–60 % | 1 wk–1 mo""",
    (2021, "B"): """
        elite 26 C | on demand | <1 h | 0–15 % | <1 h
        high 40 M | weekly–monthly | 1 d–1 wk | 16–30 % | <1 d
        medium 28 M | monthly–6-monthly | 1–6 mo | 16–30 % | 1 d–1 wk
        low 7 C | <1 per 6 mo | >6 mo | 16–30 % | >6 mo""",
    (2022, "B"): """
        high 11 B | on demand | 1 d–1 wk | 0–15 % | <1 d
        medium 69 B | weekly–monthly | 1 wk–1 mo | 16–30 % | 1 d–1 wk
        low 19 B | monthly–6-monthly | 1–6 mo | 46–60 % | 1 wk–1 mo""",
    (2023, "B"): """
        elite 18 B | on demand | <1 d | 5 % | <1 h
        high 31 B | daily–weekly | 1 d–1 wk | 10 % | <1 d
        medium 33 B | weekly–monthly | 1 wk–1 mo | 15 % | 1 d–1 wk
        low 17 B | weekly–monthly | 1 wk–1 mo | 64 % | 1–6 mo""",
    (2024, "B"): """
        elite 19 B | on demand | <1 d | 5 % | <1 h
        high 22 B | daily–weekly | 1 d–1 wk | 20 % | <1 d
        medium 35 B | weekly–monthly | 1 wk–1 mo | 10 % | <1 d
        low 25 B | monthly–6-monthly | 1–6 mo | 40 % | 1 wk–1 mo""",
}


def test_every_published_cell_is_there_with_its_words_and_status() -> None:
    assert sorted(editions()) == sorted(year for year, _ in PUBLISHED)
    for (year, status), text in PUBLISHED.items():
        item = edition(year)
        assert item.status == status
        assert item.source.startswith("https://dora.dev/")
        assert item.note
        rows = [
            " | ".join([f"{level.name} {level.percent:g} {level.percent_status}", *item.words[level.name].values()])
            for level in item.levels
        ]
        assert rows == [line.strip() for line in text.strip().split("\n")]


_SPANS = {"<1 h": (0, HOUR), "<1 d": (HOUR, DAY), "1 d–1 wk": (DAY, WEEK), "1 wk–1 mo": (WEEK, MONTH),
          "1–6 mo": (MONTH, 6 * MONTH), ">6 mo": (6 * MONTH, math.inf)}  # fmt: skip


@pytest.mark.parametrize("year", sorted(editions()))
def test_the_bounds_of_times_are_what_their_words_say(year: int) -> None:
    """A level's `<1 d` begins where a better level's `<1 h` ends, and at 0 when there is none."""
    for metric in ("change_lead_time", "recovery_time"):
        best = edition(year).levels[0]
        for level in edition(year).levels:
            words = edition(year).words[level.name][metric]
            low, high = _SPANS[words]
            begins = (
                0 if words == "<1 d" and (level is best or edition(year).words[best.name][metric] != "<1 h") else low
            )
            assert getattr(level, metric) == (begins, high), (level.name, metric)


def test_a_recovery_in_half_an_hour_is_high_in_2022_which_had_no_elite() -> None:
    assert time_level(2022, "recovery_time", HOUR / 2, _exactly(HOUR / 2)).label == "high"


def test_exactly_one_deployment_a_day_is_daily_and_more_is_on_demand() -> None:
    assert frequency_level(2024, 1.0, _exactly(1.0)).label == "high"
    assert frequency_level(2024, 1.01, _exactly(1.01)).label == "elite"
    assert frequency_level(2024, 1 / 7, _exactly(1 / 7)).label == "high"
    assert frequency_level(2022, 0.5, _exactly(0.5)).label == "unclassified"


def test_the_popular_ladder_of_fail_rates_is_in_no_edition() -> None:
    """0–15, 16–30, 31–45 and 46–60 % were never published together: nobody has 31–45 %, no year all of the others."""
    for item in editions().values():
        ranges = {level.change_fail_rate for level in item.levels}
        assert not any(isinstance(cell, tuple) and cell[0] in (0.31, 0.3) for cell in ranges)


def test_fail_rates_before_2023_are_ranges_and_figures_since() -> None:
    for year, item in editions().items():
        assert {type(level.change_fail_rate) for level in item.levels} == {float if year >= 2023 else tuple}
        assert ("not comparable" in item.note) == (year >= 2023)


@pytest.mark.parametrize(
    ("rate", "label"),
    [(0.15, "between elite and medium"), (0.155, "unclassified"), (0.16, "unclassified"), (0.46, "low")],
)
def test_the_ends_of_a_range_of_whole_percents_belong_to_it(rate: float, label: str) -> None:
    assert fail_rate_level(2019, rate, _exactly(rate)).label == label


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


def test_the_distance_of_a_frequency_is_to_the_rarest_that_is_elite() -> None:
    """Elite is more than one a day: one in four days is four times slower, two a day are not slower at all."""
    assert frequency_level(2024, 0.25, _exactly(0.25)).times_slower_than_elite == pytest.approx(4)
    assert frequency_level(2024, 2.0, _exactly(2.0)).times_slower_than_elite is None
    assert frequency_level(2024, 0.0, _exactly(0.0)).times_slower_than_elite is None


@given(st.sampled_from(sorted(editions())), st.floats(0, 1), st.floats(0, 0.5))
def test_a_wider_interval_never_names_fewer_levels(year: int, rate: float, spread: float) -> None:
    narrow = fail_rate_level(year, rate, _exactly(rate))
    wide = fail_rate_level(year, rate, (max(0.0, rate - spread), min(1.0, rate + spread)))
    assert set(narrow.cells) <= set(wide.cells)


def test_an_interval_that_runs_into_a_gap_gets_no_badge() -> None:
    """2018: elite is under an hour, the next level begins at a day; half an hour to three hours is not elite."""
    level = time_level(2018, "change_lead_time", HOUR / 2, (HOUR / 2, 3 * HOUR))
    assert (level.label, level.cells) == ("between elite and unclassified", ("elite",))


@given(st.sampled_from(sorted(editions())), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_an_interval_names_the_levels_of_every_rate_in_it(year: int, one: float, two: float, three: float) -> None:
    low, value, high = sorted((one, two, three))
    whole = fail_rate_level(year, value, (low, high))
    for rate in (low, value, high, *(cut for cut in (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.46, 0.6) if low <= cut <= high)):
        assert set(fail_rate_level(year, rate, _exactly(rate)).cells) <= set(whole.cells)


def test_an_interval_that_ends_among_nobodys_values_says_so() -> None:
    level = fail_rate_level(2019, 0.125, (0.078, 0.212))
    assert (level.label, level.cells) == ("between elite and unclassified", ("elite", "high", "medium"))
    assert fail_rate_level(2019, 0.3, (0.1, 0.5)).label == "between elite and low"
