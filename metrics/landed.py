"""When changes began and landed: the clocks of every commit and merged pull request, column by column.

The host's word where there is one, else what the merge on the default branch tells. The commit that a pull request's
merge made, by the host's word or as `metrics.beside` finds it, is of that pull request on any branch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from metrics.beside import Brought, brought_beside, squashes
from metrics.copied import with_homes
from metrics.membership import KEY, listed_commits
from metrics.repository import Repository, Told
from metrics.sha_index import Positions

_NEVER = np.iinfo(np.int64).max


def tell(
    repositories: Sequence[Repository],
    commits: pl.DataFrame,
    pulls: pl.DataFrame,
    members: pl.DataFrame,
    listed: pl.DataFrame,
) -> pl.DataFrame:
    """Set `changes`, `requests` and `listed` of repositories read together; returns the requests of all.

    `commits` and `pulls` are theirs, in their order, which that of the Enum `repository` is too; `members` and `listed`: see `metrics.membership.members`.
    """
    starts = np.cumsum([0, *(repository.commits.height for repository in repositories)])
    records = pulls.unique(KEY, keep="last", maintain_order=True)
    commits = _with_landings(repositories, commits, starts).with_columns(hosted=_hosted(repositories, pulls, starts))
    of_pulls = commits.select(pl.any_horizontal(pl.col("pull_request", "hosted").is_not_null())).to_series()
    beside = brought_beside(repositories, of_pulls.to_numpy(), starts)
    squashed = squashes(commits, pulls, beside.commits)
    changes = _changes(commits, records, squashed, with_homes(repositories, starts))
    merges = _merges(repositories, commits, pulls, members, squashed)
    requests = _requests(commits, merges, records, beside, starts)
    own = listed_commits(listed, requests)
    rows = dict(requests.group_by("repository", maintain_order=True).len().iter_rows())
    at = 0
    for repository, start in zip(repositories, starts, strict=False):
        repository.changes = Told(changes, int(start), repository.commits.height)
        repository.requests = Told(requests, at, rows.get(repository.name, 0))
        first = own["request"].search_sorted(at)
        at += repository.requests.height
        repository.listed = Told(own, first, own["request"].search_sorted(at) - first)
    return requests


def _with_landings(repositories: Sequence[Repository], commits: pl.DataFrame, starts: Positions) -> pl.DataFrame:
    """The commits with `is_merge`, `landed`, the place among them of the one that brought each, and `begun_at` of that."""
    landed = np.concatenate(
        [np.where(r.landed < 0, -1, r.landed + s) for r, s in zip(repositories, starts, strict=False)]
    )
    is_merge = np.concatenate([r.is_merge for r in repositories])
    return commits.with_columns(
        is_merge=pl.Series(is_merge),
        landed=_nullable(landed),
        begun_at=_begun(landed, is_merge, commits["authored_at"]),
    )


def _changes(
    commits: pl.DataFrame, records: pl.DataFrame, squashed: pl.DataFrame, told_of: tuple[Positions, Positions]
) -> pl.DataFrame:
    """The columns of `change_facts` that do not depend on a deployment, one row a commit; `squashed`: see `metrics.beside.squashes`.

    What nothing else tells of a copy is told of its home, and it was committed when that was.
    """
    numbers = np.full(commits.height, -1, dtype=np.int64)
    numbers[squashed["row"].to_numpy()] = squashed["number"].to_numpy()
    own, landing = _nullable(numbers), commits["landed"]
    told = commits.select(
        "repository", "sha", "is_merge", "mainline", "is_bot", "author", "authored_at", "committed_at", "begun_at",
        number=pl.coalesce(
            "hosted", "own_pull_request", own, commits["hosted"].gather(landing), commits["pull_request"].gather(landing)
        ),
        landed_at=pl.when(own.is_null()).then(commits["committed_at"].gather(landing)).otherwise("committed_at"),
        is_squash=~pl.col("is_merge") & (own.is_not_null() | pl.col("mainline")),
    )  # fmt: skip
    by_itself = commits.select(pl.any_horizontal(pl.col("hosted", "own_pull_request").is_not_null(), own.is_not_null()))
    told = _with_homes(told, by_itself.to_series(), *told_of) if len(told_of[0]) else told
    clocks = records.select(*KEY, "first_commit_at", "opened_at", "merged_at", told=True)
    by_git = pl.col("number").is_not_null() & pl.col("told").is_null() & pl.col("is_squash")
    return told.join(clocks, on=KEY, how="left", maintain_order="left").select(
        "sha", "is_merge", "mainline", "is_bot", "author", "authored_at", "committed_at", "opened_at",
        pull_request="number",
        first_commit_at=pl.coalesce("first_commit_at", pl.when(~by_git).then(_first_of_all())),
        merged_at=pl.coalesce("merged_at", "landed_at"),
    )  # fmt: skip


def _with_homes(told: pl.DataFrame, by_itself: pl.Series, copies: Positions, of: Positions) -> pl.DataFrame:
    """The rows of copies with what their homes tell; `by_itself`: which commits have a pull request of their own."""
    mine, home = told[copies], told[of]
    of_request = ("number", "landed_at", "begun_at", "is_squash")
    found = mine.with_columns(
        home["mainline"],
        home["committed_at"],
        *(pl.when(by_itself.gather(copies)).then(mine[name]).otherwise(home[name]).alias(name) for name in of_request),
    )
    rows = np.arange(told.height)
    rows[copies] = told.height + np.arange(len(copies))
    return pl.concat([told, found])[rows]


def _hosted(repositories: Sequence[Repository], pulls: pl.DataFrame, starts: Positions) -> pl.Series:
    """For every commit, the pull request whose merge made it by the host's word, whatever its subject says; else null."""
    known = _abbreviated(repositories, pulls).drop_nulls("merge")
    numbers = np.full(int(starts[-1]), -1, dtype=np.int64)
    numbers[_rows_of(known, starts)] = known["number"].to_numpy()
    return _nullable(numbers)


def _rows_of(merges: pl.DataFrame, starts: Positions) -> Positions:
    """Among all commits the places of those that `merge` names by their position in `repository`."""
    found: Positions = merges["merge"].to_numpy() + starts[merges["repository"].to_physical().to_numpy()]
    return found


def _nullable(positions: Positions) -> pl.Series:
    """Positions with null where they are negative."""
    return pl.select(pl.when(pl.Series(positions) >= 0).then(pl.Series(positions))).to_series()


def _begun(landed: Positions, is_merge: NDArray[np.bool_], authored: pl.Series) -> pl.Series:
    """For every commit, the earliest authored time of the changes that landed together with it."""
    counts = np.flatnonzero((landed >= 0) & ~is_merge)
    return _earliest(landed[counts], authored.gather(counts), len(landed)).gather(_nullable(landed))


def _begun_beside(commits: pl.DataFrame, beside: Brought) -> pl.Series:
    """For every merge beside the default branch, the earliest authored time of the changes that it brought there; else null."""
    changes = ~commits["is_merge"].gather(beside.commits).to_numpy()
    authored = commits["authored_at"].gather(beside.commits[changes])
    return _earliest(beside.merges[changes], authored, commits.height)


def _earliest(groups: Positions, moments: pl.Series, size: int) -> pl.Series:
    """For every one of `size` groups the earliest of its moments, null where there is none; `groups`: that of each."""
    earliest = np.full(size, _NEVER, dtype=np.int64)
    np.minimum.at(earliest, groups, moments.to_physical().fill_null(_NEVER).to_numpy())
    found = pl.Series(earliest)
    return pl.select(pl.when(found < _NEVER).then(found).cast(moments.dtype)).to_series()


def _requests(
    commits: pl.DataFrame, merges: pl.DataFrame, records: pl.DataFrame, beside: Brought, starts: Positions
) -> pl.DataFrame:
    """The columns of `pull_request_facts` that do not depend on a deployment, one row a pull request whose merge is known."""
    at = pl.Series(_rows_of(merges, starts))
    clocks = commits.with_columns(beside=_begun_beside(commits, beside)).select(
        "subject", "landed", "is_merge", "begun_at", "authored_at", "beside", landed_at="committed_at", bot="is_bot"
    )
    known = merges.hstack(clocks[at])
    told = known.join(
        records.drop("merge").with_columns(told=True), on=KEY, how="left", maintain_order="left"
    ).with_columns(begun_at=_begun_by(at))
    merged = pl.coalesce("merged_at", "landed_at")
    first = pl.coalesce("first_commit_at", _first_of_all())
    return told.select(
        *KEY, "merge", "author", "opened_at", "first_review_at", "reviews", "checks", "lines", "url",
        title=pl.when(pl.col("title") != "").then("title").otherwise("subject"),
        is_bot=pl.when("told").then(pl.col("is_bot").fill_null(value=False)).otherwise("bot"),
        labels=pl.col("labels").fill_null([]),
        first_commit_at=first,
        ready_at=pl.coalesce("ready_at", "opened_at"),
        merged_at=merged,
        coding_seconds=span(first, pl.col("opened_at")),
        pickup_seconds=span(pl.col("opened_at"), pl.col("first_review_at")),
        review_seconds=span(pl.col("first_review_at"), merged),
    )  # fmt: skip


def _begun_by(at: pl.Series) -> pl.Expr:
    """The earliest authored time of what a pull request's merge brought; `at`: the merges.

    A squash was written when it was merged: where no host tells of the pull request nothing is known of its first commit.
    """
    joined = pl.when(pl.col("landed") == at).then("begun_at").otherwise("beside")
    return pl.when("is_merge").then(joined).when("told").then("authored_at")


def _first_of_all() -> pl.Expr:
    """`begun_at`, null where it is later than the opening: whoever squashes gives a commit a new time, and that was not the first."""
    return pl.when((pl.col("begun_at") <= pl.col("opened_at")).fill_null(value=True)).then("begun_at")


def _merges(
    repositories: Sequence[Repository],
    commits: pl.DataFrame,
    pulls: pl.DataFrame,
    members: pl.DataFrame,
    squashed: pl.DataFrame,
) -> pl.DataFrame:
    """repository, number, merge: the commit that a pull request's merge made, by position.

    The host's word first, then what its commits tell, then a commit on the default branch whose subject names it, then
    any merge, or else the one squash beside it.
    """
    named = commits.select(
        "repository",
        number="pull_request",
        merge=pl.col("position").cast(pl.Int64),
        mainline="mainline",
        is_merge="is_merge",
    ).filter(pl.col("number").is_not_null())
    hosted = _abbreviated(repositories, pulls).select(*KEY, merge=pl.col("merge").cast(pl.Int64))
    stated = [
        frame.select(*KEY, "merge")
        for frame in (squashed, named.filter("is_merge"), named.filter("mainline"), members, hosted.drop_nulls("merge"))
    ]
    return pl.concat(stated).unique(KEY, keep="last", maintain_order=True).sort(KEY)


def _abbreviated(repositories: Sequence[Repository], pulls: pl.DataFrame) -> pl.DataFrame:
    """The pull requests, with the merges of those that name theirs by an abbreviated sha."""
    unknown = pulls.select("repository", "merge_sha", row=pl.int_range(pl.len())).filter(
        pulls["merge"].is_null() & (pulls["merge_sha"].str.len_chars() < 40)
    )
    if not unknown.height:
        return pulls
    graphs = {repository.name: repository.graph for repository in repositories}
    found = pulls["merge"].to_list()
    for name, sha, row in unknown.iter_rows():
        found[row] = graphs[name].find(sha) if name in graphs else None
    return pulls.with_columns(merge=pl.Series(found, dtype=pl.Int32))


def span(start: pl.Expr, end: pl.Expr) -> pl.Expr:
    """Seconds between two clocks; null when one is unknown or the order is impossible."""
    seconds = (end - start).dt.total_microseconds() / 1e6
    return pl.when(seconds >= 0).then(seconds)
