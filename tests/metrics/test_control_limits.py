"""Control limits: worked examples, exact binomial limits against scipy, and what must never be a signal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from metrics.control_limits import FEWEST, ControlLimits, limits_of_counts, limits_of_shares, limits_of_times


def _weekly(counts: Sequence[int]) -> ControlLimits:
    return limits_of_counts(counts, [1.0] * len(counts))


def test_limits_of_a_hand_worked_series() -> None:
    """Mean 10; moving ranges 12 12 12 12 12 12 12, mean 12; limits 10 ± 2.66 x 12, and none below 0."""
    found = _weekly([4, 16] * 4)
    assert found.centre == 10
    assert (found.points[0].low, found.points[0].high) == pytest.approx((0, 41.92))
    assert found.state == "steady"


def test_counts_that_vary_less_than_chance_would_have_exact_limits() -> None:
    """Mean 10, mean range 2, so moving ranges alone would give 4.68 and 15.32. Of 80 events one week of eight gets one or
    none with 0.029 % and up to two with 0.176 %, 20 or more with 0.168 % and 21 or more with 0.066 %.
    """
    found = _weekly([9, 11] * 4)
    assert (found.points[0].low, found.points[0].high) == pytest.approx((2, 20))


def test_the_only_deployments_of_half_a_year_are_no_signals() -> None:
    """Three weeks of 26 have one. A week gets two of three or more with 0.43 %, all three with 0.006 %."""
    counts = [1 if week in (8, 15, 21) else 0 for week in range(26)]
    found = _weekly(counts)
    assert (found.state, found.points[0].low, found.points[0].high) == ("steady", 0, 2)
    assert [point.outside for point in _weekly([*counts[:-1], 3]).points] == [False] * 25 + [True]
    assert _weekly([1, *[0] * 12]).state == "steady"


def test_months_of_unlike_length_have_limits_of_their_own_per_day() -> None:
    """Of 730 in 365 days January's 31 get 41 to 86 and February's 28 get 36 to 79, but for 0.135 % on either side (scipy)."""
    days = [31.0, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    found = limits_of_counts([int(2 * length) for length in days], days)
    assert (found.centre, found.state) == (2, "steady")
    ends = [(point.low, point.high) for point in found.points[:2]]
    assert ends == [pytest.approx((41 / 31, 86 / 31)), pytest.approx((36 / 28, 79 / 28))]


def test_a_point_beyond_the_limits_is_outside_and_only_that_one() -> None:
    found = _weekly([10, 11, 10, 11, 10, 11, 10, 11, 10, 40])
    assert [point.outside for point in found.points] == [False] * 9 + [True]
    assert found.state == "signals"


def test_limits_of_counts_and_times_never_fall_below_zero() -> None:
    values = [0, 30, 1, 20, 0, 50, 2, 9]
    for found in (_weekly(values), limits_of_times(values)):
        assert min(point.low for point in found.points if point.low is not None) >= 0


def test_times_are_judged_on_the_logarithm() -> None:
    """Each week twice or half of the one before: ranges ln 2, so the limits are 2 to the power of ± 2.66."""
    found = limits_of_times([100.0, 200.0] * 4)
    centre = 100 * math.sqrt(2)
    assert found.centre == pytest.approx(centre)
    assert (found.points[0].low, found.points[0].high) == pytest.approx((centre / 2**2.66, centre * 2**2.66))


@pytest.mark.parametrize("values", [[], [None] * 20, [1.0] * (FEWEST - 1), [1.0, None] * (FEWEST - 1)])
def test_too_few_points_have_no_limits(values: list[float | None]) -> None:
    found = limits_of_times(values)
    assert (found.centre, found.state) == (None, "insufficient data")
    assert [point.value for point in found.points] == values
    assert not any(point.outside or point.run for point in found.points)


def test_too_few_buckets_of_counts_have_no_limits() -> None:
    found = _weekly([1] * (FEWEST - 1))
    assert (found.centre, found.state) == (None, "insufficient data")
    assert [point.value for point in found.points] == [1] * (FEWEST - 1)


def test_shares_of_weeks_without_deployments_do_not_count_as_points() -> None:
    few = limits_of_shares([0] * 20, [5] * (FEWEST - 1) + [0] * (21 - FEWEST))
    assert few.state == "insufficient data"
    assert few.points[-1].value is None
    assert limits_of_shares([], []).state == "insufficient data"


def test_a_week_without_a_figure_is_a_gap_between_two_neighbours() -> None:
    whole = limits_of_times([9.0, 11.0] * 4)
    gaps = limits_of_times([9.0, 11.0, None, None] * 4)
    assert gaps.centre == whole.centre
    assert gaps.points[0].high == whole.points[0].high
    assert gaps.points[2].value is None
    assert gaps.points[2].high is None


def test_eight_in_a_row_on_one_side_of_the_median_are_a_run_and_seven_are_not() -> None:
    eight = _weekly([10] * 8 + [0] * 8)
    assert [point.run for point in eight.points] == ["above"] * 8 + ["below"] * 8
    seven = _weekly([10] * 7 + [0] * 7)
    assert not any(point.run for point in seven.points)


def test_a_point_on_the_median_ends_a_run() -> None:
    found = _weekly([11] * 4 + [10] + [11] * 4 + [9] * 4 + [10] + [9] * 4)
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
    assert _weekly([0] * 9 + [1] + [0] * 9 + [1] + [0] * 9).state == "steady"


def test_eight_weeks_with_more_failures_than_usual_are_a_run() -> None:
    found = limits_of_shares([0] * 30 + [1] * 8, [14] * 38)
    assert [point.run for point in found.points] == [None] * 30 + ["above"] * 8


def test_no_failures_at_all_are_steady() -> None:
    found = limits_of_shares([0] * 12, [20] * 12)
    assert (found.centre, found.state) == (0.0, "steady")


def test_no_deployments_at_all_are_steady() -> None:
    found = _weekly([0] * 12)
    assert (found.centre, found.state, found.points[0].high) == (0.0, "steady", 0)


def test_weeks_that_are_all_alike_are_steady_whatever_rounding_makes_of_their_mean() -> None:
    """The mean of the logarithms of equal times need not be theirs to the last digit; the limits have no width."""
    for value in np.random.default_rng(2).uniform(2, 1e6, 200).tolist():
        assert limits_of_times([value] * 9).state == "steady"
        assert limits_of_counts([int(value)] * 9, [value] * 9).state == "steady"


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e7)), max_size=60))
def test_an_outside_time_lies_beyond_its_limits(values: list[float | None]) -> None:
    _assert_outside_is_beyond(limits_of_times(values))


@given(st.lists(st.tuples(st.integers(0, 10_000), st.floats(0.5, 31)), max_size=60))
def test_an_outside_count_lies_beyond_its_limits(buckets: list[tuple[int, float]]) -> None:
    _assert_outside_is_beyond(limits_of_counts([count for count, _ in buckets], [days for _, days in buckets]))


def _assert_outside_is_beyond(found: ControlLimits) -> None:
    for point in found.points:
        if point.outside:
            assert point.value is not None
            assert point.low is not None
            assert point.high is not None
            assert not point.low <= point.value <= point.high


@pytest.mark.parametrize("weeks", [8, 26, 52])
@pytest.mark.parametrize("mean", [0.05, 0.1, 0.3, 1, 3, 10])
def test_chance_alone_is_outside_in_fewer_than_three_of_1000_weeks(mean: float, weeks: int) -> None:
    """Seeded: the promise of three sigma, for counts of any mean; by moving ranges alone up to 90 of 1000."""
    series = np.random.default_rng(5).poisson(mean, (5200 // weeks, weeks)).tolist()
    assert np.mean([point.outside for counts in series for point in _weekly(counts).points]) < 0.003


@pytest.mark.parametrize("mean", [0.3, 1, 3, 10])
def test_bursts_are_seldom_outside(mean: float) -> None:
    """Seeded, with twice the variance of chance: by moving ranges alone 60, 30, 14 and 6 of 1000, by exact limits 12 to 24."""
    rng = np.random.default_rng(5)
    series = rng.poisson(rng.gamma(mean, 1.0, (200, 52))).tolist()
    assert np.mean([point.outside for counts in series for point in _weekly(counts).points]) < 0.018


@pytest.mark.parametrize(("before", "after"), [(1, 8), (10, 25)])
def test_a_jump_is_found(before: float, after: float) -> None:
    """Seeded: in the last four of 26 weeks."""
    rng = np.random.default_rng(5)
    jumps = np.hstack([rng.poisson(before, (200, 22)), rng.poisson(after, (200, 4))]).tolist()
    assert np.mean([any(point.outside for point in _weekly(counts).points[-4:]) for counts in jumps]) > 0.93


def test_chance_alone_is_seldom_outside_for_shares() -> None:
    rng = np.random.default_rng(5)
    failures = [rng.binomial(30, 0.08, 52).tolist() for _ in range(200)]
    outside = [point.outside for hits in failures for point in limits_of_shares(hits, [30] * 52).points]
    assert np.mean(outside) < 0.005
