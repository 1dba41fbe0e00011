"""Intervals against scipy and worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.clusters import independent_values
from metrics.intervals import (
    FEWEST,
    Interval,
    beta_share,
    kaplan_meier_median,
    median_interval,
    median_intervals,
    median_ranks,
    poisson_interval,
    quantile,
    survival_median,
    wilson,
)
from tests.naive import kaplan_meier_median as naive_kaplan_meier_median


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (0, 73), (1, 3), (2, 470), (12, 100), (50, 100), (5, 5), (999, 1000)])
def test_wilson_is_that_of_scipy(hits: int, n: int) -> None:
    expected = scipy.stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert wilson(hits, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_wilson_of_no_failure_in_five_reaches_43_percent_and_of_73_stays_under_5() -> None:
    assert wilson(0, 5) == pytest.approx((0.0, 0.434482), abs=1e-6)
    assert wilson(0, 73)[1] == pytest.approx(0.05, abs=0.0001)
    assert wilson(0, 73)[1] < 0.05 < wilson(0, 72)[1]


def test_nothing_has_no_interval() -> None:
    empty = np.array([], dtype=np.float64)
    assert wilson(0, 0) == (None, None)
    assert median_interval(empty) == (None, None)
    assert quantile(empty, 0.5) is None
    assert kaplan_meier_median(empty, np.array([], dtype=bool)) == (None, (None, None))


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_stays_inside_zero_and_one_and_holds_the_share(hits: int, n: int) -> None:
    hits = min(hits, n)
    low, high = wilson(hits, n)
    assert low is not None
    assert high is not None
    assert 0 <= low <= hits / n <= high <= 1


@pytest.mark.parametrize("n", [6, 7, 10, 25, 100, 400])
def test_median_ranks_cover_at_least_95_percent_and_the_next_inner_ones_do_not(n: int) -> None:
    ranks = median_ranks(n)
    assert ranks is not None
    low, high = ranks
    assert high == n - 1 - low
    assert 1 - 2 * scipy.stats.binom.cdf(low, n, 0.5) >= 0.95
    assert 1 - 2 * scipy.stats.binom.cdf(low + 1, n, 0.5) < 0.95


@pytest.mark.parametrize("n", [401, 1000, 5008, 100_000])
def test_median_ranks_of_many_values_are_within_one_of_the_exact_ones(n: int) -> None:
    ranks = median_ranks(n)
    assert ranks is not None
    assert abs(ranks[0] - (scipy.stats.binom.ppf(0.025, n, 0.5) - 1)) <= 1


def test_four_values_are_too_few_for_an_interval_of_the_median_and_five_bound_it_with_their_ends() -> None:
    """Five equally likely sides of the median: all on one side 2 in 32 times, so 93.75 % are held."""
    assert median_ranks(4) is None
    assert median_ranks(5) == (0, 4)
    assert median_ranks(6) == (0, 5)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 30, 470, 1999, 2001, 50_000])
def test_poisson_is_the_exact_interval_of_scipy(count: int) -> None:
    low = scipy.stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0
    high = scipy.stats.chi2.ppf(0.975, 2 * count + 2) / 2
    assert poisson_interval(count) == pytest.approx((low, high), rel=1e-5)


def test_poisson_of_nothing_ends_at_minus_log_of_a_fortieth() -> None:
    assert poisson_interval(0) == pytest.approx((0.0, -math.log(0.025)), rel=1e-9)


def test_kaplan_meier_of_a_hand_worked_example() -> None:
    """6, 6, 6, 6+, 7, 9+, 10, 10+, 11+, 13, 16, 17+, …: the 6-mercaptopurine arm of Freireich (1963), median 23."""
    ended = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    going = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    times = np.array([*ended, *going], dtype=np.float64)
    median, (low, high) = kaplan_meier_median(times, np.arange(len(times)) < len(ended))
    assert median == 23
    assert low == 13
    assert high is None


@pytest.mark.parametrize(("n", "ranks"), [(4, (None, None)), (5, (1, 5)), (8, (2, 7)), (20, (6, 15)), (100, (41, 60))])
def test_without_open_times_the_survival_interval_is_made_of_order_statistics(
    n: int, ranks: tuple[int | None, int | None]
) -> None:
    """By mid-P: of 20, P(X <= 5) is 2.07 % and P(X <= 4) 0.59 %, half of both below 2.5 %; one rank further is not."""
    times = np.arange(1, n + 1, dtype=np.float64)
    assert kaplan_meier_median(times, np.ones(n, dtype=bool))[1] == ranks


def test_open_times_widen_the_interval_and_take_its_upper_end_away() -> None:
    times, all_ended = np.arange(1.0, 21.0), np.ones(20, dtype=bool)
    _, (low, high) = kaplan_meier_median(times, all_ended)
    _, (low_open, high_open) = kaplan_meier_median(times, times <= 12)
    assert (low, high) == (6, 15)
    assert (low_open, high_open) == (6, None)


def test_the_median_alone_is_that_of_the_pair() -> None:
    times, ended = np.array([3.0, 1.0, 2.0, 2.0]), np.array([True, True, False, True])
    assert survival_median(times, ended) == kaplan_meier_median(times, ended)[0] == 2.0
    assert survival_median(times, np.zeros(4, dtype=bool)) is None


@given(st.floats(0.001, 0.999), st.floats(0.2, 3000), st.floats(0.2, 3000))
def test_the_incomplete_beta_function_is_that_of_scipy(point: float, a: float, b: float) -> None:
    assert beta_share(point, a, b) == pytest.approx(scipy.stats.beta.cdf(point, a, b), abs=1e-9)


def test_kaplan_meier_is_not_reached_when_most_are_still_open() -> None:
    median, _ = kaplan_meier_median(np.array([1.0, 5.0, 5.0]), np.array([True, False, False]))
    assert median is None


def test_a_tie_of_an_end_and_a_censored_time_counts_the_censored_one_as_at_risk() -> None:
    """At 2: one end among two at risk, survival 1/2: reached. With the open one gone before, it would be 0."""
    median, _ = kaplan_meier_median(np.array([2.0, 2.0]), np.array([True, False]))
    assert median == 2.0


TIMES = st.lists(st.integers(1, 12), max_size=25)


@settings(max_examples=300)
@given(TIMES, TIMES)
def test_kaplan_meier_agrees_with_the_product_written_out(ended: list[int], going: list[int]) -> None:
    times = np.array([*ended, *going], dtype=np.float64)
    median, (low, high) = kaplan_meier_median(times, np.arange(len(times)) < len(ended))
    assert median == naive_kaplan_meier_median([float(t) for t in ended], [float(t) for t in going])
    if median is not None:
        assert low is None or low <= median
        assert high is None or high >= median


@settings(max_examples=100)
@given(st.lists(st.integers(1, 12), min_size=1, max_size=25), TIMES)
def test_kaplan_meier_agrees_with_scipy(ended: list[int], going: list[int]) -> None:
    """Without open times with its plain median: of an even number of times the curve gives the lower one in the middle."""
    survival = scipy.stats.ecdf(scipy.stats.CensoredData(uncensored=ended, right=going)).sf
    below = survival.quantiles[survival.probabilities <= 0.5 + 1e-12]
    times = np.array([*ended, *going], dtype=np.float64)
    median, _ = kaplan_meier_median(times, np.arange(len(times)) < len(ended))
    assert median == ((float(below[0]) if len(below) else None) if going else np.median(ended))


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_are_numpys_linear_ones(values: list[float], share: float) -> None:
    ordered = np.sort(np.array(values))
    assert quantile(ordered, share) == pytest.approx(float(np.quantile(ordered, share)), rel=1e-9, abs=1e-9)


def of_clusters(values: np.ndarray, clusters: np.ndarray) -> Interval:
    """The interval of the median of values, those of a cluster side by side."""
    n, low = np.array([len(values)]), np.array([0])
    middle = np.array([np.median(values) if len(values) else np.nan])
    sizes = np.unique(clusters, return_counts=True)[1]
    found = median_intervals(np.sort(values), low, n, worth=independent_values(values, n, middle, sizes))[0]
    first, last = (None if np.isnan(end) else float(end) for end in found)
    return first, last


def test_values_that_come_one_by_one_are_as_many_independent_ones() -> None:
    values = np.random.default_rng(3).permutation(np.arange(1.0, 101.0))
    assert of_clusters(values, np.arange(100)) == median_interval(np.arange(1.0, 101.0))


def test_ten_batches_of_ten_tell_as_much_as_ten_values() -> None:
    """Each batch is one value ten times: the ends are those of a tenth as many values."""
    batches = np.repeat(np.arange(1.0, 11.0), 10)
    assert of_clusters(batches, np.repeat(np.arange(10), 10)) == median_interval(np.arange(1.0, 11.0)) == (2, 9)
    narrow = median_interval(batches)
    assert narrow[0] is not None
    assert narrow[0] > 2


def test_a_batch_that_holds_most_values_makes_them_no_surer() -> None:
    """Forty of 54 came together: they say as little as one about when the next forty would. Their own median is that of all."""
    values = np.array([3.0, 360.0] * 7 + [9 + n / 20 for n in range(40)])
    clusters = np.repeat(np.arange(8), [2] * 7 + [40])
    assert of_clusters(values, clusters) == (None, None)
    assert of_clusters(np.concatenate([values, values[:14]]), np.append(clusters, clusters[:14] + 8)) == (None, None)


def test_few_batches_have_no_interval_however_many_values_they_hold() -> None:
    assert of_clusters(np.arange(400.0), np.repeat(np.arange(4), 100)) == (None, None)
    assert of_clusters(np.array([]), np.array([], dtype=np.int64)) == (None, None)


@given(st.lists(st.lists(st.integers(0, 50), min_size=1, max_size=6), min_size=1, max_size=12), st.integers(0, 12))
def test_clusters_are_worth_no_more_than_their_values_and_no_less_than_one_value_each(
    batches: list[list[int]], cut: int
) -> None:
    """In two cells, which do not know of each other."""
    cells = [batches[:cut], batches[cut:]]
    values = np.array([value for batch in batches for value in batch], dtype=np.float64)
    sizes = np.array([len(batch) for batch in batches])
    n = np.array([sum(map(len, cell)) for cell in cells])
    of = [np.array([value for batch in cell for value in batch]) for cell in cells]
    medians = np.array([np.median(one) if len(one) else np.nan for one in of])
    for cell, most, worth in zip(cells, n.tolist(), independent_values(values, n, medians, sizes), strict=True):
        least = most**2 // max(1, sum(len(batch) ** 2 for batch in cell))
        assert least <= worth <= most if len(cell) >= FEWEST else worth == 0
