"""Intervals of changes against scipy, worked examples, and their own definition."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.change_intervals import frequency_ratio, median_ratio, share_difference, share_interval
from metrics.intervals import wilson

try:
    import scipy.stats as stats
except ImportError:
    stats = None
needs_scipy = pytest.mark.skipif(stats is None, reason="scipy is not installed: pip install scipy")


@needs_scipy
@pytest.mark.parametrize(("hits", "n"), [(0, 5), (1, 3), (2, 470), (50, 100), (5, 5), (999, 1000), (40_000, 90_000)])
def test_the_exact_share_is_that_of_scipy(hits: int, n: int) -> None:
    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert share_interval(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@needs_scipy
@pytest.mark.parametrize(("new", "old", "exposure"), [(4, 2, 1.0), (200, 100, 1.0), (0, 7, 1.0), (30, 90, 1 / 3)])
def test_the_ratio_of_two_frequencies_excludes_one_exactly_when_the_conditional_test_does(
    new: int, old: int, exposure: float
) -> None:
    """One-sided p of the conditional binomial test at the share that no change would give."""
    low, high = frequency_ratio(new, old, exposure)
    share = exposure / (1 + exposure)
    more = stats.binom.sf(new - 1, new + old, share)
    fewer = stats.binom.cdf(new, new + old, share)
    assert low is not None
    assert high is not None
    assert (low > 1) == (more < 0.025)
    assert (high < 1) == (fewer < 0.025)


def test_ten_after_none_has_a_lower_end_only_and_none_after_none_has_no_interval() -> None:
    # by hand: the share's lower end is 0.025 ** (1 / 10), and the ratio's is share / (1 - share)
    share = 0.025**0.1
    assert frequency_ratio(10, 0) == (pytest.approx(share / (1 - share)), None)
    assert frequency_ratio(0, 0) == (None, None)


def test_twice_the_time_halves_the_ratio() -> None:
    low, high = frequency_ratio(50, 20)
    low_long, high_long = frequency_ratio(50, 20, 2.0)
    assert low is not None
    assert high is not None
    assert (low_long, high_long) == pytest.approx((low / 2, high / 2))


@given(st.integers(0, 500), st.integers(1, 500))
def test_the_ratio_lies_in_its_interval_and_swapping_turns_it_over(new: int, old: int) -> None:
    low, high = frequency_ratio(new, old)
    assert low is not None
    assert high is not None
    assert low <= new / old <= high
    back = frequency_ratio(old, new)
    assert back[0] == pytest.approx(1 / high)
    assert back[1] is None if low == 0 else back[1] == pytest.approx(1 / low)


def test_the_difference_of_shares_is_newcombes_published_example() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table II, example (d), method 10: 5/56 - 0/29
    found = share_difference((5 / 56, wilson(5, 56)), (0.0, wilson(0, 29)))
    assert found == pytest.approx((-0.0381, 0.1926), abs=5e-5)


def test_the_ratio_of_medians_needs_every_end_above_zero() -> None:
    whole = (100.0, (50.0, 200.0))
    assert median_ratio(whole, whole) == pytest.approx((1 / 4 ** math.sqrt(0.5), 4 ** math.sqrt(0.5)))
    for broken in ((None, (None, None)), (100.0, (50.0, None)), (100.0, (0.0, 200.0))):
        assert median_ratio(whole, broken) == (None, None)
