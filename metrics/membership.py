"""Merged pull requests by what their branches held: their own commits, and their merge where nobody tells it.

A pull request whose listed commits are all on the default branch came there with the last of them. One of which a
commit is missing was squashed or rebased into commits of other ids: nothing here says which, and it stays unmapped, with
the reason. What cherry-picks are copies of is told in `metrics.copies`.

Its own commits are those that it lists, when all are stored, else what landed with its merge when that joined two
branches. They may be live before the merge is, as those of a hotfix are that was deployed from its branch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.sha_index import Positions

#: What tells pull requests apart.
KEY = ["repository", "number"]


class OwnCommits(NamedTuple):
    """The own commits of a repository's pull requests.

    `commits`: positions; `of`: for each of these a pull request that it is of, by row; `like`: for every pull request
    the one that stands for it, as several may have one merge.
    """

    commits: Positions
    of: Positions
    like: Positions


def listed_commits(listed: pl.DataFrame, requests: pl.DataFrame) -> pl.DataFrame:
    """request, position: what the pull requests list whose commits are all stored; `request`: the row in `requests`.

    `listed`: repository, number and `position` of every listed commit (-1: not stored), see `members`.
    """
    rows = requests.select(*KEY, request=pl.int_range(pl.len(), dtype=pl.Int64))
    found = listed.select(*KEY, "position").join(rows, on=KEY, maintain_order="left")
    return found.filter((pl.col("position") >= 0).all().over("request")).select("request", "position").sort("request")


def own_commits(
    listed: Positions, positions: Positions, merges: Positions, landed: Positions, is_merge: NDArray[np.bool_]
) -> OwnCommits:
    """The own commits of pull requests with these merges; the commits at `positions` are listed by the rows `listed`.

    `landed`, `is_merge`: see `metrics.repository.Repository`.
    """
    like = np.arange(len(merges))
    joined = is_merge[merges]
    joined[listed] = False
    rest = np.flatnonzero(joined)
    standing = np.full(len(landed) + 1, -1, dtype=np.int64)
    standing[merges[rest]] = rest
    like[rest] = standing[merges[rest]]
    of = standing[landed]
    of[merges] = np.where(landed[merges] == merges, -1, of[merges])
    brought = np.flatnonzero(of >= 0)
    return OwnCommits(np.concatenate([positions, brought]), np.concatenate([listed, of[brought]]), like)


def members(listed: pl.DataFrame, pulls: pl.DataFrame) -> pl.DataFrame:
    """repository, number, merge: the commit of the default branch that brought the last commit of a merged pull request.

    `listed`: repository and number of every commit that a pull request lists as its own, and `landed`, the position of
    the one that brought it (-1: none); `pulls`: the pull requests of these repositories.
    """
    merged = pulls.filter(pl.col("merged_at").is_not_null())
    return (
        listed.group_by(KEY, maintain_order=True)
        .agg(merge=pl.col("landed").max(), whole=(pl.col("landed") >= 0).all())
        .filter("whole")
        .join(merged, on=KEY, how="semi", maintain_order="left")
        .drop("whole")
    )


def unmapped(commits: pl.DataFrame, requests: pl.DataFrame, pulls: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """repository, number, reason: the pull requests merged since the first stored commit whose merge is not known.

    `requests`: those whose merge is known; `listed`: as for `members`, with the `position` of each commit (-1: not stored).
    reason: `commits_elsewhere` (all that it lists are stored, not all on the default branch), `merge_not_stored` (the host names
    a merge that is not in the history, as after a rewrite) or `merge_not_named` (neither host nor subject names one).
    """
    begun = commits.group_by("repository").agg(begun=pl.col("committed_at").min())
    stored = listed.group_by(KEY).agg(stored=(pl.col("position") >= 0).all())
    reason = (
        pl.when("stored")
        .then(pl.lit("commits_elsewhere"))
        .when(pl.col("merge_sha").is_not_null())
        .then(pl.lit("merge_not_stored"))
        .otherwise(pl.lit("merge_not_named"))
    )
    lost = pulls.join(requests, on=KEY, how="anti", maintain_order="left").join(begun, on="repository")
    lost = lost.filter(pl.col("merged_at") >= pl.col("begun")).unique(KEY, keep="last", maintain_order=True)
    return lost.join(stored, on=KEY, how="left").select(*KEY, reason=reason)
