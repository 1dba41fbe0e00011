"""The history of one repository: merges, releases, failures and what ended them, event after event."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import Failure, Flag, History, Pull, Rollout
from dora.demo.git_objects import MadeCommit, MadeRepository
from dora.demo.merging import Mainline
from dora.demo.organisation import PROMOTION_BOT, Team, members_of, release_managers
from dora.demo.pulls import between, plan_pull, plan_pulls, urgent_pull
from dora.demo.schedule import release_moments
from dora.demo.working_time import minutes, next_working, pick, span

_TITLES = {
    "example/search-web": 'Escape titles such as <script>alert("made-up")</script>',
    "example/product-web": "Reject names such as '; drop table deployments; --",
}


@dataclass(slots=True, eq=False)
class _Candidate:
    """A version on its way to production."""

    version: str
    commit: MadeCommit
    pulls: tuple[Pull, ...]
    cut_at: datetime


class Timeline:
    """Plays one repository from start to end; what happens is added to `history`."""

    def __init__(self, team: Team, name: str, services: tuple[str, ...], seed: int, history: History) -> None:
        self.team, self.name, self.services, self.history = team, name, services, history
        self.rng = Random(f"{seed}:{name}")
        self.made = history.repositories.setdefault(name, MadeRepository(name))
        self.main = Mainline(self.rng, team, self.made, history.since - timedelta(days=3))
        self._queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._count = self._versions = 0
        self._staged: dict[str, _Candidate] = {}
        self._skipped: dict[str, _Candidate] = {}
        self._unshipped: dict[str, list[Pull]] = {service: [] for service in services}
        self._live: dict[str, list[Rollout]] = {service: [] for service in services}
        self._broken_until: dict[str, datetime] = dict.fromkeys(services, history.since)
        self._usual = 2.0

    def play(self) -> None:
        """Run every event before the end, then keep what is still open."""
        plans = plan_pulls(self.rng, self.team, self.name, self.services, self.history)
        if self.name in _TITLES and len(plans) > 60:
            plans[-30].title = _TITLES[self.name]
        for pull in plans:
            self._at(pull.merged_at or pull.opened_at, lambda at, pull=pull: self._merge(pull, at))  # type: ignore[misc]
        for cut_at, release_at in release_moments(self.rng, self.team, self.history):
            self._at(cut_at, lambda at, release_at=release_at: self._cut(at, release_at))  # type: ignore[misc]
        for service in self.services:
            self._at(self.history.since + timedelta(hours=9), lambda at, service=service: self._first(service, at))  # type: ignore[misc]
        while self._queue and self._queue[0][0] < self.history.until:
            at, _, action = heapq.heappop(self._queue)
            action(at)
        self._keep_open([pull for pull in plans if not pull.number and pull.opened_at < self.history.until])

    def _at(self, moment: datetime, action: Callable[[datetime], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (moment.replace(microsecond=0), self._count, action))

    def _keep_open(self, waiting: list[Pull]) -> None:
        """Number what was opened and not merged; some of the older ones were given up."""
        for pull in waiting:
            self.main.number += 1
            pull.number, pull.merged_at, pull.closed_at = self.main.number, None, None
            for name in ("first_review_at", "approved_at"):
                moment = getattr(pull, name)
                if moment is not None and moment >= self.history.until:
                    setattr(pull, name, None)
            self.history.pulls.append(pull)
        for _ in range(round(0.04 * self.main.number)):
            at = self.history.since + (self.history.until - self.history.since) * self.rng.random()
            pull = plan_pull(self.rng, self.team, self.name, self.services[:1], at.replace(microsecond=0), self.history)
            self.main.number += 1
            pull.number, pull.merged_at, pull.approved_at = self.main.number, None, None
            self.history.pulls.append(pull)

    # merges and releases

    def _merge(self, pull: Pull, at: datetime, undoes: Pull | None = None, promote: bool = True) -> None:
        self.main.merge(pull, at, undoes)
        self.history.pulls.append(pull)
        for service in pull.services:
            self._unshipped[service].append(pull)
            if self.team.cadence == "merge" and promote:
                self._at(at + minutes(self.rng, 8, 15), lambda now, service=service: self._stage(service, now))  # type: ignore[misc]

    def _first(self, service: str, at: datetime) -> None:
        self._attempt(service, self._candidate(service, at), at)

    def _cut(self, at: datetime, release_at: datetime) -> None:
        shared = f"{self.name}@{release_at:%Y-%m-%d}"
        candidate = self._candidate(self.services[0], at)
        for number, service in enumerate(self.services):
            if self._live[service] and self._live[service][-1].commit is candidate.commit:
                continue
            mine = _Candidate(candidate.version, candidate.commit, tuple(self._unshipped[service]), at)
            self._rehearse(service, mine, at + minutes(self.rng, 20, 60))
            moment = release_at + timedelta(minutes=11 * number)
            self._at(moment, lambda now, s=service, c=mine: self._attempt(s, c, now, release=shared))  # type: ignore[misc]

    def _stage(self, service: str, at: datetime) -> None:
        candidate = self._candidate(service, at)
        if service in self._staged:
            self._skipped[service] = self._staged[service]
        self._staged[service] = candidate
        ready = self._rehearse(service, candidate, at + minutes(self.rng, 3, 9)) if self.team.staging else at
        moment = ready + span(self.rng, between(self.team.wait_hours, self.history.progress_at(at)), 0.6)
        if self.team.deployer != "bot":
            moment = next_working(self.rng, moment)
        self._at(moment, lambda now: self._promote(service, candidate, now))

    def _rehearse(self, service: str, candidate: _Candidate, at: datetime) -> datetime:
        if at < self.history.until:
            self._record(service, candidate, at, "succeeded", "staging", "release", "")
        return at

    def _promote(self, service: str, candidate: _Candidate, at: datetime) -> None:
        """Deploy the newest rehearsed version; while something is broken, wait until it is mended."""
        if self._staged.get(service) is not candidate:
            return
        if at < self._broken_until[service]:
            later = next_working(self.rng, self._broken_until[service] + minutes(self.rng, 5, 40))
            self._at(later, lambda now: self._promote(service, candidate, now))
            return
        del self._staged[service]
        self._attempt(service, candidate, at)

    def _candidate(self, service: str, at: datetime) -> _Candidate:
        self._versions += 1
        version = self.team.version.format(n=self._versions, year=at.year)
        self.made.tag(version, self.main.head, at)
        return _Candidate(version, self.main.head, tuple(self._unshipped[service]), at)

    # deployments

    def _attempt(
        self, service: str, candidate: _Candidate, at: datetime, purpose: str = "release", release: str = ""
    ) -> Rollout | None:
        """One try; a stumble is recorded as failed or cancelled and tried again."""
        live = self._live[service]
        if purpose == "release" and live and self.rng.random() < self.team.stumble_rate:
            status = "failed" if self.rng.random() < 0.7 else "cancelled"
            self._record(service, candidate, at, status, "production", purpose, release)
            again = at + minutes(self.rng, 18, 75)
            self._at(again, lambda now: self._attempt(service, candidate, now, purpose, release) and None)
            return None
        rollout = self._record(service, candidate, at, "succeeded", "production", purpose, release)
        self._unshipped[service] = [pull for pull in self._unshipped[service] if pull not in candidate.pulls]
        first = not live
        live.append(rollout)
        if not first:
            self._judge(rollout, at)
        return rollout

    def _record(
        self, service: str, candidate: _Candidate, at: datetime, status: str, environment: str, purpose: str, release: str
    ) -> Rollout:
        took = minutes(self.rng, 2, 9) * (3 if self.team.cadence == "quarterly" else 1)
        planned = self.team.deployer == "release" and purpose == "release" and environment == "production"
        created = max(candidate.cut_at, at - span(self.rng, 20, 0.4)) if planned else at - took - minutes(self.rng, 0.2, 2)
        automatic = environment == "staging" or (self.team.deployer == "bot" and purpose in ("release", "redeploy"))
        rollout = Rollout(
            team=self.team, service=service, repository=self.name, environment=environment, version=candidate.version,
            commit=candidate.commit, status=status, created_at=min(created, at - took), started_at=at - took,
            finished_at=at, actor=PROMOTION_BOT if automatic else self._deployer(candidate), automatic=automatic,
            mechanism="gitops" if self.team.gitops else "pipeline", pulls=candidate.pulls, release=release,
            purpose=purpose,
        )  # fmt: skip
        self.history.rollouts.append(rollout)
        return rollout

    def _deployer(self, candidate: _Candidate) -> str:
        if self.team.deployer == "release":
            return self.rng.choice(release_managers(self.team))
        authors = [pull.author for pull in candidate.pulls if not pull.is_bot]
        return authors[-1] if authors and self.rng.random() < 0.85 else self.rng.choice(members_of(self.team))

    # failures

    def _judge(self, rollout: Rollout, at: datetime) -> None:
        """Draw whether it breaks something: larger batches do so more often; then perhaps a curiosity."""
        size = len(rollout.pulls)
        self._usual += 0.05 * (size - self._usual)
        rate = between(self.team.fail_rate, self.history.progress_at(at)) * min(2.0, 0.6 + 0.4 * size / self._usual)
        if rollout.purpose in ("fix", "hotfix", "revert"):
            rate = self.team.chain_rate
        if rollout.purpose not in ("rollback", "late", "redeploy") and self.rng.random() < rate:
            self._break(rollout, at)
        elif rollout.purpose == "release":
            self._curiosities(rollout, at)

    def _break(self, rollout: Rollout, at: datetime) -> None:
        hours = between(self.team.recovery_hours, self.history.progress_at(at))
        ended = at + max(timedelta(minutes=14), span(self.rng, hours, 0.75))
        began = at + minutes(self.rng, 0.5, 6)
        failure = Failure(
            rollout=rollout, mode=self._mode(rollout), began_at=began, ended_at=ended,
            detected_at=began + (ended - began) * self.rng.uniform(0.05, 0.4),
        )  # fmt: skip
        failure.detected_at = failure.detected_at.replace(microsecond=0)
        self.history.failures.append(failure)
        self._broken_until[rollout.service] = ended
        if ended >= self.history.until:
            failure.ended_at = None
        elif failure.mode in ("rollback", "verification"):
            self._at(ended, lambda now: self._roll_back(failure, now))
        elif failure.mode == "flag":
            self._switch_off(failure, ended)
        else:
            self._at(ended - minutes(self.rng, 6, 11), lambda now: self._mend(failure, now))

    def _mode(self, rollout: Rollout) -> str:
        mode = pick(self.rng, self.team.modes)
        if mode == "revert" and not any(not pull.is_bot for pull in rollout.pulls):
            mode = "hotfix"
        return "hotfix" if mode in ("rollback", "verification") and self._before(rollout) is None else mode

    def _before(self, rollout: Rollout) -> Rollout | None:
        """What was live before it, of another commit."""
        others = [other for other in self._live[rollout.service] if other.commit is not rollout.commit]
        return others[-1] if others else None

    def _roll_back(self, failure: Failure, at: datetime) -> None:
        """Put the version before back, and merge a fix later; nothing is promoted until then."""
        rollout = failure.rollout
        before = self._before(rollout)
        if before is None or before.commit is None:
            return
        self._staged.pop(rollout.service, None)
        candidate = _Candidate(before.version, before.commit, (), at)
        failure.fix = self._attempt(rollout.service, candidate, at, "rollback")
        title = f"Fix {self._broken_thing(rollout)}"
        mended = next_working(self.rng, at + span(self.rng, 3, 0.6))
        self._broken_until[rollout.service] = mended
        pull = urgent_pull(self.rng, self.team, self.name, (rollout.service,), mended, title, "fix")
        self._at(mended, lambda now: self._merge(pull, now))

    def _mend(self, failure: Failure, at: datetime) -> None:
        """Merge a fix, hotfix or revert and deploy it when the failure is to end."""
        rollout, mode = failure.rollout, {"incident": "fix"}.get(failure.mode, failure.mode)
        culprit = next((pull for pull in reversed(rollout.pulls) if not pull.is_bot), None) if mode == "revert" else None
        title = f'Revert "{culprit.title}"' if culprit else f"Fix {self._broken_thing(rollout)}"
        pull = urgent_pull(self.rng, self.team, self.name, (rollout.service,), at, title, mode)
        if culprit:
            pull.branch = f"revert-{culprit.number}-{culprit.branch}"
        self._merge(pull, at, culprit, promote=False)
        failure.fix_pull = pull
        self._staged.pop(rollout.service, None)
        candidate = self._candidate(rollout.service, at)
        ended = failure.ended_at or at + timedelta(minutes=8)

        def deploy(now: datetime) -> None:
            failure.fix = self._attempt(rollout.service, candidate, now, mode)

        self._at(ended, deploy)
        if culprit and self.rng.random() < 0.3:
            self._reapply(pull, culprit, ended)

    def _reapply(self, revert: Pull, culprit: Pull, ended: datetime) -> None:
        """The change comes back some days later: a revert of the revert."""
        at = next_working(self.rng, ended + span(self.rng, 40, 0.5))
        title = f'Reapply "{culprit.title}"'
        pull = urgent_pull(self.rng, self.team, self.name, culprit.services, at, title, "revert")
        self._at(at, lambda now: self._merge(pull, now, revert))

    def _switch_off(self, failure: Failure, ended: datetime) -> None:
        flag = f"{failure.rollout.service}-{self.rng.choice(('new-form', 'new-query', 'new-layout'))}"
        self.history.flags.append(Flag(flag=flag, service=failure.rollout.service, state="on", changed_at=failure.began_at, by_person=True))
        self.history.flags.append(Flag(flag=flag, service=failure.rollout.service, state="off", changed_at=ended, by_person=True))

    def _broken_thing(self, rollout: Rollout) -> str:
        titles = [pull.title for pull in rollout.pulls if not pull.is_bot]
        words = titles[-1].replace('"', "").split(" ", 1)[-1] if titles else "settings"
        return f"{words} after {rollout.version}"[:70]

    # things that are no failures

    def _curiosities(self, rollout: Rollout, at: datetime) -> None:
        """A late promotion of an older build, or the same version once more."""
        service, older = rollout.service, self._skipped.pop(rollout.service, None)
        if self.team.cadence == "merge" and older and self.rng.random() < 0.03:
            older_first = _Candidate(older.version, older.commit, (), at)
            self._at(at + minutes(self.rng, 15, 40), lambda now: self._again(rollout, older_first, "late", now))
            newer = _Candidate(rollout.version, rollout.commit or self.main.head, (), at)
            self._at(at + minutes(self.rng, 60, 90), lambda now: self._once_more(service, newer, now))
        elif not self.team.gitops and self.rng.random() < 0.02:
            same = _Candidate(rollout.version, rollout.commit or self.main.head, (), at)
            later = next_working(self.rng, at + span(self.rng, 6, 0.6))
            self._at(later, lambda now: self._again(rollout, same, "redeploy", now))

    def _again(self, live: Rollout, candidate: _Candidate, purpose: str, at: datetime) -> None:
        if self._live[live.service][-1] is live and at >= self._broken_until[live.service]:
            self._attempt(live.service, candidate, at, purpose)

    def _once_more(self, service: str, candidate: _Candidate, at: datetime) -> None:
        if self._live[service][-1].purpose == "late":
            self._attempt(service, candidate, at, "redeploy")
