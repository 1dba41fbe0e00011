"""Changes and pull requests as facts: which deployment shipped each first, and which ones still wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import polars as pl

from metrics.deployments import Deployed
from metrics.landed import span
from metrics.repository import Repository
from metrics.sha_index import Positions
from metrics.slices import NEVER


@dataclass(frozen=True, slots=True)
class Place:
    """Where the facts of one line belong: its service, the place of that, and its environment."""

    service_position: int
    service: str
    environment: str


def change_rows(
    place: Place, repository: Repository, shipped: Sequence[tuple[Deployed, Sequence[int]]], waiting: Sequence[int]
) -> pl.DataFrame:
    """Rows of `change_facts` for commits that deployments shipped first, then for those that wait.

    `row` stands for the deployment, null while there is none; see `told_by_deployment`.
    """
    commits = np.fromiter(chain(*(first for _, first in shipped), waiting), dtype=np.int64)
    owners = [deployed.row for deployed, _ in shipped]
    rows = np.repeat(np.array([*owners, -1], dtype=np.int64), [*(len(first) for _, first in shipped), len(waiting)])
    return _placed(place, repository, repository.changes[commits], rows)


def pull_request_rows(
    place: Place, repository: Repository, line: Sequence[Deployed], owners: Positions, visited: bytearray
) -> pl.DataFrame:
    """Rows of `pull_request_facts`: merged pull requests that a deployment shipped first, or that still wait.

    `owners`: for every commit the place in the line of what shipped it, or -1. Pull requests that the baseline
    contained are left out. Without the host's record only the merge is known.
    """
    merges = repository.requests["merge"].to_numpy()
    shipped_by, seen = owners[merges], np.frombuffer(visited, dtype=np.uint8)[merges]
    waits = (shipped_by < 0) & (seen == 0) & (repository.landed[merges] >= 0)
    kept = np.flatnonzero((shipped_by >= 0) | waits)
    rows = np.array([*(deployed.row for deployed in line), -1], dtype=np.int64)[shipped_by[kept]]
    return _placed(place, repository, repository.requests[kept], rows)


def _placed(place: Place, repository: Repository, frame: pl.DataFrame, rows: Positions) -> pl.DataFrame:
    return frame.with_columns(
        pl.lit(place.service_position, dtype=pl.Int32).alias("service_position"),
        pl.lit(place.service).alias("service"),
        pl.lit(place.environment).alias("environment"),
        pl.lit(repository.name).alias("repository"),
        pl.Series("row", rows),
    )


def told_by_deployment(frames: Sequence[pl.DataFrame], deployments: pl.DataFrame) -> pl.DataFrame:
    """The rows of several lines in the order of the facts, with `deployment_id` and `deployed_at` by their `row`."""
    rows = pl.concat(frames).with_columns(row=pl.when(pl.col("row") >= 0).then("row"))
    rows = rows.with_columns(
        deployment_id=deployments["deployment_id"].gather(rows["row"]),
        deployed_at=deployments["finished_at"].gather(rows["row"]),
    )
    return rows.sort("service_position", "deployed_at", nulls_last=True, maintain_order=True)


def with_left_at(rows: pl.DataFrame) -> pl.DataFrame:
    """Changes with the moment from which they wait no more."""
    return rows.with_columns(left_at=pl.col("deployed_at").fill_null(pl.lit(NEVER).cast(pl.Datetime("us"))))


def with_deploy_seconds(requests: pl.DataFrame) -> pl.DataFrame:
    """Pull requests with the last of their stages."""
    return requests.with_columns(deploy_seconds=span(pl.col("merged_at"), pl.col("deployed_at")))


def from_ready(requests: pl.DataFrame) -> pl.DataFrame:
    """Pull requests whose coding ends, and whose pickup begins, when they are marked as ready for review."""
    return requests.with_columns(
        coding_seconds=span(pl.col("first_commit_at"), pl.col("ready_at")),
        pickup_seconds=span(pl.col("ready_at"), pl.col("first_review_at")),
    )


def counted(deployments: pl.DataFrame, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What each deployment of a frame shipped first: commits, changes, mainline_changes, pull_requests, lines.

    `lines`: null when no size is known.
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
        sizes = pl.when(pl.col("lines").count() > 0).then(pl.col("lines").sum())
        of_pulls = facts["pull_request_facts"].group_by("row").agg(pull_requests=pl.len(), lines=sizes)
        rows = rows.join(of_pulls, on="row", how="left", maintain_order="left")
    return rows.drop("row")
