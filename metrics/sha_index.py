"""Where shas stand among the commits of a repository, for many of them at once.

A sha is looked for by its hash among sorted ones: a dictionary of millions of shas takes longer to make than all that is
ever asked of it. Two hashes of 64 bits have to agree, so that one commit is not taken for another.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import polars as pl

#: Positions in a graph, or places in a list; -1 for none.
Positions = NDArray[np.int64]


class Hashes(NamedTuple):
    """Two numbers for each of some shas; what is null has some too, as no sha has."""

    keys: NDArray[np.uint64]
    checks: NDArray[np.uint64]

    def between(self, start: int, end: int) -> Hashes:
        """Those of the places start..end."""
        return Hashes(self.keys[start:end], self.checks[start:end])


def hashes(shas: pl.Series) -> Hashes:
    """What shas are looked for by."""
    return Hashes(shas.hash(seed=1).to_numpy(), shas.hash(seed=2).to_numpy())


class ShaIndex:
    """The full shas of one repository's commits, by position; no two are alike."""

    def __init__(self, shas: pl.Series, hashed: Hashes | None = None) -> None:
        """`hashed`: the `hashes` of these, where they are known already."""
        self.shas = shas
        self._hashed = hashed

    def positions(self, asked: Hashes) -> Positions:
        """The position of each sha, -1 for one that is not stored and for null."""
        order, keys, checks = self._by_key
        if not len(keys):
            return np.full(len(asked.keys), -1, dtype=np.int64)
        near = keys.searchsorted(asked.keys)
        near[near == len(keys)] = 0
        same = (keys[near] == asked.keys) & (checks[near] == asked.checks)
        return np.where(same, order[near], -1)

    @cached_property
    def _by_key(self) -> tuple[Positions, NDArray[np.uint64], NDArray[np.uint64]]:
        keys, checks = hashes(self.shas) if self._hashed is None else self._hashed
        order = np.argsort(keys)
        return order, keys[order], checks[order]

    @cached_property
    def exact(self) -> dict[str, int]:
        """Full sha -> position, for those who ask one by one."""
        return {sha: position for position, sha in enumerate(self.shas.to_list())}
