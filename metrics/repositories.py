"""Several repositories read at once: the database joins their columns, then each becomes a `Repository`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, count, pairwise, repeat
from typing import TypeVar, cast

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

_TABLES = ("commits", "mainline", "pull_requests", "tags", "paths")
#: What a repository keeps of these.
_OWN = ("commits", "pull_requests", "tags", "paths")
#: More runs of repositories than this take longer than looking through the tables once.
RUNS = 20
Row = tuple[object, ...]
T = TypeVar("T")


class Repositories:
    """Repositories read together where services need them, and let go when these services are done."""

    def __init__(self, builder: Builder, services: Sequence[ServiceName]) -> None:
        self._builder = builder
        self._last = {service.repository: place for place, service in enumerate(services)}
        self.sizes = commits_of(builder)
        self._places = {name: place for place, name in enumerate(sorted(self.sizes))}
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
            self._open |= read(self._builder, list(self._runs(missing)))

    def _runs(self, names: Sequence[str]) -> Iterator[Sequence[str]]:
        """Few names in runs without any other repository between them, many as one."""
        places = [self._places[name] for name in names]
        cuts = [0, *(at for at in range(1, len(names)) if places[at] != places[at - 1] + 1), len(names)]
        yield from (names[a:b] for a, b in pairwise(cuts)) if len(cuts) <= RUNS else [names]


def commits_of(builder: Builder) -> dict[str, int]:
    """How many commits every repository has."""
    return {str(name): int(str(size)) for name, size in builder.rows(read_sql("build/sizes"))}


def read(builder: Builder, runs: Sequence[Sequence[str]]) -> dict[str, Repository]:
    """The repositories of these names, sorted, which all have commits; each of `runs` is read at once."""
    frames = {name: pl.concat(_asked(builder.frame, f"build/{name}", runs)) for name in _TABLES}
    # Sorted here: the database takes twice as long for rows of so many columns.
    frames["commits"] = frames["commits"].sort("repository", "committed_at", "sha", nulls_last=True)
    known = Known(frames["commits"])
    listed = _listed(frames["pull_requests"])
    listed = listed.with_columns(position=pl.Series(known.positions(listed, "sha")))
    frames["commits"] = commits = _commits(known, frames["mainline"], listed)
    frames["pull_requests"] = pulls = _with_merges(frames["pull_requests"].drop("commits"), known)
    taking = _by_repository([*chain(*_asked(builder.rows, "build/takes_back", runs))])
    found = _repositories(known, {name: frames[name] for name in _OWN}, taking)
    landings = np.append(np.concatenate([repository.landed for repository in found]), -1)
    listed = listed.with_columns(landed=pl.Series(landings[known.rows(listed, listed["position"].to_numpy())]))
    requests = landed.tell(found, commits, pulls, members(listed, pulls))
    # A repository may be read again for a service that comes later.
    builder.execute(
        "delete from unmapped_requests where repository in (select unnest($names::varchar[]))",
        {"names": [*chain(*runs)]},
    )
    builder.insert("unmapped_requests", unmapped(commits, requests, pulls, listed))
    return {repository.name: repository for repository in found}


class Known:
    """The commits of several repositories, in the order of their graphs, and where in it each sha is."""

    def __init__(self, commits: pl.DataFrame) -> None:
        self.commits = commits
        self.stretches = stretches(commits)
        shas = commits["sha"].to_list()
        self.shas = {name: shas[start : start + size] for name, (start, size) in self.stretches.items()}
        self.index = {name: dict(zip(theirs, count(), strict=False)) for name, theirs in self.shas.items()}

    def positions(self, frame: pl.DataFrame, column: str) -> Positions:
        """The commit that each row names, by its position in the row's repository; -1 for one that is not stored.

        The rows of each repository lie together.
        """
        shas, out = frame[column].to_list(), list[int]()
        for name, (start, size) in stretches(frame).items():
            out.extend(map(self.index[name].get, shas[start : start + size], repeat(-1)))
        return np.array(out, dtype=np.int64)

    def rows(self, frame: pl.DataFrame, positions: Positions) -> Positions:
        """Positions in each row's repository as places among all commits, -1 for none."""
        begin = [(self.stretches[name][0], size) for name, (_, size) in stretches(frame).items()]
        starts = np.repeat(np.array([s for s, _ in begin], dtype=np.int64), [size for _, size in begin])
        return np.where(positions < 0, -1, positions + starts)


def _commits(known: Known, mainline: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """The commits with their position in their repository, whether they are of the default branch, and of which request."""
    commits = known.commits
    numbers = np.full(commits.height + 1, -1, dtype=np.int64)
    numbers[known.rows(listed, listed["position"].to_numpy())] = listed["number"].to_numpy()
    on_mainline = np.zeros(commits.height + 1, dtype=np.bool_)
    on_mainline[known.rows(mainline, known.positions(mainline, "sha"))] = True
    own_number = pl.Series(numbers[:-1])
    return commits.select(
        "repository", "sha", "is_bot", "author", "subject", "pull_request", "authored_at", "committed_at",
        position=pl.Series(np.concatenate([np.arange(size) for _, size in known.stretches.values()])),
        mainline=pl.Series(on_mainline[:-1]),
        own_pull_request=pl.when(own_number >= 0).then(own_number),
    )  # fmt: skip


def _asked(ask: Callable[[str, Mapping[str, object]], T], question: str, runs: Sequence[Sequence[str]]) -> list[T]:
    """The answers to a question about the repositories of each run."""
    # The range is what the database can skip blocks by; it reads the whole table for a list alone.
    return [
        ask(read_sql(question), {"repositories": list(names), "first": names[0], "last": names[-1]}) for names in runs
    ]


def _listed(pulls: pl.DataFrame) -> pl.DataFrame:
    """repository, number, sha of every commit that a pull request lists; of several that list one, the highest comes last.

    What the last of several sources says of a pull request counts.
    """
    last = pulls.unique(["repository", "number"], keep="last", maintain_order=True)
    return last.select("repository", "number", sha="commits").explode("sha").drop_nulls("sha")


def _with_merges(pulls: pl.DataFrame, known: Known) -> pl.DataFrame:
    """The pull requests with `merge`, the position of the commit that the host names as their merge; null for none."""
    named = pulls.select("repository", pl.col("merge_sha").str.to_lowercase())
    merge = pl.Series(known.positions(named, "merge_sha"))
    return pulls.with_columns(merge=pl.when(merge >= 0).then(merge))


def _repositories(
    known: Known, frames: Mapping[str, pl.DataFrame], taking: Mapping[str, Sequence[Row]]
) -> list[Repository]:
    """One repository each out of its rows."""
    first, second, more = _parents(known)
    places = {table: stretches(frame) for table, frame in frames.items()}
    found = []
    for name, (start, size) in known.stretches.items():
        own = {table: frame.slice(*places[table].get(name, (0, 0))) for table, frame in frames.items()}
        index, end = known.index[name], start + size
        graph = CommitGraph.of_columns(
            known.shas[name], index, first[start:end].tolist(), second[start:end].tolist(), more.get(name, {})
        )
        found.append(Repository(Read(
            name=name, commits=own["commits"], graph=graph, pulls=own["pull_requests"], tags=own["tags"], paths=own["paths"],
            takes_back={index[str(row[0])]: _named(row) for row in taking.get(name, ())},
        )))  # fmt: skip
    return found


def _parents(known: Known) -> tuple[Positions, Positions, dict[str, dict[int, tuple[int, ...]]]]:
    """First and second known parent, -1 for none, and the rest: where one is not stored the next takes its place.

    `rest`: repository -> position -> positions.
    """
    commits = known.commits
    first, second = (known.positions(commits, name) for name in ("first_parent", "second_parent"))
    rest: dict[str, dict[int, tuple[int, ...]]] = {}
    rows = commits.select("repository", "more_parents", row=pl.int_range(pl.len()))
    for name, shas, row in rows.filter(pl.col("more_parents").is_not_null()).iter_rows():
        parents = [p for p in (first[row], second[row], *(known.index[name].get(sha, -1) for sha in shas)) if p >= 0]
        first[row], second[row], *more = (*parents, -1, -1)[: max(2, len(parents))]
        if more:
            rest.setdefault(name, {})[row - known.stretches[name][0]] = tuple(more)
    moved = (first < 0) & (second >= 0)
    return np.where(moved, second, first), np.where(moved, -1, second), rest


def stretches(frame: pl.DataFrame) -> dict[str, tuple[int, int]]:
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
    return Named(
        str(subject),
        cast("Sequence[str]", shas or ()),
        cast("Sequence[int]", numbers or ()),
    )
