"""The planner against simulations that draw data and ask the rule of the arrows, nothing of the planner's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from metrics.change_intervals import frequency_ratio
from metrics.evidence import Evidence
from metrics.intervals import median_interval, wilson
from metrics.own_past import Change, rate_change, time_change
from metrics.power import WEEKS, plans, visible_frequency, visible_share, visible_times
from metrics.results import Group
from tests.metrics.test_own_past import group

ROUNDS = 1000
EVEN = Evidence(weekly=(7, 7, 7, 7))


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


@pytest.mark.parametrize("expected", [12, 30, 200])
@pytest.mark.parametrize("spread", [0.7, 1.8])
def test_the_least_visible_change_of_a_median_is_seen_in_four_of_five_cases(expected: int, spread: float) -> None:
    """The plan rests on one asked period of 400 values; its interval scatters, so the band is wider."""
    rng = np.random.default_rng(expected)

    def figure(n: int, scale: float) -> tuple[float, tuple[float | None, float | None]]:
        values = np.sort(np.exp(rng.normal(math.log(3600 * scale), spread, n)))
        return float(np.median(values)), median_interval(values)

    halves = []
    for _ in range(20):
        low, high = figure(400, 1)[1]
        assert low is not None
        assert high is not None
        halves.append(math.log(high / low) / 2)
    fall, rise = visible_times(float(np.mean(halves)), 400, expected)
    assert fall is not None
    assert rise is not None
    assert fall * rise == pytest.approx(1)
    found = [time_change(figure(expected, rise), figure(expected, 1)) for _ in range(600)]
    assert 0.7 <= _seen(found, True) <= 0.88


def test_a_change_is_easier_to_see_with_more_weeks() -> None:
    for plan in plans(_deploying(30), EVEN):
        rises = [item.rise for item in plan.visible if item.rise is not None]
        assert rises == sorted(rises, reverse=True), plan.metric


def test_too_few_values_let_nothing_be_seen() -> None:
    assert visible_frequency(1.0, False) is None
    assert visible_share(0.02, 20, False) is None
    assert visible_share(0.1, 0, True) is None
    assert visible_share(0.001, 4, True) is None
    assert visible_share(0.001, 5, True) is not None
    assert visible_times(0.5, 40, 4.9) == (None, None)


def test_a_group_without_data_has_no_plan() -> None:
    by_metric = {plan.metric: plan for plan in plans(_deploying(0), EVEN)}
    assert by_metric["deployment_frequency"].visible == ()
    assert by_metric["change_lead_time"].visible == ()
    assert by_metric["change_lead_time"].now is None


def test_every_stretch_of_weeks_is_planned() -> None:
    found = {plan.metric: plan for plan in plans(_deploying(30), EVEN)}
    assert [item.weeks for item in found["deployment_frequency"].visible] == list(WEEKS)
    assert [item.values for item in found["deployment_frequency"].visible] == [28, 56, 91, 182]


def _deploying(deployments: int) -> Group:
    return group("2025-06-01", "2025-07-01", deployments)


def test_bursts_and_batches_make_less_visible() -> None:
    even = Evidence(weekly=(7, 7, 7, 7, 7))
    bursts = Evidence(weekly=(0, 20, 0, 15, 0))
    first, second = ({plan.metric: plan for plan in plans(_deploying(30), known)} for known in (even, bursts))
    for one, other in zip(first["deployment_frequency"].visible, second["deployment_frequency"].visible, strict=True):
        assert one.rise is not None
        assert other.rise is None or other.rise > one.rise
    assert first["deployment_frequency"].visible == plans(_deploying(30), EVEN)[0].visible


def test_a_period_of_three_weeks_plans_no_change_of_frequency() -> None:
    first = plans(_deploying(30), Evidence(weekly=(7, 7, 7)))[0]
    assert (first.metric, first.visible) == ("deployment_frequency", ())
    assert first.now is not None
