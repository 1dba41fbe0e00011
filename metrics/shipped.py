"""What the rules of the ledger look things up in: one line of deployments, and which of them shipped what."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from metrics.copies import shipped_once, waiting_once
from metrics.deployments import Deployed, Line
from metrics.lineage import Shipment
from metrics.repository import Repository
from metrics.sha_index import Positions


class Revert(NamedTuple):
    """A commit that takes back another, and the deployments that had first shipped that and it."""

    commit: int
    target: int
    blamed: Deployed
    deployed: Deployed


@dataclass(slots=True)
class Shipped:
    """What the rules look things up in: one line, its repository, and who shipped each commit first.

    `concerned`: the commits that are about the service, see `Repository.concerning`; `owners`: for every one of these the
    place in the line of the deployment that first shipped it, -1 for the others and for those of the baseline.
    `requests`: the same for every row of the repository's pull requests; the length of the line where one still waits.
    `waiting`: the commits of the default branch that none shipped. `others`: copies of what was shipped, see `metrics.copies`.
    """

    line: Line
    repository: Repository | None
    owners: Positions
    requests: Positions
    waiting: Sequence[int] = ()
    others: AbstractSet[int] = frozenset()
    by_id: dict[str, Deployed] = field(init=False)
    _times: list[datetime] = field(init=False)
    _after: dict[str, Deployed] = field(init=False)
    _versions: dict[str | None, list[Deployed]] = field(init=False)
    _shas: dict[str, list[Deployed]] = field(init=False)
    _sha_names: list[str] = field(init=False)
    _reverts: list[Revert] | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.by_id = {d.deployment_id: d for d in self.line}
        self._times = [d.finished_at for d in self.line]
        self._after = {d.replaced_id: d for d in self.line if d.replaced_id}
        self._versions, self._shas, self._sha_names = {}, {}, []

    @classmethod
    def of(cls, line: Line, repository: Repository | None, paths: Sequence[str], visited: bytearray | None) -> Shipped:
        """Index the first-shipped commits of a line, of whatever paths, for a service of these.

        `visited`: which commits were ever contained, see `metrics.lineage.ship`. What a copy had shipped before is taken out of
        the shipments.
        """
        if repository is None or visited is None:
            return cls(line, None, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        owners = np.full(repository.commits.height, -1, dtype=np.int64)
        shipped = [d.shipment.first if d.shipment else [] for d in line]
        owners[np.fromiter(chain(*shipped), np.int64)] = np.repeat(np.arange(len(line)), [len(s) for s in shipped])
        contained = np.frombuffer(visited, dtype=np.uint8) > 0
        waiting = repository.undeployed(visited)
        copies = repository.copies_within(paths)
        others = shipped_once(copies, owners, contained)
        if copies:
            waiting = waiting_once(copies, contained, waiting)
            _take_out(line, others)
        concerned = repository.concerning(paths)
        requests = np.where(concerned[repository.merges], _first_requests(line, repository, owners, contained), -1)
        return cls(line, repository, np.where(concerned, owners, -1), requests, waiting, others)

    def by_commit(self, commit: int | None) -> Deployed | None:
        """The deployment that first shipped a commit; None while undeployed, in the baseline, or unknown."""
        owner = -1 if commit is None else int(self.owners[commit])
        return self.line[owner] if owner >= 0 else None

    def ranged(self, shipment: Shipment) -> Sequence[int]:
        """What lies between a deployment and the one before it, but for copies of what had shipped before."""
        return [commit for commit in shipment.range if commit not in self.others] if self.others else shipment.range

    def of_version(self, version: object) -> list[Deployed]:
        """The deployments of a version, in time order."""
        if not self._versions:
            for deployed in self.line:
                self._versions.setdefault(deployed.version, []).append(deployed)
        return self._versions.get(str(version), [])

    def of_sha(self, sha: str) -> list[Deployed]:
        """The deployments of a commit, known or not, by its full or abbreviated (7+ digits, unambiguous) sha, in time order."""
        if not self._shas:
            for deployed in self.line:
                self._shas.setdefault((deployed.sha or "").lower(), []).append(deployed)
            self._sha_names = sorted(self._shas)
        sha = sha.lower()
        if sha in self._shas or len(sha) < 7:
            return self._shas.get(sha, []) if sha else []
        place = bisect_left(self._sha_names, sha)
        near = [name for name in self._sha_names[place : place + 2] if name.startswith(sha)]
        return self._shas[near[0]] if len(near) == 1 else []

    def finished_in(self, since: datetime, until: datetime) -> list[Deployed]:
        """The deployments of the line finished in (since, until], newest first."""
        return self.line[bisect_right(self._times, since) : bisect_right(self._times, until)][::-1]

    def live_at(self, moment: datetime) -> Deployed | None:
        """The last deployment finished by then; None before the first."""
        place = bisect_right(self._times, moment)
        return self.line[place - 1] if place else None

    def before(self, deployed: Deployed, most: int) -> list[Deployed]:
        """At most so many deployments before one of the line, newest first."""
        place = bisect_left(self.line, deployed.order, key=lambda one: one.order)
        return self.line[max(place - most, 0) : place][::-1]

    def after(self, deployed: Deployed) -> Deployed | None:
        """The succeeded deployment that replaced this one; None while it is running."""
        return self._after.get(deployed.deployment_id)

    def pull_request(self, number: int) -> Deployed | None:
        """The deployment that first shipped a pull request; None while undeployed, in the baseline, or unknown."""
        row = self.repository.request_rows.get(number) if self.repository else None
        return None if row is None else self._request(row)

    @property
    def reverts(self) -> list[Revert]:
        """Those that tell of a failure: shipped after their target, which did not take something away itself."""
        if self._reverts is None:
            self._reverts = list(self._taking_back(self.repository)) if self.repository else []
        return self._reverts

    def _taking_back(self, repository: Repository) -> Iterator[Revert]:
        for commit in repository.takes_back:
            deployed = None if commit in self.others else self.by_commit(commit)
            for target in repository.reverted(commit) if deployed else ():
                blamed = self._taken_back(target)
                if deployed and blamed and blamed.order < deployed.order and not repository.takes_away(target):
                    yield Revert(commit, target, blamed, deployed)

    def _taken_back(self, commit: int) -> Deployed | None:
        """The deployment that first shipped what a revert of this commit takes back: the pull request that it merged, else itself."""
        row = self.repository.merged_rows.get(commit) if self.repository else None
        return self.by_commit(commit) if row is None else self._request(row)

    def _request(self, row: int) -> Deployed | None:
        place = int(self.requests[row])
        return self.line[place] if 0 <= place < len(self.line) else None


def _take_out(line: Line, others: AbstractSet[int]) -> None:
    """Leave these commits out of what the deployments of a line shipped first."""
    for deployed in line:
        if deployed.shipment and not others.isdisjoint(deployed.shipment.first):
            deployed.shipment.first = [commit for commit in deployed.shipment.first if commit not in others]


def _first_requests(line: Line, repository: Repository, owners: Positions, contained: NDArray[np.bool_]) -> Positions:
    """For every pull request the place of the deployment that shipped all its own commits, or its merge when that came first.

    -1: the baseline did; the length of the line: none has.
    """
    # Deployments of the default branch ship nothing before the merge that brought it: only what is listed may differ.
    positions = [d.position for d in line if d.position is not None]
    along = repository.line is not None and bool((repository.landed[positions] == positions).all())
    own = repository.listed_commits if along else repository.own_commits

    def places(commits: Positions) -> Positions:
        return np.where((owners[commits] < 0) & ~contained[commits], len(line), owners[commits])

    unknown = -2
    whole = np.full(len(repository.merges), unknown, dtype=np.int64)
    np.maximum.at(whole, own.of, places(own.commits))
    whole[whole == unknown] = len(line)
    return np.minimum(places(repository.merges), whole[own.like])
