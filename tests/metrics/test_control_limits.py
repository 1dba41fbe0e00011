"""Control limits: worked examples, exact binomial limits against scipy, and what must never be a signal."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from metrics.control_limits import FEWEST, limits_of_shares, limits_of_values


def test_limits_of_a_hand_worked_series() -> None:
    """Mean 10; moving ranges 2 2 2 2 2 2 2, mean 2; limits 10 ± 2.66 x 2."""
    found = limits_of_values([9.0, 11.0] * 4, "counts")
    assert found.centre == 10
    assert (found.points[0].low, found.points[0].high) == pytest.approx((4.68, 15.32))
    assert found.state == "steady"


def test_a_point_beyond_the_limits_is_outside_and_only_that_one() -> None:
    found = limits_of_values([10.0, 11, 10, 11, 10, 11, 10, 11, 10, 40], "counts")
    assert [point.outside for point in found.points] == [False] * 9 + [True]
    assert found.state == "signals"


def test_limits_of_counts_and_times_never_fall_below_zero() -> None:
    for kind in ("counts", "times"):
        lows = [point.low for point in limits_of_values([0.0, 30, 1, 20, 0, 50, 2, 9], kind).points]
        assert min(low for low in lows if low is not None) >= 0


def test_times_are_judged_on_the_logarithm() -> None:
    """Each week twice or half of the one before: ranges ln 2, so the limits are 2 to the power of ± 2.66."""
    found = limits_of_values([100.0, 200.0] * 4, "times")
    centre = 100 * math.sqrt(2)
    assert found.centre == pytest.approx(centre)
    assert (found.points[0].low, found.points[0].high) == pytest.approx((centre / 2**2.66, centre * 2**2.66))


@pytest.mark.parametrize("values", [[], [None] * 20, [1.0] * (FEWEST - 1), [1.0, None] * (FEWEST - 1)])
def test_too_few_points_have_no_limits(values: list[float | None]) -> None:
    found = limits_of_values(values, "counts")
    assert (found.centre, found.state) == (None, "insufficient data")
    assert [point.value for point in found.points] == values
    assert not any(point.outside or point.run for point in found.points)


def test_shares_of_weeks_without_deployments_do_not_count_as_points() -> None:
    few = limits_of_shares([0] * 20, [5] * (FEWEST - 1) + [0] * (21 - FEWEST))
    assert few.state == "insufficient data"
    assert few.points[-1].value is None
    assert limits_of_shares([], []).state == "insufficient data"


def test_a_week_without_a_figure_is_a_gap_between_two_neighbours() -> None:
    whole = limits_of_values([9.0, 11.0] * 4, "counts")
    gaps = limits_of_values([9.0, 11.0, None, None] * 4, "counts")
    assert gaps.centre == whole.centre
    assert gaps.points[0].high == whole.points[0].high
    assert gaps.points[2].value is None
    assert gaps.points[2].high is None


def test_eight_in_a_row_on_one_side_of_the_median_are_a_run_and_seven_are_not() -> None:
    eight = limits_of_values([10.0] * 8 + [0.0] * 8, "counts")
    assert [point.run for point in eight.points] == ["above"] * 8 + ["below"] * 8
    seven = limits_of_values([10.0] * 7 + [0.0] * 7, "counts")
    assert not any(point.run for point in seven.points)


def test_a_point_on_the_median_ends_a_run() -> None:
    values = [11.0] * 4 + [10.0] + [11.0] * 4 + [9.0] * 4 + [10.0] + [9.0] * 4
    found = limits_of_values(values, "counts")
    assert found.centre == 10
    assert not any(point.run for point in found.points)


def test_one_failure_in_a_small_week_is_no_signal() -> None:
    """1 of 4 at 2 %: three sigma end at 23 %, but such a week comes once in thirteen."""
    found = limits_of_shares([1, *[0] * 9, 2], [4, *[15] * 10])
    assert found.centre == pytest.approx(3 / 154)
    assert not found.points[0].outside
    assert found.points[0].value == 0.25
    assert found.centre is not None
    assert found.centre + 3 * math.sqrt(found.centre * (1 - found.centre) / 4) < 0.25


@given(st.integers(1, 400), st.integers(1, 40))
def test_share_limits_leave_out_what_the_binomial_tails_leave_out(n: int, percent: int) -> None:
    weeks, share = 100, percent / 100
    found = limits_of_shares([percent] * weeks + [0], [100] * weeks + [n])
    centre = percent * weeks / (100 * weeks + n)
    assert found.centre == pytest.approx(centre)
    low, high = found.points[-1].low, found.points[-1].high
    assert low is not None
    assert high is not None
    hits = np.arange(n + 1)
    inside = (scipy.stats.binom.sf(hits - 1, n, centre) > 0.00135) & (scipy.stats.binom.cdf(hits, n, centre) > 0.00135)
    assert [round(low * n), round(high * n)] == [int(hits[inside].min()), int(hits[inside].max())], share


def test_many_weeks_without_a_rare_failure_are_no_run() -> None:
    """1.3 % of fourteen a week: five of six weeks have none, which is their median."""
    quiet = [0] * 11 + [1] + [0] * 11 + [1] + [0] * 5 + [1]
    assert limits_of_shares(quiet, [14] * len(quiet)).state == "steady"
    sparse = [0.0] * 9 + [1.0] + [0.0] * 9 + [1.0] + [0.0] * 9
    assert not any(point.run for point in limits_of_values(sparse, "counts").points)


def test_eight_weeks_with_more_failures_than_usual_are_a_run() -> None:
    found = limits_of_shares([0] * 30 + [1] * 8, [14] * 38)
    assert [point.run for point in found.points] == [None] * 30 + ["above"] * 8


def test_no_failures_at_all_are_steady() -> None:
    found = limits_of_shares([0] * 12, [20] * 12)
    assert (found.centre, found.state) == (0.0, "steady")


@pytest.mark.parametrize("kind", ["counts", "times"])
def test_weeks_that_are_all_alike_are_steady_whatever_rounding_makes_of_their_mean(
    kind: Literal["counts", "times"],
) -> None:
    """The mean of the logarithms of equal times need not be theirs to the last digit; the limits have no width."""
    for value in np.random.default_rng(2).uniform(2, 1e6, 200).tolist():
        assert limits_of_values([value] * 9, kind).state == "steady"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e7)), max_size=60))
def test_an_outside_point_lies_beyond_its_limits(values: list[float | None]) -> None:
    for kind in ("counts", "times"):
        for point in limits_of_values(values, kind).points:
            if point.outside:
                assert point.value is not None
                assert point.low is not None
                assert point.high is not None
                assert not point.low <= point.value <= point.high


def test_chance_alone_is_seldom_outside() -> None:
    """Seeded: Poisson weeks have far fewer than 2 % of their points outside their own limits."""
    rng = np.random.default_rng(5)
    series = [rng.poisson(12, 52).astype(float).tolist() for _ in range(200)]
    outside = [point.outside for values in series for point in limits_of_values(values, "counts").points]
    assert np.mean(outside) < 0.02
    failures = [rng.binomial(30, 0.08, 52).tolist() for _ in range(200)]
    outside = [point.outside for hits in failures for point in limits_of_shares(hits, [30] * 52).points]
    assert np.mean(outside) < 0.005
