"""Cells of many rows take shorter ways than those of few; the figures are the same."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from metrics.cells import Cells, apart

SHARES = (0.0, 0.5, 0.75, 0.9, 1.0)


@pytest.mark.parametrize("sizes", [(0, 1, 2, 999), (1000, 0, 1001), (2500, 3)])
def test_quantiles_of_many_rows_are_those_of_all_values_in_order(sizes: tuple[int, ...]) -> None:
    values, cells = np.random.default_rng(7).exponential(900.0, sum(sizes)), apart(np.array(sizes))
    found = cells.quantiles(values, *SHARES)
    for place, (low, high) in enumerate(edges(cells)):
        expected = np.quantile(values[low:high], SHARES) if high > low else [np.nan] * len(SHARES)
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-12)


@pytest.mark.parametrize(
    "odd",
    [0, 1, 2**31 * 1_000_000, -(2**31 + 5) * 1_000_000, 2**62 + 1],
    ids=["none", "a microsecond", "68 years", "before", "never"],
)
def test_times_are_in_order_and_unchanged_in_whole_seconds_and_in_parts_of_them(odd: int) -> None:
    values = np.random.default_rng(7).integers(-(10**5), 10**9, 3000) * 1_000_000
    values[1700] += odd
    cells = apart(np.array([1200, 0, 1, 1799]))
    [(places, ordered)] = cells.in_order(values)
    assert places.tolist() == [0, 1, 2, 3]
    assert ordered.dtype == np.int64
    for low, high in edges(cells):
        assert ordered[low:high].tolist() == sorted(values[low:high].tolist())


def test_the_rows_themselves_stay_where_they_are() -> None:
    values = np.arange(5000, 0, -1) * 1_000_000
    cells = apart(np.array([5000]))
    cells.quantiles(values, 0.5)
    list(cells.in_order(values))
    assert values[0] == 5000 * 1_000_000


def edges(cells: Cells) -> list[tuple[int, int]]:
    return list(pairwise([*cells.low.tolist(), int(cells.high[-1])]))
