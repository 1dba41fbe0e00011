"""The history of one repository: merges, rehearsals and releases, event after event."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from dora.demo import breaking
from dora.demo.events import Candidate, History, Pull, Rollout
from dora.demo.git_objects import MadeRepository
from dora.demo.merging import Mainline
from dora.demo.organisation import PROMOTION_BOT, Team, members_of, release_managers
from dora.demo.pulls import between, plan_pull, plan_pulls
from dora.demo.schedule import release_moments
from dora.demo.working_time import minutes, next_working, span

_TITLES = {
    "example/search-web": 'Escape titles such as <script>alert("made-up")</script>',
    "example/product-web": "Reject names such as '; drop table deployments; --",
}
#: Purposes of deployments that are started by hand even where promotion is automatic.
_BY_HAND = ("rollback", "fix", "hotfix", "revert", "late")
Action = Callable[..., object]


class Timeline:
    """Plays one repository from start to end; what happens is added to `history`.

    live: each service's succeeded production deployments so far.  staged: its candidate.  skipped: a candidate
    that a newer one overtook.  broken_until: before that nothing is promoted.
    """

    def __init__(self, team: Team, name: str, services: tuple[str, ...], seed: int, history: History) -> None:
        self.team, self.name, self.services, self.history = team, name, services, history
        self.rng = Random(f"{seed}:{name}")
        self.made = history.repositories.setdefault(name, MadeRepository(name))
        self.main = Mainline(self.rng, team, self.made, history.since - timedelta(days=3))
        self.live: dict[str, list[Rollout]] = {service: [] for service in services}
        self.staged: dict[str, Candidate] = {}
        self.skipped: dict[str, Candidate] = {}
        self.broken_until: dict[str, datetime] = dict.fromkeys(services, history.since)
        self.usual_pulls = 2.0
        self._unshipped: dict[str, list[Pull]] = {service: [] for service in services}
        self._queue: list[tuple[datetime, int, Action, tuple[object, ...]]] = []
        self._scheduled = self._versions = 0

    def play(self) -> None:
        """Run every event before the end, then keep what is still open."""
        plans = plan_pulls(self.rng, self.team, self.name, self.services, self.history)
        if self.name in _TITLES and len(plans) > 60:
            plans[-30].title = _TITLES[self.name]
        for pull in plans:
            self.at(pull.merged_at or pull.opened_at, self.merge, pull)
        for pull in self._given_up(len(plans)):
            self.at(pull.opened_at, self._open, pull)
        for cut_at, release_at in release_moments(self.rng, self.team, self.history):
            self.at(cut_at, self._cut, release_at)
        for service in self.services:
            self.at(self.history.since + timedelta(hours=9), self._first, service)
        while self._queue and self._queue[0][0] < self.history.until:
            moment, _, action, arguments = heapq.heappop(self._queue)
            action(moment, *arguments)
        for pull in plans:
            if not pull.number and pull.opened_at < self.history.until:
                self._open(pull.opened_at, pull)

    def at(self, moment: datetime, action: Action, *arguments: object) -> None:
        """Do `action(moment, *arguments)` when the history gets there."""
        self._scheduled += 1
        heapq.heappush(self._queue, (moment.replace(microsecond=0), self._scheduled, action, arguments))

    def merge(self, at: datetime, pull: Pull, undoes: Pull | None = None, promote: bool = True) -> None:
        """Merge a pull request; where merging starts a release, start it."""
        self.main.merge(pull, at, undoes)
        self.history.pulls.append(pull)
        for service in pull.services:
            self._unshipped[service].append(pull)
            if self.team.cadence == "merge" and promote:
                self.at(at + minutes(self.rng, 8, 15), self._stage, service)

    def candidate(self, at: datetime, service: str) -> Candidate:
        """Build the head of the mainline and tag it as the next version."""
        self._versions += 1
        version = self.team.version.format(n=self._versions, year=at.year)
        self.made.tag(version, self.main.head, at)
        return Candidate(version, self.main.head, tuple(self._unshipped[service]), at)

    def deploy(
        self, at: datetime, service: str, candidate: Candidate, purpose: str = "release", run: str = ""
    ) -> Rollout | None:
        """One try to put a candidate into production; a stumble is recorded, and tried again later."""
        live = self.live[service]
        if purpose == "release" and live and self.rng.random() < self.team.stumble_rate:
            status = "failed" if self.rng.random() < 0.7 else "cancelled"
            self._record(at, service, candidate, status, "production", purpose, run)
            self.at(at + minutes(self.rng, 18, 75), self.deploy, service, candidate, purpose, run)
            return None
        rollout = self._record(at, service, candidate, "succeeded", "production", purpose, run)
        self._unshipped[service] = [pull for pull in self._unshipped[service] if pull not in candidate.pulls]
        live.append(rollout)
        if len(live) > 1:
            breaking.judge(self, rollout)
        return rollout

    # releases

    def _first(self, at: datetime, service: str) -> None:
        self.deploy(at, service, self.candidate(at, service))

    def _cut(self, at: datetime, release_at: datetime) -> None:
        """Freeze what is merged, rehearse it, and release it to all services of the repository one by one."""
        run = f"{self.name}-{release_at:%Y-%m-%d}"
        cut = self.candidate(at, self.services[0])
        for number, service in enumerate(self.services):
            if self.live[service] and self.live[service][-1].commit is cut.commit:
                continue
            mine = Candidate(cut.version, cut.commit, tuple(self._unshipped[service]), at)
            self._rehearse(at + minutes(self.rng, 20, 60), service, mine)
            self.at(release_at + timedelta(minutes=11 * number), self.deploy, service, mine, "release", run)

    def _stage(self, at: datetime, service: str) -> None:
        """Rehearse the newest build where the team does, and promote it after its wait."""
        candidate = self.candidate(at, service)
        if service in self.staged:
            self.skipped[service] = self.staged[service]
        self.staged[service] = candidate
        ready = self._rehearse(at + minutes(self.rng, 3, 9), service, candidate) if self.team.staging else at
        moment = ready + span(self.rng, between(self.team.wait_hours, self.history.progress_at(at)), 0.6)
        if self.team.deployer != "bot":
            moment = next_working(self.rng, moment)
        self.at(moment, self._promote, service, candidate)

    def _rehearse(self, at: datetime, service: str, candidate: Candidate) -> datetime:
        if at < self.history.until:
            self._record(at, service, candidate, "succeeded", "staging", "release", "")
        return at

    def _promote(self, at: datetime, service: str, candidate: Candidate) -> None:
        """Deploy the newest rehearsed version; while something is broken, wait until it is mended."""
        if self.staged.get(service) is not candidate:
            return
        if at < self.broken_until[service]:
            later = next_working(self.rng, self.broken_until[service] + minutes(self.rng, 5, 40))
            self.at(later, self._promote, service, candidate)
            return
        del self.staged[service]
        self.deploy(at, service, candidate)

    def _record(
        self, at: datetime, service: str, candidate: Candidate, status: str, environment: str, purpose: str, run: str
    ) -> Rollout:
        production = environment == "production"
        automatic = not production or (self.team.deployer == "bot" and purpose not in _BY_HAND)
        started = at - minutes(self.rng, 2, 9) * (3 if self.team.cadence == "quarterly" else 1)
        created = started - minutes(self.rng, 0.2, 2)
        if production and self.team.deployer == "release" and purpose == "release":
            created = min(started, max(candidate.cut_at, at - span(self.rng, 20, 0.4)))
        rollout = Rollout(
            team=self.team, service=service, repository=self.name, environment=environment, version=candidate.version,
            commit=candidate.commit, status=status, created_at=created, started_at=started, finished_at=at,
            actor=PROMOTION_BOT if automatic else self._deployer(candidate), automatic=automatic,
            mechanism="gitops" if self.team.gitops else "pipeline", pulls=candidate.pulls, run=run, purpose=purpose,
        )  # fmt: skip
        self.history.rollouts.append(rollout)
        return rollout

    def _deployer(self, candidate: Candidate) -> str:
        if self.team.deployer == "release":
            return self.rng.choice(release_managers(self.team))
        authors = [pull.author for pull in candidate.pulls if not pull.is_bot]
        return authors[-1] if authors and self.rng.random() < 0.85 else self.rng.choice(members_of(self.team))

    # pull requests that are never merged

    def _given_up(self, merged: int) -> list[Pull]:
        """One in twenty-five is closed without a merge."""
        span_of_all = self.history.until - self.history.since
        moments = [self.history.since + span_of_all * self.rng.random() for _ in range(merged // 25)]
        return [
            plan_pull(self.rng, self.team, self.name, self.services[:1], at.replace(microsecond=0), self.history)
            for at in moments
        ]

    def _open(self, _at: datetime, pull: Pull) -> None:
        """Number a pull request that is not merged; what would come after the end has not happened."""
        self.main.number += 1
        pull.number, pull.merged_at, pull.approved_at = self.main.number, None, None
        if pull.closed_at and pull.closed_at >= self.history.until:
            pull.closed_at = None
        if pull.first_review_at and pull.first_review_at >= self.history.until:
            pull.first_review_at = None
        self.history.pulls.append(pull)
