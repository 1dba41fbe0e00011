"""Changes and pull requests as facts: which deployment shipped each first, and which ones still wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from metrics.deployments import Deployed
from metrics.landed import span
from metrics.members import NEVER
from metrics.repository import Repository, Told
from metrics.sha_index import Positions
from metrics.shipped import Shipped


@dataclass(frozen=True, slots=True)
class Place:
    """Where the facts of one line belong: its service, the place of that, its environment and its repository."""

    service_position: int
    service: str
    environment: str
    repository: str


@dataclass(frozen=True, slots=True)
class Picked:
    """The changes or pull requests of one line: which of the rows of its repository.

    `deployments`: for each the place of what shipped it among the deployments handled together, -1 while nothing has.
    """

    place: Place
    told: Told
    rows: Positions
    deployments: Positions
    from_ready: bool = False


def picked_changes(
    place: Place, repository: Repository, shipped: Sequence[tuple[Deployed, Sequence[int]]], waiting: Sequence[int]
) -> Picked:
    """The commits that deployments shipped first, then those that wait."""
    commits = np.fromiter(chain(*(first for _, first in shipped), waiting), dtype=np.int64)
    owners = [deployed.row for deployed, _ in shipped]
    rows = np.repeat(np.array([*owners, -1], dtype=np.int64), [*(len(first) for _, first in shipped), len(waiting)])
    return Picked(place, repository.changes, commits, rows)


def picked_requests(place: Place, repository: Repository, shipped: Shipped, from_ready: bool) -> Picked:
    """The merged pull requests of a line's service that a deployment shipped first, or that still wait.

    Pull requests that the baseline contained are left out.
    """
    places, nobody = shipped.requests, len(shipped.line)
    waits = (places == nobody) & (repository.landed[repository.merges] >= 0)
    kept = np.flatnonzero(((places >= 0) & (places < nobody)) | waits)
    rows = np.array([*(deployed.row for deployed in shipped.line), -1], dtype=np.int64)[places[kept]]
    return Picked(place, repository.requests, kept, rows, from_ready)


def told_by_deployment(picked: Sequence[Picked], deployments: pl.DataFrame, **columns: str) -> pl.DataFrame:
    """The rows of several lines in the order of the facts, with where they belong and what shipped them.

    `row`: its place among the deployments, null while there is none; `left_at`: from when they wait no more; `ready`: coding
    ends when the request is ready. `columns`: what else is told of the deployment, by the name that it gets.
    """
    sizes = [len(one.rows) for one in picked]
    rows, every = _among_all(picked)
    owners, lines = np.concatenate([one.deployments for one in picked]), np.repeat(np.arange(len(picked)), sizes)
    moments = np.append(deployments["finished_at"].to_physical().fill_null(NEVER).to_numpy(), NEVER)[owners]
    positions = np.array([one.place.service_position for one in picked])[lines]
    order = np.lexsort((moments, positions))
    rows, owners, lines = rows[order], owners[order], lines[order]
    places = pl.DataFrame([one.place for one in picked]).with_columns(
        pl.col("service_position").cast(pl.Int32), ready=pl.Series([one.from_ready for one in picked])
    )
    row = pl.select(row=pl.when(pl.Series(owners) >= 0).then(pl.Series(owners))).to_series()
    return (
        every.drop("repository", strict=False)[rows]
        .hstack(places[lines])
        .with_columns(
            row,
            left_at=pl.Series(moments[order]).cast(pl.Datetime("us")),
            **{name: deployments[column].gather(row) for name, column in columns.items()},
        )
    )


def _among_all(picked: Sequence[Picked]) -> tuple[Positions, pl.DataFrame]:
    """The rows among those of all repositories, however many times these were read."""
    frames = {id(one.told.every): one.told.every for one in picked}
    begin = dict(zip(frames, np.cumsum([0, *(frame.height for frame in frames.values())]).tolist(), strict=False))
    rows = [one.rows + (begin[id(one.told.every)] + one.told.start) for one in picked]
    return np.concatenate(rows), pl.concat(frames.values()) if len(frames) > 1 else picked[0].told.every


def with_stages(requests: pl.DataFrame) -> pl.DataFrame:
    """Pull requests with the last of their stages; those of `ready` begin to be picked up when they are marked as ready for review."""
    ready = pl.col("ready")
    return requests.with_columns(
        deploy_seconds=span(pl.col("merged_at"), pl.col("deployed_at")),
        coding_seconds=pl.when(ready)
        .then(span(pl.col("first_commit_at"), pl.col("ready_at")))
        .otherwise("coding_seconds"),
        pickup_seconds=pl.when(ready)
        .then(span(pl.col("ready_at"), pl.col("first_review_at")))
        .otherwise("pickup_seconds"),
    )


def counted(deployments: pl.DataFrame, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What each deployment of a frame shipped first: commits, changes, mainline_changes, pull_requests, lines.

    `lines`: null unless the size of every pull request is known, for a part of them is not the whole.
    """
    rows = pl.select(row=pl.int_range(deployments.height, dtype=pl.Int64))
    if "change_facts" in facts:
        of_changes = (
            facts["change_facts"]
            .group_by("row")
            .agg(commits=pl.len(), changes=(~pl.col("is_merge")).sum(), mainline_changes=pl.col("mainline").sum())
        )
        rows = rows.join(of_changes, on="row", how="left", maintain_order="left")
    if "pull_request_facts" in facts:
        sizes = pl.when(pl.col("lines").count() == pl.len()).then(pl.col("lines").sum())
        of_pulls = facts["pull_request_facts"].group_by("row").agg(pull_requests=pl.len(), lines=sizes)
        rows = rows.join(of_pulls, on="row", how="left", maintain_order="left")
    return rows.drop("row")
