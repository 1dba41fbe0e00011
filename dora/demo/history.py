"""Plays the whole made-up organisation: every repository, then what touches several services at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from dora.demo.events import Failure, Flag, History, Rollout, Trouble
from dora.demo.organisation import PROMOTION_BOT, TEAMS, Team, repository_of
from dora.demo.timeline import Timeline
from dora.demo.working_time import minutes, next_working, span

_OUTAGES = ("Name resolution slow", "Object storage unavailable", "Certificate expired", "Provider network loss")
_REPLAYS_DAYS_AGO = (402, 37)


def make_history(seed: int, since: datetime, until: datetime, teams: tuple[Team, ...] = TEAMS) -> History:
    """The same seed, span and teams give the same history, to the second."""
    history = History(since, until)
    for team in teams:
        names = sorted({repository_of(team, service) for service in team.services})
        for name in names:
            services = tuple(s for s in team.services if repository_of(team, s) == name)
            Timeline(team, name, services, seed, history).play()
    rng = Random(f"{seed}:organisation")
    for days in _REPLAYS_DAYS_AGO:
        _replay(history, until - timedelta(days=days) + timedelta(hours=3, minutes=7))
    _leave_open(rng, history, teams)
    _add_troubles(rng, history, teams)
    _add_flags(rng, history, teams)
    history.rollouts.sort(key=lambda rollout: (rollout.finished_at, rollout.service, rollout.environment))
    history.failures.sort(key=lambda failure: (failure.began_at, failure.rollout.service))
    return history


def _replay(history: History, at: datetime) -> None:
    """A platform event: by night an old state of all GitOps services comes back, and goes again 50 minutes later."""
    if not history.since < at < history.until - timedelta(days=1):
        return
    live: dict[str, list[Rollout]] = {}
    busy = set()
    for rollout in sorted(history.rollouts, key=lambda r: r.finished_at):
        if rollout.team.gitops and rollout.environment == "production" and rollout.status == "succeeded":
            if rollout.finished_at < at:
                live.setdefault(rollout.service, []).append(rollout)
            elif rollout.finished_at < at + timedelta(hours=1):
                busy.add(rollout.service)
    for service, past in live.items():
        older = [rollout for rollout in past[-6:-1] if rollout.commit is not past[-1].commit]
        if service not in busy and older:
            for target, moment in ((older[0], at), (past[-1], at + timedelta(minutes=50))):
                history.rollouts.append(_copy(target, moment))


def _copy(target: Rollout, at: datetime) -> Rollout:
    return Rollout(
        team=target.team, service=target.service, repository=target.repository, environment=target.environment,
        version=target.version, commit=target.commit, status="succeeded", created_at=at, started_at=at,
        finished_at=at, actor=PROMOTION_BOT, automatic=True, mechanism=target.mechanism, purpose="replay",
    )  # fmt: skip


def _leave_open(rng: Random, history: History, teams: tuple[Team, ...]) -> None:
    """Two failures have no end yet: a recent one of the team that breaks most, and one of the last quarterly release."""
    for team in teams:
        mine = [failure for failure in history.failures if failure.rollout.team is team]
        if team.cadence == "quarterly":
            _break_last_release(rng, history, team, {id(failure.rollout) for failure in mine})
        elif team.chain_rate > 0.15:
            recent = [f for f in mine if f.mode == "incident" and f.detected_at < history.until - timedelta(days=1)]
            for failure in sorted(recent, key=lambda f: f.began_at)[-1:]:
                failure.ended_at, failure.fix, failure.fix_pull = None, None, None


def _break_last_release(rng: Random, history: History, team: Team, broken: set[int]) -> None:
    releases = [
        r for r in history.rollouts
        if r.team is team and r.environment == "production" and r.status == "succeeded" and r.purpose == "release"
        and id(r) not in broken and r.finished_at < history.until - timedelta(days=2)
    ]  # fmt: skip
    for rollout in sorted(releases, key=lambda r: r.finished_at)[-1:]:
        began = rollout.finished_at + minutes(rng, 20, 90)
        detected = began + minutes(rng, 300, 900)
        failure = Failure(rollout=rollout, mode="incident", began_at=began, detected_at=detected, ended_at=None)
        history.failures.append(failure)


def _add_troubles(rng: Random, history: History, teams: tuple[Team, ...]) -> None:
    """Incidents that no deployment caused: one or two a month, a third of them across several teams."""
    services = [service for team in teams for service in team.services]
    day = history.since + timedelta(days=5)
    while day < history.until - timedelta(days=1):
        began = day + minutes(rng, 0, 1439)
        several = rng.random() < 0.35
        touched = tuple(sorted(rng.sample(services, min(len(services), rng.randrange(3, 7) if several else 1))))
        ended = began + span(rng, 2.5, 0.9)
        history.troubles.append(
            Trouble(
                title=rng.choice(_OUTAGES),
                services=touched,
                began_at=began,
                detected_at=began + minutes(rng, 1, 25),
                ended_at=ended if ended < history.until else None,
                severity="sev1" if several else "sev2",
            )
        )
        day += timedelta(days=rng.randrange(9, 32))


def _add_flags(rng: Random, history: History, teams: tuple[Team, ...]) -> None:
    """Releases that are no deployments: three teams turn features on in steps."""
    for team in teams:
        if team.name not in ("Checkout", "Discovery", "Platform"):
            continue
        count = max(1, (history.until - history.since).days // 28)
        for number in range(count):
            at = history.since + (history.until - history.since) * ((number + rng.random()) / count)
            at = next_working(rng, at.replace(microsecond=0))
            service = rng.choice(team.services)
            for state in ("10 %", "50 %", "on"):
                if at < history.until:
                    history.flags.append(
                        Flag(
                            flag=f"{service}-step-{number + 1}",
                            service=service,
                            state=state,
                            changed_at=at,
                            by_person=state != "50 %",
                        )
                    )
                at = next_working(rng, at + span(rng, 20, 0.5))
