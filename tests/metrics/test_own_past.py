"""A team against its own past."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.intervals import wilson
from metrics.own_past import FEWEST, Change, changes, frequency_change, rate_change, time_change
from metrics.results import (
    ChangeFailRate,
    ChangeLeadTime,
    DeploymentFrequency,
    Group,
    Level,
    RecoveryTime,
    ReworkRate,
    TimeToRestore,
)


def _frequency(deployments: int, days: float = 90) -> DeploymentFrequency:
    return DeploymentFrequency(
        deployments=deployments, days=days, days_with_deployment=0, weeks_with_deployment=0, per_day=deployments / days,
        median_per_week=None, median_per_working_day=None, median_seconds_between=None, by_weekday=(), relations={},
        rehearsed=0, median_rehearsal_seconds=None, median_commits=None, commits=0, attempts=deployments,
        succeeded_attempts=deployments, level=Level(edition=2024, label="insufficient data"),
    )  # fmt: skip


def test_twice_as_many_deployments_are_clear_with_many_and_unclear_with_few() -> None:
    assert frequency_change(_frequency(200), _frequency(100)).clear
    few = frequency_change(_frequency(4), _frequency(2))
    assert few.ratio == pytest.approx(2)
    assert not few.clear


def test_frequencies_of_periods_of_different_length_are_compared_per_day() -> None:
    assert frequency_change(_frequency(90, 90), _frequency(30, 30)).ratio == pytest.approx(1)


def test_nothing_before_gives_no_change() -> None:
    assert frequency_change(_frequency(10), _frequency(0)) == Change()
    assert rate_change((0.1, (0.05, 0.2)), (None, (None, None))) == Change()
    assert time_change((10, (5, 20)), (None, (None, None))) == Change()


def test_a_median_without_an_interval_is_never_clear() -> None:
    change = time_change((100.0, (None, None)), (1.0, (0.5, 2.0)))
    assert change.ratio == 100
    assert not change.clear


def test_times_use_the_ratio_of_the_interval_ends() -> None:
    # by hand: both medians have ends at half and double, so the ends lie sqrt(2) * ln 2 around ln 4
    change = time_change((400.0, (200.0, 800.0)), (100.0, (50.0, 200.0)))
    half = math.sqrt(2) * math.log(2)
    assert change.interval == pytest.approx((4 * math.exp(-half), 4 * math.exp(half)))
    assert change.clear
    assert change.upwards


def test_the_difference_of_two_shares_is_newcombes_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table II, example (a), method 10: 56/70 - 48/80
    change = rate_change((56 / 70, wilson(56, 70)), (48 / 80, wilson(48, 80)))
    assert change.difference == pytest.approx(0.2)
    assert change.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert change.clear


@given(st.integers(0, 50), st.integers(1, 50), st.integers(0, 50), st.integers(1, 50))
def test_the_difference_lies_in_its_interval_and_swapping_mirrors_it(a: int, b: int, c: int, d: int) -> None:
    new, old = (min(a, b) / b, wilson(min(a, b), b)), (min(c, d) / d, wilson(min(c, d), d))
    there, back = rate_change(new, old), rate_change(old, new)
    low, high = there.interval
    assert low is not None and high is not None and there.difference is not None  # noqa: PT018
    assert low - 1e-9 <= there.difference <= high + 1e-9
    assert back.interval == pytest.approx((-high, -low))


@pytest.mark.parametrize(("failures", "clear"), [(FEWEST, True), (FEWEST - 1, False)])
def test_a_recovery_time_of_a_handful_of_failures_is_never_clearly_better_or_worse(failures: int, clear: bool) -> None:
    def group(seconds: float) -> Group:
        level = Level(edition=2024, label="unclassified")
        interval = (seconds * 0.9, seconds * 1.1)
        times = {
            "median_seconds": seconds,
            "p90_seconds": None,
            "mean_seconds": None,
            "kaplan_meier_median_seconds": seconds,
        }
        rate = {"deployments": 9, "rate": 0.1, "interval": wilson(1, 9), "by_kind": {}}
        return Group(
            by="organisation", name="Acme", start="", end="", deployment_frequency=_frequency(9),
            change_lead_time=ChangeLeadTime(
                n=9, median_seconds=1.0, p75_seconds=1.0, p90_seconds=1.0, interval_seconds=(1.0, 1.0),
                kaplan_meier_median_seconds=1.0, stages={}, undeployed={}, negative=0, level=level,
            ),
            change_fail_rate=ChangeFailRate(failed=1, pending=0, not_failures={}, level=level, **rate),
            failed_deployment_recovery_time=RecoveryTime(n=failures, open=0, interval_seconds=interval, level=level, **times),
            time_to_restore=TimeToRestore(n=failures, open=0, interval_seconds=interval, **times),
            deployment_rework_rate=ReworkRate(rework=1, **rate),
        )  # fmt: skip

    assert changes(group(1000), group(10))["failed_deployment_recovery_time"].clear is clear
