"""Several repositories read at once: the database joins their columns, then each becomes a `Repository`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TypeVar

import numpy as np
import polars as pl

from dora.warehouse import Builder
from metrics import copied, landed
from metrics.lineage import CommitGraph
from metrics.membership import KEY, members, unmapped
from metrics.merge_subjects import told_by_subjects
from metrics.repository import Named, PullRequests, Read, Repository
from metrics.services import ServiceName
from metrics.sha_index import Positions, ShaIndex, hashes
from metrics.slices import read_sql

#: Their tables, and the order of their rows, which are sorted here: the database takes twice as long for so many columns.
_TABLES = {
    "commits": ["repository", "committed_at", "sha"], "mainline": ["repository"], "pull_requests": [*KEY, "source"],
    "tags": ["repository"], "paths": ["repository"],
}  # fmt: skip
#: Those of which a repository's rows are told from others'.
_OWN = ("commits", "tags", "paths")
#: More runs of repositories than this take longer than looking through the tables once.
RUNS = 20
T = TypeVar("T")


#: The rows of some repositories: a frame for each of their tables, in which `repository` is an Enum of their names.
RepositoryRows = Mapping[str, pl.DataFrame]


class Repositories:
    """Repositories read together where services need them, and let go when these services are done.

    What the database does (`read`) may go on for the next services while the repositories of the last (`open`) are used.
    """

    def __init__(self, builder: Builder, services: Sequence[ServiceName]) -> None:
        self._builder = builder
        self._last = {service.repository: place for place, service in enumerate(services)}
        self.sizes = commits_of(builder)
        self._places = {name: place for place, name in enumerate(sorted(self.sizes))}
        self._read = set[str]()
        self._open: dict[str, Repository] = {}
        self._told = set[str]()

    def get(self, name: str | None) -> Repository | None:
        """An open repository; None when it has no commits."""
        return self._open.get(name) if name is not None else None

    def read(self, names: Sequence[str | None], place: int) -> RepositoryRows | None:
        """The rows of those that are not open when the services from this place on are handled; None when all are."""
        wanted = {name for name in names if name is not None and name in self.sizes}
        self._read = {name for name in self._read if self._needed(name, place)}
        missing = sorted(wanted - self._read)
        self._read |= wanted
        return _rows(self._builder, list(self._runs(missing))) if missing else None

    def open(self, rows: RepositoryRows | None, place: int) -> dict[str, pl.DataFrame]:
        """Open these, and close what no service from this place on needs; returns what is told of their pull requests by table."""
        self._open = {name: held for name, held in self._open.items() if self._needed(name, place)}
        if rows is None:
            return {}
        found, lost = opened(rows)
        self._open |= found
        # What was closed may be read again for a service that comes later, and is told of once.
        again = pl.col("repository").is_in(list(self._told))
        self._told |= found.keys()
        return {"unmapped_requests": lost.filter(~again)}

    def _needed(self, name: str, place: int) -> bool:
        return self._last.get(name, -1) >= place

    def _runs(self, names: Sequence[str]) -> Iterator[Sequence[str]]:
        """Few names in runs without any other repository between them, many as one."""
        places = [self._places[name] for name in names]
        cuts = [0, *(at for at in range(1, len(names)) if places[at] != places[at - 1] + 1), len(names)]
        yield from (names[a:b] for a, b in pairwise(cuts)) if len(cuts) <= RUNS else [names]


def commits_of(builder: Builder) -> dict[str, int]:
    """How many commits every repository has."""
    return {str(name): int(str(size)) for name, size in builder.rows(read_sql("build/sizes"))}


def _rows(builder: Builder, runs: Sequence[Sequence[str]]) -> RepositoryRows:
    """The rows of the repositories of these names, sorted, which all have commits; each of `runs` is read at once."""
    names = [*chain(*runs)]
    place = pl.col("repository").cast(pl.Enum(names))
    return {
        name: pl.concat(_asked(builder.frame, f"build/{name}", runs)).with_columns(place).sort(order, nulls_last=True)
        for name, order in _TABLES.items()
    }


def opened(rows: RepositoryRows) -> tuple[dict[str, Repository], pl.DataFrame]:
    """The repositories by name, and the rows of `unmapped_requests`."""
    frames = dict(rows)
    known = Known(frames["commits"])
    listed = _listed(frames["pull_requests"])
    listed = listed.with_columns(position=pl.Series(known.positions(listed, "sha")))
    frames["commits"] = commits = _commits(known, frames["mainline"], listed)
    frames["pull_requests"] = pulls = _with_merges(frames["pull_requests"].drop("commits"), known)
    found = _repositories(known, {name: frames[name] for name in _OWN}, _taking_back(rows["commits"]))
    copied.tell(found, commits)
    landings = np.append(np.concatenate([copied.brought(repository) for repository in found]), -1)
    listed = listed.with_columns(landed=pl.Series(landings[known.rows(listed, listed["position"].to_numpy())]))
    requests = landed.tell(found, commits, pulls, members(listed, pulls), listed)
    _mark(found, known, requests, pulls)
    lost = unmapped(commits, requests, pulls, listed).with_columns(pl.col("repository").cast(pl.String))
    return {repository.name: repository for repository in found}, lost


def _mark(found: Sequence[Repository], known: Known, requests: pl.DataFrame, pulls: pl.DataFrame) -> None:
    """Give the repositories what marks pull requests as hotfixes: the host's words, and those of merges where it has none."""
    merges = known.rows(requests, requests["merge"].to_numpy())
    by_git = told_by_subjects(requests, known.commits["subject"].gather(merges), pulls)
    for frame in (by_git, pulls):
        every, places = PullRequests(frame), stretches(frame)
        for repository in found:
            if repository.name in places:
                repository.told.append((every, places[repository.name]))


def _taking_back(commits: pl.DataFrame) -> pl.DataFrame:
    """repository, sha, subject, reverts, reverts_pull_requests of those whose messages say that they take something back."""
    named = ("reverts", "reverts_pull_requests")
    says = pl.any_horizontal(
        pl.col("subject").str.starts_with("Revert"),
        pl.col("subject").str.starts_with("Reapply"),
        *(pl.col(name).list.len() > 0 for name in named),
    )
    return commits.filter(says).select("repository", "sha", "subject", *(pl.col(name).fill_null([]) for name in named))


class Known:
    """The commits of several repositories, in the order of their graphs, and where in it each sha is."""

    def __init__(self, commits: pl.DataFrame) -> None:
        self.commits = commits
        self.stretches = stretches(commits)
        shas, hashed = commits["sha"], hashes(commits["sha"])
        self.index = {
            name: ShaIndex(shas[start : start + size], hashed.between(start, start + size))
            for name, (start, size) in self.stretches.items()
        }

    def positions(self, frame: pl.DataFrame, column: str) -> Positions:
        """The commit that each row names, by its position in the row's repository; -1 for one that is not stored.

        The rows of each repository lie together.
        """
        told = frame[column].is_not_null()
        named = frame.select("repository", column).filter(told)
        hashed, found = hashes(named[column]), np.empty(named.height, dtype=np.int64)
        for name, (start, size) in stretches(named).items():
            found[start : start + size] = self.index[name].positions(hashed.between(start, start + size))
        out = np.full(frame.height, -1, dtype=np.int64)
        out[told.to_numpy()] = found
        return out

    def own(self) -> Positions:
        """The position of each commit in its repository."""
        return np.concatenate([np.arange(size) for _, size in self.stretches.values()])

    def first_parents(self) -> Positions:
        """The position of each commit's first parent, -1 for one that is not stored and for none.

        Most commits come right after it, so that it need not be looked for.
        """
        own, parents = self.own(), self.commits["first_parent"]
        after = (parents == self.commits["sha"].shift(1)).fill_null(value=False).to_numpy() & (own > 0)
        found = own - 1
        found[~after] = self.positions(self.commits.filter(~pl.Series(after)), "first_parent")
        return found

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
        position=pl.Series(known.own()),
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
    last = pulls.unique(KEY, keep="last", maintain_order=True)
    return last.select("repository", "number", sha="commits").explode("sha").drop_nulls("sha")


def _with_merges(pulls: pl.DataFrame, known: Known) -> pl.DataFrame:
    """The pull requests with `merge`, the position of the commit that the host names as their merge; null for none."""
    named = pulls.select("repository", pl.col("merge_sha").str.to_lowercase())
    merge = pl.Series(known.positions(named, "merge_sha"))
    return pulls.with_columns(merge=pl.when(merge >= 0).then(merge))


def _repositories(known: Known, frames: Mapping[str, pl.DataFrame], taking: pl.DataFrame) -> list[Repository]:
    """One repository each out of its rows."""
    first, second, more = _parents(known)
    named = _named(known, frames["tags"], taking)
    places = {table: stretches(frame) for table, frame in frames.items()}
    messages: dict[str, list[Named]] = {}
    for name, *told in taking.iter_rows():
        messages.setdefault(name, []).append(Named(*told))
    found = []
    for name, (start, size) in known.stretches.items():
        own = {table: frame.slice(*places[table].get(name, (0, 0))) for table, frame in frames.items()}
        end = start + size
        graph = CommitGraph(known.index[name], first[start:end], second[start:end], more.get(name, {}))
        found.append(Repository(Read(
            name=name, commits=own["commits"], graph=graph, tags=own["tags"], paths=own["paths"],
            takes_back=messages.get(name, ()), named=named.get(name, {}),
        )))  # fmt: skip
    return found


def _named(known: Known, tags: pl.DataFrame, taking: pl.DataFrame) -> dict[str, dict[str, int]]:
    """By repository the positions of the commits that tags and messages name, and of those with these messages."""
    told = taking.select("repository", sha="reverts").explode("sha").drop_nulls("sha")
    every = pl.concat([tags.select("repository", "sha"), taking.select("repository", "sha"), told]).sort("repository")
    shas, positions = every["sha"].to_list(), known.positions(every, "sha").tolist()
    return {
        name: {sha: at for sha, at in zip(shas[a : a + n], positions[a : a + n], strict=True) if at >= 0}
        for name, (a, n) in stretches(every).items()
    }


def _parents(known: Known) -> tuple[Positions, Positions, dict[str, dict[int, tuple[int, ...]]]]:
    """First and second known parent, -1 for none, and the rest: where one is not stored the next takes its place.

    `rest`: repository -> position -> positions.
    """
    commits = known.commits
    first, second = known.first_parents(), known.positions(commits, "second_parent")
    rest: dict[str, dict[int, tuple[int, ...]]] = {}
    rows = commits.select("repository", sha="more_parents", row=pl.int_range(pl.len())).drop_nulls("sha")
    rows = rows.explode("sha").drop_nulls("sha")
    further = dict[tuple[str, int], list[int]]()
    for (name, _, row), at in zip(rows.iter_rows(), known.positions(rows, "sha").tolist(), strict=True):
        further.setdefault((name, row), []).append(at)
    for (name, row), others in further.items():
        parents = [p for p in (int(first[row]), int(second[row]), *others) if p >= 0]
        first[row], second[row], *more = (*parents, -1, -1)[: max(2, len(parents))]
        if more:
            rest.setdefault(name, {})[row - known.stretches[name][0]] = tuple(more)
    moved = (first < 0) & (second >= 0)
    return np.where(moved, second, first), np.where(moved, -1, second), rest


def stretches(frame: pl.DataFrame, column: str = "repository") -> dict[str, tuple[int, int]]:
    """Repository -> (first row, number of rows) of a frame in which each one's rows lie together."""
    runs = frame[column].rle().struct.unnest()
    lengths = runs["len"].to_numpy().astype(np.int64)
    starts = (np.cumsum(lengths) - lengths).tolist()
    return dict(zip(runs["value"].to_list(), zip(starts, lengths.tolist(), strict=True), strict=True))
