"""Intervals of changes against scipy, worked examples, and their own definition."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from metrics.change_intervals import frequency_ratio, median_ratio, share_difference, share_interval
from metrics.intervals import median_interval, wilson
from metrics.weeks import dispersion
from tests.metrics.test_intervals import of_clusters


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (1, 3), (2, 470), (50, 100), (5, 5), (999, 1000), (40_000, 90_000)])
def test_the_exact_share_is_that_of_scipy(hits: int, n: int) -> None:
    expected = scipy.stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert share_interval(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


@pytest.mark.parametrize(("new", "old", "exposure"), [(4, 2, 1.0), (200, 100, 1.0), (0, 7, 1.0), (30, 90, 1 / 3)])
def test_the_ratio_of_two_frequencies_excludes_one_exactly_when_the_conditional_test_does(
    new: int, old: int, exposure: float
) -> None:
    """One-sided p of the conditional binomial test at the share that no change would give."""
    low, high = frequency_ratio(new, old, exposure)
    share = exposure / (1 + exposure)
    more = scipy.stats.binom.sf(new - 1, new + old, share)
    fewer = scipy.stats.binom.cdf(new, new + old, share)
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


def test_bursts_widen_the_ratio_of_frequencies_by_their_root() -> None:
    low, high = frequency_ratio(60, 30)
    wide_low, wide_high = frequency_ratio(60, 30, dispersion=4.0)
    assert low is not None
    assert high is not None
    assert (wide_low, wide_high) == pytest.approx((2 * (low / 2) ** 2, 2 * (high / 2) ** 2))
    assert frequency_ratio(60, 30, dispersion=0.5) == (low, high)


def test_none_after_a_burst_is_as_much_evidence_as_none_after_so_many_fewer() -> None:
    # by hand: 30 that vary five times as much as counts tell as much as 6, and 12 of one day as much as 1
    assert frequency_ratio(0, 30, dispersion=5.0) == frequency_ratio(0, 6)
    assert frequency_ratio(30, 0, dispersion=5.0) == frequency_ratio(6, 0)
    assert frequency_ratio(0, 12, dispersion=12.0) == pytest.approx((0, 39))
    assert frequency_ratio(0, 30, dispersion=0.5) == frequency_ratio(0, 30)


@pytest.mark.parametrize("chance", [0.25, 0.1])
def test_release_days_of_one_world_claim_a_change_in_at_most_one_of_twenty_comparisons(chance: float) -> None:
    """Seeded: four weeks of which each has, by chance, a day of twelve deployments; most clear falls were falls to nothing."""
    rng = np.random.default_rng(4)
    weeks = 12 * rng.binomial(1, chance, (1000, 2, 4))
    claims = 0
    for now, before in weeks.tolist():
        low, high = frequency_ratio(sum(now), sum(before), dispersion=dispersion(now, before) or 1.0)
        claims += (low is not None and low > 1) or (high is not None and high < 1)
    assert claims / len(weeks) <= 0.05


def test_batches_of_one_world_claim_a_change_in_about_one_of_twenty_comparisons() -> None:
    """Seeded: deployments ship 1 to 12 changes that waited alike; as independent values a third would claim a change."""
    rng = np.random.default_rng(11)

    def period() -> tuple[np.ndarray, np.ndarray]:
        sizes = rng.integers(1, 13, 60)
        clusters = np.repeat(np.arange(60), sizes)
        return np.exp(np.repeat(rng.normal(9, 1.2, 60), sizes) + rng.normal(0, 0.3, len(clusters))), clusters

    claims = {"clustered": 0, "independent": 0}
    for _ in range(300):
        (new, new_of), (old, old_of) = period(), period()
        for name, ends in (
            ("clustered", (of_clusters(new, new_of), of_clusters(old, old_of))),
            ("independent", (median_interval(np.sort(new)), median_interval(np.sort(old)))),
        ):
            low, high = median_ratio((float(np.median(new)), ends[0]), (float(np.median(old)), ends[1]))
            claims[name] += low is not None and high is not None and (low > 1 or high < 1)
    assert claims["clustered"] / 300 <= 0.08
    assert claims["independent"] / 300 >= 0.2
