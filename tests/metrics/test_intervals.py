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


def test_wilson_of_no_hit_begins_at_nothing_and_of_nothing_but_hits_ends_at_one_whatever_rounding_says() -> None:
    assert {wilson(0, n)[0] for n in range(1, 500)} == {0.0}
    assert {wilson(n, n)[1] for n in range(1, 500)} == {1.0}


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


def test_median_ranks_of_up_to_400_values_are_the_exact_ones() -> None:
    """The innermost that hold the median with 95 %; from the normal curve a third of those above 200 would lie further out."""
    exact = {n: int(scipy.stats.binom.ppf(0.025, n, 0.5)) - 1 for n in range(6, 401)}
    assert {n: median_ranks(n) for n in exact} == {n: (low, n - 1 - low) for n, low in exact.items()}


def test_median_ranks_of_many_values_never_hold_less_than_95_percent() -> None:
    """From the normal curve: never further in than the exact ones, and at most one further out."""
    for n in range(401, 3000, 7):
        low = (median_ranks(n) or (n, 0))[0]
        assert 2 * scipy.stats.binom.cdf(low, n, 0.5) <= 0.05 < 2 * scipy.stats.binom.cdf(low + 2, n, 0.5)


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


@pytest.mark.parametrize("count", [1001, 1500, 2000])
def test_poisson_is_summed_exactly_up_to_two_thousand(count: int) -> None:
    exact = (scipy.stats.chi2.ppf(0.025, 2 * count) / 2, scipy.stats.chi2.ppf(0.975, 2 * count + 2) / 2)
    assert poisson_interval(count) == pytest.approx(exact, rel=1e-10)


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
    four = np.array([1.0, 2.0, 4.0, 8.0])
    assert survival_median(four, np.ones(4, dtype=bool)) == kaplan_meier_median(four, np.ones(4, dtype=bool))[0] == 3.0


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


@pytest.mark.parametrize("seed", range(40))
def test_what_clusters_are_worth_is_that_of_the_formula_written_out(seed: int) -> None:
    """From five clusters of some size, of which one may be heavy, to seventy of which none is; two cells, times that tie."""
    random = np.random.default_rng(seed)
    cells = [
        [(random.integers(0, 30) + random.integers(0, 6, size)).tolist() for size in random.integers(1, most, number)]
        for number, most in zip(random.choice([4, 5, 8, 12, 40, 70], 2), random.choice([2, 3, 5, 9], 2), strict=True)
    ]
    of = [np.array([value for batch in cell for value in batch]) for cell in cells]
    n, medians = np.array([len(one) for one in of]), np.array([np.median(one) for one in of])
    sizes = np.array([len(batch) for cell in cells for batch in cell])
    found = independent_values(np.concatenate(of), n, medians, sizes).tolist()
    assert found == [_worth_written_out(cell) for cell in cells]


def _worth_written_out(clusters: list[list[int]]) -> int:
    """Woodruff's variance of the share below the median, that a lone value would have over what clusters have."""
    sizes, number = [len(cluster) for cluster in clusters], len(clusters)
    values = sorted(value for cluster in clusters for value in cluster)
    n, middle = len(values), float(np.median(values))
    if number < FEWEST or number == n:
        return 0 if number < FEWEST else n
    share = sum(value <= middle for value in values) / n
    apart = [sum(value <= middle for value in cluster) - share * len(cluster) for cluster in clusters]
    if max(sizes) > 0.04 * n:
        share = 0.5
        apart = [_apart_from_others(clusters, place) for place in range(number)]
    spread = sum(one**2 for one in apart)
    if spread == 0:
        return n
    worth = n**2 * share * (1 - share) * (1 - 2 / number) / spread
    return int(min(max(worth, n**2 / sum(size**2 for size in sizes)), n) + 1e-9)


def _apart_from_others(clusters: list[list[int]], place: int) -> float:
    """How unevenly a cluster lies about the median of all others; what lies in or between their middle two is taken either way."""
    own = clusters[place]
    others = sorted(value for other, cluster in enumerate(clusters) if other != place for value in cluster)
    lower, upper = others[(len(others) - 1) // 2], others[len(others) // 2]
    below = (sum(value < lower for value in own), sum(value <= upper for value in own))
    return max(abs(count - len(own) / 2) for count in below)
