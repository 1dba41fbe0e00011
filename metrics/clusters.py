"""What values that come in clusters, as the changes of one deployment do, are worth in independent ones."""

from __future__ import annotations

import numpy as np

from metrics.cells import Floats, Integers
from metrics.intervals import FEWEST

#: From this share of all values on a cluster pulls their median to its own.
_HEAVY = 0.04


def independent_values(values: np.ndarray, n: Integers, medians: Floats, sizes: Integers) -> Integers:
    """How many independent values tell as much about each median as the `n` that come in clusters; 0 below 5 clusters.

    `values`: those of one cell behind those of another; `sizes`: of the clusters in their order, one or more values each that lie
    together within a cell. How far the share of values up to the median varies between clusters tells it (Woodruff 1952): at least as
    many as if all values of a cluster were one, at most as many as there are, which they are where each is a cluster of its own.
    Where a cluster is heavy, each is held against the median of all others.
    """
    begins = np.cumsum(sizes) - sizes
    of = np.repeat(np.arange(len(n)), n)[begins]
    number, squares = (np.bincount(of, weights=some, minlength=len(n)) for some in (None, sizes**2))
    below = np.add.reduceat(values <= np.repeat(medians, n), begins, dtype=np.int64) if len(values) else begins
    share = np.bincount(of, weights=below, minlength=len(n)) / np.maximum(n, 1)
    apart = below - share[of] * sizes
    heavy = _largest(sizes, of, len(n)) > _HEAVY * n
    heavy &= (number >= FEWEST) & (number < n)
    if heavy.any():
        own = heavy[of]
        apart[own], share[heavy] = _from_others(values[np.repeat(own, sizes)], n[heavy], sizes[own]), 0.5
    spread = np.bincount(of, weights=apart**2, minlength=len(n))
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = n**2 * share * (1 - share) * (1 - 2 / number) / spread
    alone = (number == n) | (spread == 0)
    worth = np.where(alone, n, np.clip(worth, n**2 / np.maximum(squares, 1), n))
    return np.where(number < FEWEST, 0, worth + 1e-9).astype(np.int64)


def _largest(sizes: Integers, of: Integers, cells: int) -> Integers:
    found = np.zeros(cells, dtype=np.int64)
    np.maximum.at(found, of, sizes)
    return found


def _from_others(values: np.ndarray, n: Integers, sizes: Integers) -> Floats:
    """By cluster how many more or fewer than half of its values lie below the median of its cell's other values.

    What lies between the two in their middle, or is one of these, counts to the side that tells more.
    """
    cell, cluster = np.repeat(np.arange(len(n)), n), np.repeat(np.arange(len(sizes)), sizes)
    (below, upto), (own_below, own_upto) = _places(values, cell), _places(values, cluster)
    others, begins = n[cell] - sizes[cluster], np.cumsum(sizes) - sizes
    surely, perhaps = upto - own_upto <= (others - 1) // 2, below - own_below <= others // 2
    apart = [np.abs(np.add.reduceat(some, begins, dtype=np.int64) - sizes / 2) for some in (surely, perhaps)]
    found: Floats = np.maximum(*apart)
    return found


def _places(values: np.ndarray, groups: Integers) -> tuple[Integers, Integers]:
    """For every value how many of its group are below it, and how many are not above; `groups` ascend."""
    order = np.lexsort((values, groups))
    ordered, of = values[order], groups[order]
    runs = np.flatnonzero(np.concatenate([[True], (ordered[1:] != ordered[:-1]) | (of[1:] != of[:-1])]))
    lengths, begins = np.diff(runs, append=len(values)), of.searchsorted(of[runs])
    below, upto = np.empty_like(order), np.empty_like(order)
    below[order], upto[order] = np.repeat(runs - begins, lengths), np.repeat(runs + lengths - begins, lengths)
    return below, upto
