"""Several repositories read at once: the database joins their columns, then each becomes a `Repository`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import cast

import numpy as np
import polars as pl

from dora.warehouse import Builder
from metrics import landed
from metrics.lineage import CommitGraph
from metrics.mainline import Positions
from metrics.membership import members, unmapped
from metrics.repository import Named, Read, Repository
from metrics.services import ServiceName
from metrics.slices import read_sql

_TABLES = ("commits", "mainline", "pulled", "pull_requests", "tags", "paths")
Row = tuple[object, ...]


class Repositories:
    """Repositories read together where services need them, and let go when these services are done."""

    def __init__(self, builder: Builder, services: Sequence[ServiceName]) -> None:
        self._builder = builder
        self._last = {service.repository: place for place, service in enumerate(services)}
        self.sizes = {str(name): int(str(size)) for name, size in builder.rows(read_sql("build/sizes"))}
        self._open: dict[str, Repository] = {}

    def get(self, name: str | None) -> Repository | None:
        """An open repository; None when it has no commits."""
        return self._open.get(name) if name is not None else None

    def open(self, names: Sequence[str | None], place: int) -> None:
        """Read those that are not open yet, and close what no service from this place on needs."""
        wanted = {name for name in names if name in self.sizes}
        self._open = {n: held for n, held in self._open.items() if n in wanted or self._last.get(n, -1) >= place}
        missing = sorted(name for name in wanted if name is not None and name not in self._open)
        if missing:
            self._open |= read(self._builder, missing)


def read(builder: Builder, names: Sequence[str]) -> dict[str, Repository]:
    """The repositories of these names, which all have commits."""
    # The range is what the database can skip blocks by; it reads the whole table for a list alone.
    asked: dict[str, object] = {"repositories": list(names), "first": min(names), "last": max(names)}
    frames = {name: builder.frame(read_sql(f"build/{name}"), asked) for name in _TABLES}
    stretches = {name: _stretches(frame) for name, frame in frames.items()}
    taking = _by_repository(builder.rows(read_sql("build/takes_back"), asked))
    found, listed = [], []
    for name in stretches["commits"]:
        own = {table: frames[table].slice(*stretches[table].get(name, (0, 0))) for table in _TABLES}
        found.append(_repository(name, own, taking.get(name, ())))
        listed.append(
            own["pulled"].select("number", position=pl.Series(_positions(own["pulled"]["sha"], found[-1].graph.index)))
        )
        found[-1].members = members(found[-1], listed[-1])
    pulls = pl.concat([repository.pulls for repository in found])
    landed.tell(found, pl.concat([repository.commits for repository in found]), pulls)
    for repository, theirs in zip(found, listed, strict=True):
        builder.insert("unmapped_requests", unmapped(repository, theirs))
    return {repository.name: repository for repository in found}


def _repository(name: str, own: Mapping[str, pl.DataFrame], taking: Sequence[Row]) -> Repository:
    """One repository out of its rows: what names a commit by its sha gets the commit's position."""
    commits = own["commits"]
    shas = commits["sha"].to_list()
    index = {sha: position for position, sha in enumerate(shas)}
    first, second, more = _parents(commits, index)
    listed = _positions(own["pulled"]["sha"], index)
    numbers = np.full(len(shas) + 1, -1, dtype=np.int64)
    numbers[listed] = own["pulled"]["number"].to_numpy()
    mainline = np.zeros(len(shas) + 1, dtype=np.bool_)
    mainline[_positions(own["mainline"]["sha"], index)] = True
    own_number = pl.Series(numbers[:-1])
    commits = commits.select(
        "repository", "sha", "is_bot", "author", "subject", "pull_request", "authored_at", "committed_at",
        position=pl.int_range(pl.len()),
        mainline=pl.Series(mainline[:-1]),
        own_pull_request=pl.when(own_number >= 0).then(own_number),
    )  # fmt: skip
    merge = pl.Series(_positions(own["pull_requests"]["merge_sha"].str.to_lowercase(), index))
    return Repository(
        Read(
            name=name, commits=commits, graph=CommitGraph.of_columns(shas, index, first, second, more),
            takes_back={index[str(row[0])]: _named(row) for row in taking},
            pulls=own["pull_requests"].with_columns(merge=pl.when(merge >= 0).then(merge)), tags=own["tags"], paths=own["paths"],
        )
    )  # fmt: skip


def _positions(shas: pl.Series, index: Mapping[str, int]) -> Positions:
    """The positions of commits, -1 for one that is not stored."""
    return np.array(list(map(index.get, shas.to_list(), repeat(-1))), dtype=np.int64)


def _parents(
    commits: pl.DataFrame, index: Mapping[str, int]
) -> tuple[list[int], list[int], dict[int, tuple[int, ...]]]:
    """First and second known parent, -1 for none, and the rest: where one is not stored the next takes its place."""
    find = index.get
    named = (commits[name].to_list() for name in ("first_parent", "second_parent"))
    first, second = (list(map(find, shas, repeat(-1))) for shas in named)
    rest: dict[int, tuple[int, ...]] = {}
    rows = commits.select("more_parents", position=pl.int_range(pl.len())).filter(pl.col("more_parents").is_not_null())
    for shas, position in rows.iter_rows():
        known = [
            p
            for p in (
                first[position],
                second[position],
                *(find(sha, -1) for sha in shas),
            )
            if p >= 0
        ]
        first[position], second[position], *more = (*known, -1, -1)[: max(2, len(known))]
        if more:
            rest[position] = tuple(more)
    for position in np.flatnonzero((np.array(first) < 0) & (np.array(second) >= 0)).tolist():
        first[position], second[position] = second[position], -1
    return first, second, rest


def _stretches(frame: pl.DataFrame) -> Mapping[str, tuple[int, int]]:
    """Repository -> (first row, number of rows) of a frame in which each one's rows lie together."""
    runs = frame["repository"].rle().struct.unnest()
    lengths = runs["len"].to_numpy().astype(np.int64)
    starts = (np.cumsum(lengths) - lengths).tolist()
    return dict(
        zip(
            runs["value"].to_list(),
            zip(starts, lengths.tolist(), strict=True),
            strict=True,
        )
    )


def _by_repository(rows: Sequence[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(str(row[0]), []).append(row[1:])
    return out


def _named(row: Row) -> Named:
    subject, shas, numbers = row[1:]
    return Named(
        str(subject),
        cast("Sequence[str]", shas or ()),
        cast("Sequence[int]", numbers or ()),
    )
