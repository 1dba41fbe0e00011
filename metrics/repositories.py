"""Several repositories read at once: the database joins their columns, then each becomes a `Repository`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from dora.warehouse import Builder
from metrics import landed
from metrics.mainline import Positions
from metrics.repository import Named, Read, Repository
from metrics.services import ServiceName
from metrics.slices import read_sql

if TYPE_CHECKING:
    import polars as pl

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
    asked = {"repositories": list(names)}
    builder.execute("truncate open_commits; truncate pulled;")
    builder.execute(read_sql("build/open_commits"), asked)
    builder.execute(read_sql("build/pulled"), asked)
    commits, pulls, tags, paths = (
        builder.frame(read_sql(f"build/{name}"), asked) for name in ("commits", "pull_requests", "tags", "paths")
    )
    more = _by_repository(builder.rows(read_sql("build/more_parents")))
    taking = _by_repository(builder.rows(read_sql("build/takes_back")))
    one, two = (commits[name].fill_null(-1).to_numpy() for name in ("first_parent", "second_parent"))
    cuts = [_stretches(frame) for frame in (pulls, tags, paths)]
    found = []
    for name, (start, length) in _stretches(commits).items():
        cut = slice(start, start + length)
        first, second, rest = _known(one[cut], two[cut], more.get(name, ()))
        own = [
            frame.slice(*found_in.get(name, (0, 0))) for frame, found_in in zip((pulls, tags, paths), cuts, strict=True)
        ]
        takes_back = {cast(int, row[0]): _named(row) for row in taking.get(name, ())}
        whole = Read(
            name=name, commits=commits.slice(start, length), first=first, second=second, more=rest, takes_back=takes_back,
            pulls=own[0], tags=own[1], paths=own[2],
        )  # fmt: skip
        found.append(Repository(whole))
    landed.tell(found, commits, pulls)
    return {repository.name: repository for repository in found}


def _stretches(frame: pl.DataFrame) -> Mapping[str, tuple[int, int]]:
    """Repository -> (first row, number of rows) of a frame in which each one's rows lie together."""
    runs = frame["repository"].rle().struct.unnest()
    lengths = runs["len"].to_numpy().astype(np.int64)
    starts = (np.cumsum(lengths) - lengths).tolist()
    return dict(zip(runs["value"].to_list(), zip(starts, lengths.tolist(), strict=True), strict=True))


def _by_repository(rows: Sequence[Row]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = {}
    for row in rows:
        out.setdefault(str(row[0]), []).append(row[1:])
    return out


def _named(row: Row) -> Named:
    subject, shas, numbers = row[1:]
    return Named(str(subject), cast("Sequence[str]", shas or ()), cast("Sequence[int]", numbers or ()))


def _known(
    first: Positions, second: Positions, more: Sequence[Row]
) -> tuple[Positions, Positions, dict[int, tuple[int, ...]]]:
    """First and second known parent, -1 for none, and the rest: where one is not stored the next takes its place."""
    only_second = (first < 0) & (second >= 0)
    one, two = np.where(only_second, second, first), np.where(only_second, -1, second)
    rest: dict[int, list[int]] = {}
    for commit, parent in cast("Sequence[tuple[int, int]]", more):
        if one[commit] < 0:
            one[commit] = parent
        elif two[commit] < 0:
            two[commit] = parent
        else:
            rest.setdefault(commit, []).append(parent)
    return one, two, {commit: tuple(parents) for commit, parents in rest.items()}
