"""When changes began and landed: the clocks of every commit and merged pull request, column by column.

The host's word where there is one, else what the merge on the default branch tells. The commit that a pull request's
merge made, by the host's word, is of that pull request on any branch.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

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
    commits = _with_landings(repositories, commits, starts)
    changes = _changes(repositories, commits, pulls, records, starts)
    merges = _merges(repositories, commits, pulls, members)
    requests = _requests(commits, merges, records, starts)
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
    repositories: Sequence[Repository],
    commits: pl.DataFrame,
    pulls: pl.DataFrame,
    records: pl.DataFrame,
    starts: Positions,
) -> pl.DataFrame:
    """The columns of `change_facts` that do not depend on a deployment, one row a commit."""
    landing = commits["landed"]
    hosted = _hosted(repositories, pulls, starts)
    told = commits.select(
        "repository", "sha", "is_merge", "mainline", "is_bot", "author", "authored_at", "committed_at", "begun_at",
        number=pl.coalesce(
            hosted, "own_pull_request", hosted.gather(landing), commits["pull_request"].gather(landing)
        ),
        landed_at=commits["committed_at"].gather(landing),
    )  # fmt: skip
    clocks = records.select(*KEY, "first_commit_at", "opened_at", "merged_at")
    return told.join(clocks, on=KEY, how="left", maintain_order="left").select(
        "sha", "is_merge", "mainline", "is_bot", "author", "authored_at", "committed_at", "opened_at",
        pull_request="number",
        first_commit_at=pl.coalesce("first_commit_at", _first_of_all()),
        merged_at=pl.coalesce("merged_at", "landed_at"),
    )  # fmt: skip


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
    clock = authored.to_physical().fill_null(_NEVER).to_numpy()
    counts = (landed >= 0) & ~is_merge
    earliest = np.full(len(landed) + 1, _NEVER, dtype=np.int64)
    np.minimum.at(earliest, landed[counts], clock[counts])
    found = earliest[landed]
    return pl.select(pl.when(pl.Series(found) < _NEVER).then(pl.Series(found)).cast(authored.dtype)).to_series()


def _requests(
    commits: pl.DataFrame,
    merges: pl.DataFrame,
    records: pl.DataFrame,
    starts: Positions,
) -> pl.DataFrame:
    """The columns of `pull_request_facts` that do not depend on a deployment, one row a pull request whose merge is known."""
    at = pl.Series(_rows_of(merges, starts))
    begun = pl.when(pl.col("landed") == at).then("begun_at").when(~pl.col("is_merge")).then("authored_at")
    clocks = commits.select(
        "subject", "landed", "is_merge", "begun_at", "authored_at", landed_at="committed_at", bot="is_bot"
    )
    known = merges.hstack(clocks[at].with_columns(begun_at=begun).drop("landed", "is_merge", "authored_at"))
    told = known.join(records.drop("merge").with_columns(told=True), on=KEY, how="left", maintain_order="left")
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


def _first_of_all() -> pl.Expr:
    """`begun_at`, null where it is later than the opening: whoever squashes gives a commit a new time, and that was not the first."""
    return pl.when((pl.col("begun_at") <= pl.col("opened_at")).fill_null(value=True)).then("begun_at")


def _merges(
    repositories: Sequence[Repository], commits: pl.DataFrame, pulls: pl.DataFrame, members: pl.DataFrame
) -> pl.DataFrame:
    """repository, number, merge: the commit that a pull request's merge made, by position.

    The host's word first, then what its commits tell, then a commit on the default branch whose subject names it, then
    any merge.
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
        for frame in (named.filter("is_merge"), named.filter("mainline"), members, hosted.drop_nulls("merge"))
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
