"""A team against its own past."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from dora.period import Period
from metrics.catalog import METRICS
from metrics.intervals import kaplan_meier_median, wilson
from metrics.own_past import Change, changes, frequency_change, rate_change, time_change
from metrics.results import (
    ChangeFailRate,
    ChangeLeadTime,
    DeploymentFrequency,
    Group,
    Level,
    Queue,
    RecoveryTime,
    ReworkRate,
    TimeToRestore,
)
from metrics.weeks import Known, Weekly, dispersion

EVEN = ((5, 5, 5, 5),) * 2


def _frequency(deployments: int, days: float = 90) -> DeploymentFrequency:
    return DeploymentFrequency(
        deployments=deployments, days=days, days_with_deployment=0, weeks_with_deployment=0, per_day=deployments / days,
        median_per_week=None, median_per_working_day=None, median_seconds_between=None, by_weekday=(), relations={},
        rehearsed=0, median_rehearsal_seconds=None, median_commits=None, commits=0, attempts=deployments,
        succeeded_attempts=deployments, level=Level(edition=2024, label="insufficient data"),
    )  # fmt: skip


def test_twice_as_many_deployments_are_clear_with_many_and_unclear_with_few() -> None:
    assert frequency_change(200, 100).clear
    few = frequency_change(4, 2)
    assert few.ratio == pytest.approx(2)
    assert not few.clear


def test_frequencies_of_periods_of_different_length_are_compared_per_day() -> None:
    assert frequency_change(90, 30, 90 / 30).ratio == pytest.approx(1)


def test_nothing_before_gives_no_change() -> None:
    assert frequency_change(10, 0) == Change()
    assert rate_change((0.1, (0.05, 0.2)), (None, (None, None)), 9) == Change()
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
    change = rate_change((56 / 70, wilson(56, 70)), (48 / 80, wilson(48, 80)), 70)
    assert change.difference == pytest.approx(0.2)
    assert change.interval == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert change.clear


@given(st.integers(0, 50), st.integers(5, 50), st.integers(0, 50), st.integers(5, 50))
def test_the_difference_lies_in_its_interval_and_swapping_mirrors_it(a: int, b: int, c: int, d: int) -> None:
    new, old = (min(a, b) / b, wilson(min(a, b), b)), (min(c, d) / d, wilson(min(c, d), d))
    there, back = rate_change(new, old, min(b, d)), rate_change(old, new, min(b, d))
    low, high = there.interval
    assert low is not None and high is not None and there.difference is not None  # noqa: PT018
    assert low - 1e-9 <= there.difference <= high + 1e-9
    assert back.interval == pytest.approx((-high, -low))


def test_a_recovery_time_of_a_handful_of_failures_is_never_clearly_better_or_worse() -> None:
    """Four values bound no median, whatever they are: the interval of a survival median needs five."""
    four = np.array([10.0, 11.0, 12.0, 13.0])
    median, interval = kaplan_meier_median(four, np.ones(4, dtype=bool))
    five = np.append(four, 14.0)
    assert not time_change((median, interval), kaplan_meier_median(five * 1000, np.ones(5, dtype=bool))).clear
    assert time_change(
        kaplan_meier_median(five, np.ones(5, dtype=bool)), kaplan_meier_median(five * 1000, np.ones(5, dtype=bool))
    ).clear


def test_what_is_still_to_come_of_the_period_is_no_fall() -> None:
    """Half of June is known: as many deployments as in half of May is no change."""
    now, before = group("2025-06-01", "2025-07-01", 60), group("2025-05-02", "2025-06-01", 120)
    half = datetime(2025, 6, 16, tzinfo=UTC)
    assert changes(now, before, _known(now, before))["deployment_frequency"].ratio == pytest.approx(0.5)
    assert changes(now, before, _known(now, before, end=half))["deployment_frequency"].ratio == pytest.approx(1.0)


def test_time_before_the_first_record_is_no_time_without_deployments() -> None:
    """The data begins with the last ten of thirty days before: twenty deployments in these are two a day, as after."""
    now, before = group("2025-06-01", "2025-07-01", 60), group("2025-05-02", "2025-06-01", 20)
    late = datetime(2025, 5, 22, tzinfo=UTC)
    assert changes(now, before, _known(now, before, start=late))["deployment_frequency"].ratio == pytest.approx(1.0)
    later = datetime(2025, 6, 16, tzinfo=UTC)
    assert changes(now, before, _known(now, before, start=later))["deployment_frequency"] == Change()


def test_time_in_which_nothing_was_owned_is_no_time_without_deployments() -> None:
    """Owned in the first and the last five days of thirty: twenty deployments in these are two a day, as after."""
    now, before = group("2025-06-01", "2025-07-01", 60), group("2025-05-02", "2025-06-01", 20)
    whole = known_of(now, EVEN[0])
    parts = (known_of(before, (), end=_may(7)), known_of(before, (), start=_may(27)))
    owned = Known(stretches=tuple(stretch for part in parts for stretch in part.stretches), weekly=EVEN[1])
    change = changes(now, before, (whole, owned))["deployment_frequency"]
    assert change.ratio == pytest.approx(1.0)
    assert not change.clear


@pytest.mark.parametrize("turned", [True, False])
def test_a_period_in_which_nothing_was_owned_has_no_change_of_frequency(turned: bool) -> None:
    periods = (group("2025-06-01", "2025-07-01", 60), group("2025-05-02", "2025-06-01", 0))
    known = (known_of(periods[0], EVEN[0]), Known(stretches=(), weekly=()))
    (now, before), (new, old) = (pair[::-1] if turned else pair for pair in (periods, known))
    assert changes(now, before, (new, old))["deployment_frequency"] == Change()


def test_one_failed_deployment_is_no_clear_rise_of_the_rate() -> None:
    """One of one after 5 of 50 would be 90 points more; of four deployments nothing is said, of five it is."""
    before = 5 / 50, wilson(5, 50)
    for n in (1, 4):
        change = rate_change((1.0, wilson(n, n)), before, n)
        assert change == Change(difference=0.9, reason="fewer than 5 deployments")
    assert rate_change((1.0, wilson(5, 5)), before, 5).clear


def test_chance_alone_makes_about_one_in_twenty_changes_of_a_rate_clear() -> None:
    """All pairs of counts, weighed: 5 to 20 deployments now, 5 to 100 before, and one rate from 1 to 50 % in both."""
    rates = np.array([0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.35, 0.5])
    found = [
        _false_alarms(n, m, rates) for n in (5, 6, 7, 8, 10, 13, 16, 20) for m in (5, 6, 7, 8, 10, 14, 20, 40, 80, 100)
    ]
    assert np.mean(found) < 0.05
    assert np.max(found) < 0.095  # 6 deployments against 7 of which half fail
    assert np.mean(np.array(found) > 0.07) < 0.03


def _false_alarms(n: int, m: int, rates: np.ndarray) -> np.ndarray:
    """For each rate the exact chance that two periods of it, of `n` and `m` deployments, have a clear change."""
    new, old = ([(hits / of, wilson(hits, of)) for hits in range(of + 1)] for of in (n, m))
    clear = np.array([[rate_change(one, other, min(n, m)).clear for other in old] for one in new])
    weights = [scipy.stats.binom.pmf(np.arange(of + 1), of, rates[:, None]) for of in (n, m)]
    return np.einsum("rn,nm,rm->r", weights[0], clear, weights[1])


def test_every_metric_of_the_catalogue_has_a_change() -> None:
    both = group("2025-06-01", "2025-07-01", 60), group("2025-05-02", "2025-06-01", 120)
    assert set(changes(*both, _known(*both))) == set(METRICS)


def test_periods_of_fewer_than_four_whole_weeks_tell_no_change_of_frequency() -> None:
    """Sixty after ten would be clear, but how much weeks vary is not known of three; neither is it from one side alone."""
    now, before = group("2025-06-01", "2025-06-22", 60), group("2025-05-11", "2025-06-01", 10)
    three, four = (20, 20, 20), (15, 15, 15, 15)
    for told in ((three, three), (four, three), (three, four)):
        change = changes(now, before, _known(now, before, told))["deployment_frequency"]
        assert change == Change(ratio=pytest.approx(6), reason="fewer than 4 whole weeks")
        assert not change.clear
    assert changes(now, before, _known(now, before, (four, four)))["deployment_frequency"].clear


def _may(day: int) -> datetime:
    return datetime(2025, 5, day, tzinfo=UTC)


def _known(
    now: Group,
    before: Group,
    weekly: tuple[Weekly, Weekly] = EVEN,
    start: datetime | None = None,
    end: datetime | None = None,
) -> tuple[Known, Known]:
    return known_of(now, weekly[0], start, end), known_of(before, weekly[1], start, end)


def known_of(of: Group, weekly: Weekly, start: datetime | None = None, end: datetime | None = None) -> Known:
    """A group that owned a service all the time, in a period that the data covers from `start` to `end`."""
    since, until = datetime.fromisoformat(of.start), datetime.fromisoformat(of.end)
    since, until = max(since, start or since), min(until, end or until)
    return Known(stretches=(Period(since, until),) if since < until else (), weekly=weekly)


def group(start: str, end: str, deployments: int) -> Group:
    """A group of one failure in nine and no times."""
    level = Level(edition=2024, label="unclassified")
    nothing = {"median_seconds": None, "p90_seconds": None, "mean_seconds": None, "kaplan_meier_median_seconds": None}
    rate = {"deployments": 9, "rate": 1 / 9, "interval": wilson(1, 9), "by_kind": {}}
    open_, nobody = (None, None), Queue(n=0, oldest_seconds=None, median_seconds=None)
    return Group(
        by="organisation", name="Acme", start=f"{start}T00:00:00+00:00", end=f"{end}T00:00:00+00:00",
        deployment_frequency=_frequency(deployments, 30),
        change_lead_time=ChangeLeadTime(
            n=0, independent=0, median_seconds=None, p75_seconds=None, p90_seconds=None, interval_seconds=open_,
            kaplan_meier_median_seconds=None, stages={}, undeployed=nobody, negative=0, level=level,
        ),
        change_fail_rate=ChangeFailRate(failed=1, pending=0, not_failures={}, level=level, **rate),
        failed_deployment_recovery_time=RecoveryTime(n=0, open=0, interval_seconds=open_, level=level, **nothing),
        time_to_restore=TimeToRestore(n=0, open=0, interval_seconds=open_, **nothing),
        deployment_rework_rate=ReworkRate(rework=1, **rate),
    )  # fmt: skip


def test_weeks_vary_around_the_mean_of_their_own_period() -> None:
    """2 4 6 8 and 1 1 5 5: sample variances 20 / 3 and 16 / 3 over means 5 and 3, together 12 / 8."""
    assert dispersion((2, 4, 6, 8), (1, 1, 5, 5)) == pytest.approx(1.5)
    assert dispersion((2, 4, 6, 8)) == pytest.approx(4 / 3)


def test_weeks_that_vary_less_than_counts_do_count_as_counts_and_too_few_as_unknown() -> None:
    assert dispersion((5, 5, 5, 5), (4, 4, 4, 5)) == 1
    assert dispersion((0, 0, 0, 0)) == 1
    assert dispersion((9, 1, 9, 1), (9, 1, 9)) is None
