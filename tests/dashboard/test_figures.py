"""From a scorecard to what a page says about it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from dashboard.figures import (
    FIGURES,
    TIME_TO_RESTORE,
    Reading,
    change_text,
    elite_words,
    farthest_from_elite,
    is_better,
    level_and_distance,
    zones,
)
from dashboard.reading import read
from dashboard.units import DAY, HOUR, WEEK
from dashboard.views.comparison import rows
from dashboard.zones import Zone
from dora.period import parse_period
from dora.warehouse import Reader
from metrics.bands import edition
from metrics.own_past import Change
from metrics.question import Question, published_as_of
from metrics.results import Group, Level
from metrics.scorecard import scorecard
from tests.organisations import publish, publish_empty

BY_ID = {figure.id: figure for figure in FIGURES}


def _group(published: Path) -> Group:
    def ask(reader: Reader) -> Group:
        as_of = published_as_of(reader)
        period = parse_period("90d", "2025-07-01", as_of)
        return scorecard(reader, Question(period=period, as_of=as_of)).groups[0]

    return read(published, ask)[1]


def test_every_reading_says_what_it_rests_on(tmp_path: Path) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    assert [figure.of(group).basis for figure in FIGURES] == [
        "20 deployments on 20 of 90 days", "median of 19 changes; p75 1 d 1 h, p90 1 d 4 h; 1 waits, with it 18 h 30 min (Kaplan-Meier)", "4 of 19 deployments failed, 1 too young to judge", "median of 4 failures; p90 4 h",
        "0 of 20 deployments were rework",
    ]  # fmt: skip


def test_a_period_that_touches_more_days_than_its_length_tells_only_those_with_a_deployment(tmp_path: Path) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    for days, touched, words in (
        (26 / 24, 3, "3 days"),
        (3 / 24, 1, "1 day"),
        (1.0, 2, "2 days"),
        (2.0, 2, "2 of 2 days"),
    ):
        frequency = replace(group.deployment_frequency, deployments=3, days=days, days_with_deployment=touched)
        told = BY_ID["deployment_frequency"].of(replace(group, deployment_frequency=frequency)).basis
        assert told == f"3 deployments on {words}"


def test_one_deployment_is_told_as_one(tmp_path: Path) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    rework = replace(group.deployment_rework_rate, rework=0, deployments=1)
    assert (
        BY_ID["deployment_rework_rate"].of(replace(group, deployment_rework_rate=rework)).basis
        == "0 of 1 deployment was rework"
    )


@pytest.mark.parametrize(("watched", "words"), [(True, "few data"), (False, "none looked for")])
def test_a_figure_without_a_level_says_whether_it_is_for_few_data(tmp_path: Path, watched: bool, words: str) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    level = Level(edition=2024, label="insufficient data")
    rate = replace(group.change_fail_rate, failed=0, rate=0.0, interval=(0.0, 0.16), level=level, watched=watched)
    [row] = rows([replace(group, change_fail_rate=rate)], BY_ID["change_fail_rate"]).to_dicts()
    assert row["label"] == f"0 % · {words}"


@pytest.mark.parametrize(("value", "text"), [(2.3 / 30, "2.3 per month"), (0.14, "4.2 per month")])
def test_a_figure_and_both_ends_of_its_interval_are_in_one_unit(value: float, text: str) -> None:
    reading = Reading(value=value, interval=(0.9 / 30, 0.2), n=7, basis="")
    assert BY_ID["deployment_frequency"].text(reading) == text
    assert BY_ID["deployment_frequency"].interval(reading) == "0.9 per month to 6 per month"


@pytest.mark.parametrize(
    ("independent", "basis"),
    [
        (192, "median of 192 changes; p75 1 d 1 h, p90 1 d 4 h"),
        (6, "median of 192 changes, worth 6 independent ones; p75 1 d 1 h, p90 1 d 4 h"),
        (0, "median of 192 changes, shipped in fewer than 5 deployments; p75 1 d 1 h, p90 1 d 4 h"),
    ],
)
def test_changes_that_ship_together_say_what_they_are_worth(tmp_path: Path, independent: int, basis: str) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    nothing = {"n": 0, "oldest_seconds": None, "median_seconds": None}
    lead = replace(group.change_lead_time, n=192, independent=independent, undeployed=nothing)
    assert BY_ID["change_lead_time"].of(replace(group, change_lead_time=lead)).basis == basis


@pytest.mark.parametrize(
    ("n", "seconds", "words"),
    [(229, 94 * HOUR, "229 wait, with these 3 d 22 h"), (1, HOUR, "1 waits, with it 1 h"), (2, None, "2 wait, with these not reached")],
)  # fmt: skip
def test_changes_that_wait_stand_beside_the_median_of_those_that_do_not(
    tmp_path: Path, n: int, seconds: float | None, words: str
) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    queue = {"n": n, "oldest_seconds": 1.0, "median_seconds": 1.0}
    lead = replace(group.change_lead_time, undeployed=queue, kaplan_meier_median_seconds=seconds)
    basis = BY_ID["change_lead_time"].of(replace(group, change_lead_time=lead)).basis
    assert basis == f"median of 19 changes; p75 1 d 1 h, p90 1 d 4 h; {words} (Kaplan-Meier)"


def test_one_change_has_no_quantiles_beside_its_time(tmp_path: Path) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    nothing = {"n": 0, "oldest_seconds": None, "median_seconds": None}
    lead = replace(group.change_lead_time, n=1, independent=1, undeployed=nothing)
    assert BY_ID["change_lead_time"].of(replace(group, change_lead_time=lead)).basis == "median of 1 change"


@pytest.mark.parametrize(
    ("n", "going", "words"),
    [
        (94, 0, "94 THINGs; p90 7 h"),
        (94, 2, "94 THINGs, 2 still open; p90 of the 92 that ended 7 h"),
        (3, 2, "3 THINGs, 2 still open"),
        (1, 0, "1 THING"),
        (0, 0, "0 THINGs"),
    ],
)
def test_the_p90_of_what_ends_is_of_those_that_ended(tmp_path: Path, n: int, going: int, words: str) -> None:
    group = _group(publish(tmp_path, ["Atlas"]))
    p90 = 7 * HOUR if n > going else None
    recovery = replace(group.failed_deployment_recovery_time, n=n, open=going, p90_seconds=p90)
    restore = replace(group.time_to_restore, n=n, open=going, p90_seconds=p90)
    told = replace(group, failed_deployment_recovery_time=recovery, time_to_restore=restore)
    bases = [figure.of(told).basis for figure in (BY_ID["failed_deployment_recovery_time"], TIME_TO_RESTORE)]
    assert bases == [f"median of {words.replace('THING', thing)}" for thing in ("failure", "incident")]


@pytest.mark.parametrize(
    ("figure", "label", "factor", "text"),
    [
        ("change_lead_time", "between elite and high", 1.3, "between elite and high, 1.3× slower than elite"),
        ("deployment_frequency", "medium", 34.2, "medium, 34× slower than elite"),
        ("change_fail_rate", "low", 2.16, "low, 2.2× worse than elite"),
        ("change_lead_time", "elite", None, "elite"),
        ("change_lead_time", "between elite and high", 1.04, "between elite and high"),
        ("change_lead_time", "insufficient data", 16.0, "insufficient data"),
    ],
)
def test_a_level_says_how_far_elite_is(figure: str, label: str, factor: float | None, text: str) -> None:
    level = Level(edition=2024, label=label, times_slower_than_elite=factor)
    reading = Reading(value=1.0, interval=(0.9, 1.1), n=7, basis="", level=level)
    assert level_and_distance(BY_ID[figure], reading) == text


def test_no_data_is_missing_and_not_zero(tmp_path: Path) -> None:
    group = _group(publish_empty(tmp_path))
    assert {figure.of(group).value for figure in FIGURES} == {None}
    assert {figure.of(group).missing for figure in FIGURES} == {"no data"}
    assert farthest_from_elite(group) is None


def test_the_metric_farthest_from_elite_is_the_one_most_times_beyond_its_bound(tmp_path: Path) -> None:
    found = farthest_from_elite(_group(publish(tmp_path, ["Atlas"])))
    assert found is not None
    figure, reading, factor = found
    # 4 of 20 deployments failed: 20 % is 4 times the 5 % of elite; 20 in 90 days is 4.5 times fewer than one a day
    assert figure.id == "deployment_frequency"
    assert factor == pytest.approx(4.5)
    assert reading.value == pytest.approx(20 / 90)


@pytest.mark.parametrize("year", [2019, 2024])
def test_the_levels_of_the_lead_time_lie_side_by_side(year: int) -> None:
    found = zones(edition(year), BY_ID["change_lead_time"])
    assert [zone.label for zone in found] == ["elite", "high", "medium", "low"]
    assert found[0] == Zone("elite", None, DAY, True)
    assert found[1] == Zone("high", DAY, WEEK)
    assert all(a.high == b.low for a, b in pairwise(found))


def test_levels_with_the_same_cell_share_a_zone_and_overlaps_belong_to_the_better_one() -> None:
    found = zones(edition(2024), BY_ID["failed_deployment_recovery_time"])
    assert found[:2] == [Zone("elite", None, HOUR, True), Zone("high and medium", HOUR, DAY)]
    assert found[2].low == WEEK, "nobody owns the time between a day and a week"


def test_single_published_figures_are_marks_and_a_range_is_a_zone() -> None:
    marks = {zone.label: (zone.low, zone.high) for zone in zones(edition(2024), BY_ID["change_fail_rate"])}
    assert marks == {"elite": (None, 0.05), "high": (0.2, 0.2), "medium": (0.1, 0.1), "low": (0.4, 0.4)}
    older = zones(edition(2019), BY_ID["change_fail_rate"])
    assert older == [Zone("elite to medium", None, 0.15, True), Zone("low", 0.46, 0.6)]


def test_rework_has_no_levels() -> None:
    assert zones(edition(2024), BY_ID["deployment_rework_rate"]) == []
    assert elite_words(edition(2024), BY_ID["deployment_rework_rate"]) == ""


def test_a_change_is_told_with_its_interval_and_whether_it_is_good() -> None:
    slower = Change(ratio=1.5, interval=(1.2, 1.9))
    assert change_text(slower) == "+50 % (+20 % to +90 %)"
    assert not is_better(BY_ID["change_lead_time"], slower)
    assert is_better(BY_ID["deployment_frequency"], slower)
    assert change_text(Change(difference=-0.012, interval=(-0.03, 0.01))) == "−1.2 pp (−3 pp to +1 pp)"
    assert change_text(Change()) is None
