"""What a deployment breaks, how that shows, and what ends it; and the curious moves that are no failures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from dora.demo.events import Candidate, Failure, Flag, Pull, Rollout
from dora.demo.pulls import between, urgent_pull
from dora.demo.working_time import minutes, next_working, pick, span

if TYPE_CHECKING:
    from dora.demo.timeline import Timeline

_MENDING = ("fix", "hotfix", "revert")
_BACK = ("rollback", "verification")


def judge(line: Timeline, rollout: Rollout) -> None:
    """Draw whether a deployment breaks something: larger batches do so more often; rollbacks never do."""
    size = len(rollout.pulls)
    line.usual_pulls += 0.05 * (size - line.usual_pulls)
    rate = between(line.team.fail_rate, line.history.progress_at(rollout.finished_at))
    rate *= min(2.0, 0.6 + 0.4 * size / line.usual_pulls)
    if rollout.purpose in _MENDING:
        rate = line.team.chain_rate
    if rollout.purpose in ("release", *_MENDING) and line.rng.random() < rate:
        _break(line, rollout)
    elif rollout.purpose == "release":
        _curiosities(line, rollout)


def _break(line: Timeline, rollout: Rollout) -> None:
    """Begin a failure and plan what ends it; one that would outlast the history stays open."""
    at = rollout.finished_at
    hours = between(line.team.recovery_hours, line.history.progress_at(at))
    ended = at + max(timedelta(minutes=14), span(line.rng, hours, 0.75))
    began = at + minutes(line.rng, 0.5, 6)
    detected = began + (ended - began) * line.rng.uniform(0.05, 0.4)
    failure = Failure(
        rollout=rollout, mode=_mode(line, rollout), began_at=began, detected_at=detected.replace(microsecond=0),
        ended_at=ended if ended < line.history.until else None,
    )  # fmt: skip
    line.history.failures.append(failure)
    line.broken_until[rollout.service] = ended
    if failure.mode in _BACK:
        line.at(ended, _roll_back, line, failure)
    elif failure.mode != "flag":
        line.at(ended - minutes(line.rng, 6, 11), _mend, line, failure, ended)
    elif failure.ended_at:
        _switch_off(line, failure, ended)


def _mode(line: Timeline, rollout: Rollout) -> str:
    """How it shows and ends, by the team's weights, as far as there is something to go back to."""
    mode = pick(line.rng, line.team.modes)
    if mode == "revert" and _culprit(rollout) is None:
        return "hotfix"
    return "hotfix" if mode in _BACK and _before(line, rollout) is None else mode


def _before(line: Timeline, rollout: Rollout) -> Rollout | None:
    """What was live last, of another commit."""
    others = [other for other in line.live[rollout.service] if other.commit is not rollout.commit]
    return others[-1] if others else None


def _same(rollout: Rollout, at: datetime) -> Candidate:
    """The version of an earlier deployment, once more; it ships nothing new."""
    return Candidate(rollout.version, rollout.commit, (), at)


def _culprit(rollout: Rollout) -> Pull | None:
    """The last pull request in it that a person wrote."""
    return next((pull for pull in reversed(rollout.pulls) if not pull.is_bot), None)


def _roll_back(at: datetime, line: Timeline, failure: Failure) -> None:
    """Put the version before back, and merge a fix later; nothing is promoted until then."""
    rollout = failure.rollout
    before = _before(line, rollout)
    if before is None:
        return
    line.staged.pop(rollout.service, None)
    failure.fix = line.deploy(at, rollout.service, _same(before, at), "rollback")
    mended = next_working(line.rng, at + span(line.rng, 3, 0.6))
    line.broken_until[rollout.service] = mended
    title = f"Fix {_broken_thing(rollout)}"
    line.at(mended, line.merge, urgent_pull(line.rng, line.team, line.name, (rollout.service,), mended, title, "fix"))


def _mend(at: datetime, line: Timeline, failure: Failure, ended: datetime) -> None:
    """Merge a fix, hotfix or revert, and deploy it when the failure is to end."""
    rollout, kind = failure.rollout, "fix" if failure.mode == "incident" else failure.mode
    culprit = _culprit(rollout) if kind == "revert" else None
    title = f'Revert "{culprit.title}"' if culprit else f"Fix {_broken_thing(rollout)}"
    pull = urgent_pull(line.rng, line.team, line.name, (rollout.service,), at, title, kind)
    if culprit:
        pull.branch = f"revert-{culprit.number}-{culprit.branch}"
    line.merge(at, pull, culprit, promote=False)
    failure.fix_pull = pull
    line.staged.pop(rollout.service, None)
    line.at(ended, _deploy_fix, line, failure, line.candidate(at, rollout.service), kind)
    if culprit and line.rng.random() < 0.3:
        _reapply(line, pull, culprit, ended)


def _deploy_fix(at: datetime, line: Timeline, failure: Failure, candidate: Candidate, kind: str) -> None:
    failure.fix = line.deploy(at, failure.rollout.service, candidate, kind)


def _reapply(line: Timeline, revert: Pull, culprit: Pull, ended: datetime) -> None:
    """The change comes back some days later: a revert of the revert."""
    at = next_working(line.rng, ended + span(line.rng, 40, 0.5))
    title = f'Reapply "{culprit.title}"'
    pull = urgent_pull(line.rng, line.team, line.name, culprit.services, at, title, "revert")
    line.at(at, line.merge, pull, revert)


def _switch_off(line: Timeline, failure: Failure, ended: datetime) -> None:
    service = failure.rollout.service
    flag = f"{service}-{line.rng.choice(('new-form', 'new-query', 'new-layout'))}"
    for state, at in (("on", failure.began_at), ("off", ended)):
        line.history.flags.append(Flag(flag=flag, service=service, state=state, changed_at=at, by_person=True))


def _broken_thing(rollout: Rollout) -> str:
    titles = [pull.title for pull in rollout.pulls if not pull.is_bot]
    words = titles[-1].replace('"', "").split(" ", 1)[-1] if titles else "settings"
    return f"{words} after {rollout.version}"[:70]


def _curiosities(line: Timeline, rollout: Rollout) -> None:
    """Now and then an older build is promoted late, or the same version is deployed once more."""
    at, service = rollout.finished_at, rollout.service
    older = line.skipped.pop(service, None)
    if line.team.cadence == "merge" and older and line.rng.random() < 0.03:
        older.pulls, older.cut_at = (), at
        line.at(at + minutes(line.rng, 15, 40), _again, line, rollout, older, "late")
        line.at(at + minutes(line.rng, 60, 90), _forward_again, line, rollout)
    elif not line.team.gitops and line.rng.random() < 0.02:
        later = next_working(line.rng, at + span(line.rng, 6, 0.6))
        line.at(later, _again, line, rollout, _same(rollout, at), "redeploy")


def _again(at: datetime, line: Timeline, live: Rollout, candidate: Candidate, purpose: str) -> None:
    """Unless something else has been deployed since, or is broken."""
    if line.live[live.service][-1] is live and at >= line.broken_until[live.service]:
        line.deploy(at, live.service, candidate, purpose)


def _forward_again(at: datetime, line: Timeline, rollout: Rollout) -> None:
    if line.live[rollout.service][-1].purpose == "late":
        line.deploy(at, rollout.service, _same(rollout, at), "redeploy")
