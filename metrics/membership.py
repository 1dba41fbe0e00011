"""Merged pull requests by what their branches held: for those whose merge commit the host or a subject does not tell.

A pull request whose listed commits are all on the default branch came there with the last of them. One of which a
commit is missing was squashed or rebased into commits of other ids: nothing here says which, and it stays unmapped, with
the reason. A cherry-pick is a commit of its own: as a change it counts where it ships and the original where that
ships; the pull request belongs to its merge on the default branch alone.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from metrics.repository import Repository


def members(repository: Repository, listed: pl.DataFrame) -> pl.DataFrame:
    """repository, number, merge: the commit of the default branch that brought the last commit of a merged pull request.

    `listed`: number and position (-1: not stored) of every commit that a pull request lists as its own.
    """
    landed = np.append(repository.landed, -1)[listed["position"].to_numpy()]
    merged = repository.pulls.filter(pl.col("merged_at").is_not_null())["number"].unique()
    return (
        listed.select("number", merge=pl.Series(landed, dtype=pl.Int64))
        .group_by("number", maintain_order=True)
        .agg(pl.col("merge").max(), whole=(pl.col("merge") >= 0).all())
        .filter(pl.col("whole") & pl.col("number").is_in(merged.implode()))
        .select("number", "merge", repository=pl.lit(repository.name))
    )


def unmapped(repository: Repository, listed: pl.DataFrame) -> pl.DataFrame:
    """repository, number, reason: the pull requests merged since the first stored commit whose merge is not known.

    reason: `commits_elsewhere` (all that it lists are stored, not all on the default branch), `merge_not_stored` (the host names
    a merge that is not in the history, as after a rewrite) or `merge_not_named` (neither host nor subject names one).
    """
    known = repository.requests["number"].implode()
    stored = listed.group_by("number").agg(stored=(pl.col("position") >= 0).all())
    reason = (
        pl.when("stored")
        .then(pl.lit("commits_elsewhere"))
        .when(pl.col("merge_sha").is_not_null())
        .then(pl.lit("merge_not_stored"))
        .otherwise(pl.lit("merge_not_named"))
    )
    lost = repository.pulls.filter(
        (pl.col("merged_at") >= repository.commits["committed_at"].min()) & ~pl.col("number").is_in(known)
    )
    lost = lost.unique("number", keep="last", maintain_order=True).join(
        stored, on="number", how="left", maintain_order="left"
    )
    return lost.select("repository", "number", reason=reason)
