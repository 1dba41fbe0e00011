"""The planner against simulations that draw data and ask the rule of the arrows, nothing of the planner's own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import scipy

from metrics.catalog import METRICS
from metrics.change_intervals import Figure, frequency_ratio
from metrics.intervals import kaplan_meier_median, median_interval, wilson
from metrics.own_past import Change, rate_change, time_change
from metrics.power import WEEKS, Plan, plans, visible_frequency, visible_share
from metrics.results import Group
from metrics.time_power import enough_in_both, usual_half_width, visible_times
from metrics.weeks import Known, Weekly
from tests.metrics.test_intervals import of_clusters
from tests.metrics.test_own_past import group, known_of

ROUNDS = 1000
EVEN = (7, 7, 7, 7)


def _seen(changes: list[Change], rising: bool) -> float:
    return float(np.mean([change.clear and change.upwards == rising for change in changes]))


@pytest.mark.parametrize("rising", [True, False])
@pytest.mark.parametrize("usual", [12, 140, 400])
def test_the_least_visible_frequency_is_seen_in_four_of_five_cases(usual: int, rising: bool) -> None:
    ratio = visible_frequency(usual, rising)
    assert ratio is not None
    rng = np.random.default_rng(usual)
    old, new = rng.poisson(usual, ROUNDS).tolist(), rng.poisson(usual * ratio, ROUNDS).tolist()
    found = [
        Change(ratio=b / a, interval=frequency_ratio(b, a)) if a else Change() for a, b in zip(old, new, strict=True)
    ]
    assert 0.76 <= _seen(found, rising) <= 0.85


@pytest.mark.parametrize("usual", [2, 5])
def test_the_least_visible_rise_of_few_deployments_is_that_of_all_pairs_of_counts(usual: int) -> None:
    """Weighed by their probabilities; where nothing was deployed before there is no ratio, and so nothing is seen."""
    ratio = visible_frequency(usual, True)
    assert ratio is not None
    for times, enough in ((ratio, True), (0.97 * ratio, False)):
        most = int(usual * times + 8 * math.sqrt(usual * times))
        old, new = scipy.stats.poisson.pmf(range(1, 25), usual), scipy.stats.poisson.pmf(range(most), usual * times)
        seen = np.array([[(frequency_ratio(b, a)[0] or 0.0) > 1 for a in range(1, 25)] for b in range(most)])
        assert (float(new @ seen @ old) >= 0.7999) == enough


@pytest.mark.parametrize("expected", [0.5, 5, 9.07, 20, 99, 101])
def test_two_stretches_hold_five_values_each_as_often_as_poisson_counts_do(expected: float) -> None:
    assert enough_in_both(expected) == pytest.approx(scipy.stats.poisson.sf(4, expected) ** 2, abs=1e-12)


@pytest.mark.parametrize(
    ("share", "n", "rising"),
    [
        (0.1, 60, True),
        (0.3, 40, False),
        (0.3, 40, True),
        (0.05, 800, False),
        (0.05, 800, True),
        (0.12, 5000, True),
        (0.0, 100, True),
    ],
)
def test_the_nearest_visible_rate_is_seen_in_four_of_five_cases(share: float, n: int, rising: bool) -> None:
    new_share = visible_share(share, n, rising)
    assert new_share is not None
    assert (new_share > share) == rising
    rng = np.random.default_rng(n)
    old, new = rng.binomial(n, share, ROUNDS).tolist(), rng.binomial(n, new_share, ROUNDS).tolist()
    found = [rate_change((b / n, wilson(b, n)), (a / n, wilson(a, n)), n) for a, b in zip(old, new, strict=True)]
    assert 0.76 <= _seen(found, rising) <= 0.85


@pytest.mark.parametrize("expected", [9, 12, 30, 200])
@pytest.mark.parametrize("spread", [0.7, 1.8])
def test_the_least_visible_change_of_a_recovery_time_is_seen_in_four_of_five_cases(
    expected: int, spread: float
) -> None:
    """The plan rests on the mean interval of periods of 60 failures; how many a stretch brings is chance."""
    rng = np.random.default_rng(expected)

    def figure(n: int, scale: float) -> Figure:
        return kaplan_meier_median(np.exp(rng.normal(math.log(3600 * scale), spread, n)), np.ones(n, dtype=np.bool_))

    fall, rise = visible_times(_mean_half(lambda: figure(60, 1)), 60, expected)
    assert fall is not None
    assert rise is not None
    assert fall * rise == pytest.approx(1)
    for change in (fall, rise):
        found = [
            time_change(figure(rng.poisson(expected), change), figure(rng.poisson(expected), 1)) for _ in range(800)
        ]
        assert 0.75 <= _seen(found, change > 1) <= 0.86


@pytest.mark.parametrize("expected", [12, 30, 200])
@pytest.mark.parametrize(("shared", "size"), [(0.87, 1.4), (0.87, 3.0), (0.5, 3.0), (0.97, 3.0)])
def test_the_least_visible_change_of_a_lead_time_is_seen_in_about_four_of_five_cases(
    expected: int, shared: float, size: float
) -> None:
    """Values are deployments, of `size` changes that waited more or less alike: no more is known of them than the number."""
    rng = np.random.default_rng(expected)

    def figure(deployments: int, scale: float) -> Figure:
        sizes = rng.geometric(1 / size, deployments)
        clusters = np.repeat(np.arange(deployments), sizes)
        own = rng.normal(0, math.sqrt(1 - shared**2), len(clusters))
        values = scale * np.exp(9 + np.repeat(rng.normal(0, shared, deployments), sizes) + own)
        return (float(np.median(values)) if deployments else None), of_clusters(values, clusters)

    fall, rise = visible_times(_mean_half(lambda: figure(100, 1)), 100, expected, size)
    assert fall is not None
    assert rise is not None
    found = [time_change(figure(rng.poisson(expected), rise), figure(rng.poisson(expected), 1)) for _ in range(500)]
    assert 0.73 <= _seen(found, True) <= 0.88


@pytest.mark.parametrize("n", [5, 15, 25, 26, 35, 100, 107, 150])
def test_the_usual_width_of_an_interval_is_that_of_its_very_number_of_values(n: int) -> None:
    """The ranks of its ends jump: that of 26 failures is a seventh wider than that of 24."""
    rng, ended = np.random.default_rng(n), np.ones(n, dtype=np.bool_)
    recovered = _mean_half(lambda: kaplan_meier_median(np.exp(rng.normal(9, 1, n)), ended), 1500)
    assert usual_half_width(n, None) == pytest.approx(recovered, rel=0.04)
    alone = _mean_half(lambda: (None, median_interval(np.sort(np.exp(rng.normal(9, 1, n))))), 1500)
    assert usual_half_width(n, 1.0) == pytest.approx(alone, rel=0.04)


def _mean_half(figure: Callable[[], Figure], periods: int = 400) -> float:
    """Half the mean width, on the logarithm, of the intervals of some periods."""
    halves = []
    for _ in range(periods):
        low, high = figure()[1]
        assert low is not None
        assert high is not None
        halves.append(math.log(high / low) / 2)
    return float(np.mean(halves))


def test_stretches_that_often_hold_too_few_values_show_nothing_whatever_the_change() -> None:
    """Of 5 or 7 expected failures one of two stretches holds fewer than five in every other or third case."""
    rng = np.random.default_rng(5)
    for expected in (5, 7):
        assert visible_times(0.01, 40, expected) == visible_times(0.01, 40, expected, 3.0) == (None, None)
        both = (rng.poisson(expected, (2000, 2)) >= 5).all(axis=1)
        assert np.mean(both) < 0.8
    assert visible_times(0.5, 40, 12)[1] is not None
    assert visible_times(9.0, 40, 12) == (None, None)
    assert visible_times(0.5, 4, 12) == (None, None)


def test_a_change_is_easier_to_see_with_more_weeks() -> None:
    for plan in _plans(_deploying(30), EVEN):
        rises = [item.rise for item in plan.visible if item.rise is not None]
        assert rises == sorted(rises, reverse=True), plan.metric


def test_too_few_values_let_nothing_be_seen() -> None:
    assert visible_frequency(1.0, False) is None
    assert visible_share(0.02, 20, False) is None
    assert visible_share(0.1, 0, True) is None
    assert visible_share(0.001, 4, True) is None
    assert visible_share(0.001, 5, True) is not None


def test_a_group_without_data_has_no_plan() -> None:
    by_metric = {plan.metric: plan for plan in _plans(_deploying(0), EVEN)}
    assert by_metric["deployment_frequency"].visible == ()
    assert by_metric["change_lead_time"].visible == ()
    assert by_metric["change_lead_time"].now is None


def test_every_metric_has_a_plan_in_the_order_of_the_others() -> None:
    assert [plan.metric for plan in _plans(_deploying(30), EVEN)] == list(METRICS)


def test_the_plan_of_the_time_to_restore_counts_incidents_and_goes_by_the_rule_of_recoveries() -> None:
    """Sixty incidents in thirty days are 14 a week; as many failures with the same times would show the same."""
    of = _deploying(30)
    times = {"n": 60, "open": 2, "kaplan_meier_median_seconds": 3600.0, "interval_seconds": (2400.0, 5400.0)}
    of = replace(
        of,
        time_to_restore=replace(of.time_to_restore, **times),  # type: ignore[arg-type]
        failed_deployment_recovery_time=replace(of.failed_deployment_recovery_time, **times),  # type: ignore[arg-type]
    )
    found = {plan.metric: plan for plan in _plans(of, EVEN)}
    restore = found["time_to_restore"]
    assert (restore.now, restore.per_week) == (3600, pytest.approx(14))
    assert [item.values for item in restore.visible] == pytest.approx([56, 112, 182, 364])
    assert restore.visible == found["failed_deployment_recovery_time"].visible
    assert all(item.rise is not None for item in restore.visible)


def test_every_stretch_of_weeks_is_planned() -> None:
    found = {plan.metric: plan for plan in _plans(_deploying(30), EVEN)}
    assert [item.weeks for item in found["deployment_frequency"].visible] == list(WEEKS)
    assert [item.values for item in found["deployment_frequency"].visible] == [28, 56, 91, 182]


def _plans(of: Group, weekly: Weekly) -> tuple[Plan, ...]:
    return plans(of, known_of(of, weekly))


def _deploying(deployments: int) -> Group:
    return group("2025-06-01", "2025-07-01", deployments)


def test_bursts_and_batches_make_less_visible() -> None:
    even = (7, 7, 7, 7, 7)
    bursts = (0, 20, 0, 15, 0)
    first, second = ({plan.metric: plan for plan in _plans(_deploying(30), known)} for known in (even, bursts))
    for one, other in zip(first["deployment_frequency"].visible, second["deployment_frequency"].visible, strict=True):
        assert one.rise is not None
        assert other.rise is None or other.rise > one.rise
    assert first["deployment_frequency"].visible == _plans(_deploying(30), EVEN)[0].visible


def test_a_period_of_three_weeks_plans_no_change_of_frequency() -> None:
    first = _plans(_deploying(30), (7, 7, 7))[0]
    assert (first.metric, first.visible) == ("deployment_frequency", ())
    assert first.now is not None


def test_a_plan_of_three_hours_goes_by_these_and_not_by_a_day() -> None:
    """One deployment in three hours is eight a day."""
    of = _deploying(1)
    short = replace(of, deployment_frequency=replace(of.deployment_frequency, days=0.125, per_day=8.0))
    short = replace(short, end="2025-06-01T03:00:00+00:00")
    found = plans(short, known_of(short, ()))[0]
    assert (found.now, found.per_week, found.visible) == (pytest.approx(8), pytest.approx(56), ())
    nothing = plans(of, Known(stretches=(), weekly=()))
    assert {plan.per_week for plan in nothing} == {0}


@pytest.mark.parametrize(("deployments", "planned"), [(1, False), (4, False), (5, True)])
def test_a_rate_of_fewer_than_five_deployments_is_not_planned_with(deployments: int, planned: bool) -> None:
    of = _deploying(30)
    rates = {"deployments": deployments, "rate": 0.0}
    of = replace(
        of,
        change_fail_rate=replace(of.change_fail_rate, **rates),
        deployment_rework_rate=replace(of.deployment_rework_rate, **rates),
    )
    found = {plan.metric: plan for plan in _plans(of, EVEN)}
    for metric in ("change_fail_rate", "deployment_rework_rate"):
        assert (found[metric].now, bool(found[metric].visible)) == (0.0, planned)


def test_the_plan_of_a_lead_time_counts_the_deployments_that_ship_changes() -> None:
    whole = _deploying(60)
    frequency = replace(whole.deployment_frequency, relations={"forward": 25, "diverged": 5, "same_commit": 30})
    lead = replace(whole.change_lead_time, n=90, median_seconds=3600.0, interval_seconds=(1800.0, 7200.0))
    found = _plans(replace(whole, deployment_frequency=frequency, change_lead_time=lead), EVEN)
    plan = next(plan for plan in found if plan.metric == "change_lead_time")
    assert plan.per_week == pytest.approx(7)
    assert [item.values for item in plan.visible] == pytest.approx([28, 56, 91, 182])
    fewer = _plans(replace(whole, deployment_frequency=frequency, change_lead_time=replace(lead, n=15)), EVEN)
    assert next(plan.per_week for plan in fewer if plan.metric == "change_lead_time") == pytest.approx(3.5)
    few = replace(frequency, relations={"forward": 4, "same_commit": 56})
    found = _plans(replace(whole, deployment_frequency=few, change_lead_time=lead), EVEN)
    assert all(item.rise is None for plan in found if plan.metric == "change_lead_time" for item in plan.visible)
