"""Turns merged pull requests into commits, the way the team merges: squashed, or as branches with merge commits."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import Pull
from dora.demo.git_objects import MadeCommit, MadeRepository
from dora.demo.organisation import OWNER, Team, members_of

_AREAS = ("forms", "model", "queries", "rules", "settings", "views")
_LATER = ("cover the empty case", "address review", "rename after review", "fix the test", "update the notes")


class Mainline:
    """The default branch of one made-up repository while it grows."""

    def __init__(self, rng: Random, team: Team, made: MadeRepository, start: datetime) -> None:
        """Begin with one commit at `start`."""
        self.rng, self.team, self.made = rng, team, made
        self.number = 0
        first = made.commit("Begin", members_of(team)[0], start, {"README.md": f"{made.name}: made-up data\n"})
        self._commits, self._times = [first], [start]

    @property
    def head(self) -> MadeCommit:
        """The newest commit on the branch."""
        return self._commits[-1]

    def merge(self, pull: Pull, at: datetime, undoes: Pull | None = None) -> None:
        """Number the pull request and put it on the branch; `undoes` is the one whose change it takes back."""
        self.number += self.rng.choice((1, 1, 2))
        pull.number, pull.merged_at, pull.closed_at = self.number, at, at
        body, reverts = _undoing(undoes, self.team.squash)
        if self.team.squash:
            pull.merge = self.made.commit(
                f"{pull.title} (#{pull.number})", pull.author, at, self._changed(pull),
                body=body, authored_at=pull.author_dates[0], pull_request=pull.number, reverts=reverts,
            )  # fmt: skip
        else:
            self._branch(pull, at, body)
        self._commits.append(self.head_of())
        self._times.append(at)

    def head_of(self) -> MadeCommit:
        """The repository's head; it always has one."""
        assert self.made.head is not None
        return self.made.head

    def _branch(self, pull: Pull, at: datetime, body: str) -> None:
        base = self._commits[max(0, bisect_right(self._times, pull.first_commit_at) - 1)]
        changed = self._changed(pull)
        for number, moment in enumerate(pull.author_dates):
            subject = pull.title if number == 0 else f"{pull.title}: {self.rng.choice(_LATER)}"
            when = min(moment, at - timedelta(minutes=1))
            if self.rng.random() < 0.003:  # a computer whose clock runs ahead
                when += timedelta(days=45)
            base = self.made.commit(
                subject, pull.author, when, {path: f"{text}{number}\n" for path, text in changed.items()},
                parents=(base,), mainline=False,
            )  # fmt: skip
            pull.commits.append(base)
        pull.merge = self.made.commit(
            f"Merge pull request #{pull.number} from {OWNER}/{pull.branch}",
            pull.author if not pull.is_bot else members_of(self.team)[0], at, base.changed,
            body=body or pull.title, parents=(self.head_of(), base), pull_request=pull.number,
        )  # fmt: skip

    def _changed(self, pull: Pull) -> Mapping[str, str]:
        text = f"{pull.title}, pull request {pull.number}\n"
        area = self.rng.choice(_AREAS)
        if not self.team.path_globs:
            paths = [f"src/{area}.txt"]
        elif len(pull.services) > 1:
            paths = [f"libs/shared/{area}.txt"]
        else:
            paths = [f"services/{pull.services[0]}/src/{area}.txt"]
        if pull.migration:
            folder = f"services/{pull.services[0]}/" if self.team.path_globs else ""
            paths.append(f"{folder}db/migrate/{pull.number:05d}.sql")
        return dict.fromkeys(paths, text)


def _undoing(undoes: Pull | None, squash: bool) -> tuple[str, tuple[str, ...]]:
    """What the commit says about the change it takes back, and that change's sha."""
    if undoes is None or undoes.merge is None:
        return "", ()
    if squash:
        return f"This reverts commit {undoes.merge.sha}.", (undoes.merge.sha,)
    return f"Reverts {undoes.repository}#{undoes.number}", ()
