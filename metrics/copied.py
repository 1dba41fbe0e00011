"""The copies in repositories read together: found, and laid to the commits of the default branch that tell of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from metrics.copies import Holding, alike, copies_of, homes
from metrics.repository import Repository
from metrics.sha_index import Positions

_NEVER = np.iinfo(np.int64).max


def tell(repositories: Sequence[Repository], commits: pl.DataFrame) -> None:
    """Tell the repositories which of their commits are copies; `commits` are theirs, in their order."""
    groups = alike(commits, np.concatenate([repository.is_merge for repository in repositories]))
    for repository in repositories:
        if repository.name in groups:
            made = repository.commits["committed_at"].to_physical().fill_null(_NEVER).to_numpy()
            holds = Holding(repository.graph, repository.landed, repository.line)
            found = groups[repository.name]
            repository.copies = copies_of(found, repository.landed, made, holds, repository.is_named_by_revert)


def brought(repository: Repository) -> Positions:
    """For every commit the one that brought it, or else its home, to the default branch; -1 for none."""
    places = repository.landed.copy()
    for commit, home in homes(repository.copies).items():
        places[commit] = repository.landed[home]
    return places


def with_homes(repositories: Sequence[Repository], starts: Positions) -> tuple[Positions, Positions]:
    """The places of copies among the commits of all, and those of their homes; `starts`: where each repository's begin."""
    pairs = [
        (copy + start, home + start)
        for repository, start in zip(repositories, starts.tolist(), strict=False)
        for copy, home in homes(repository.copies).items()
    ]
    copies, theirs = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return copies, theirs
