"""What happens in the made-up history, before it is written as records and repositories."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dora.demo.git_objects import MadeCommit, MadeRepository
from dora.demo.organisation import Team


@dataclass(slots=True, eq=False, kw_only=True)
class Pull:
    """One pull request; `merged_at` None while open or when closed unmerged."""

    repository: str
    services: tuple[str, ...]
    title: str
    branch: str
    author: str
    first_commit_at: datetime
    opened_at: datetime
    first_review_at: datetime | None
    approved_at: datetime | None
    merged_at: datetime | None
    closed_at: datetime | None
    labels: tuple[str, ...]
    lines: int
    number: int = 0
    is_bot: bool = False
    draft: bool = False
    commits: list[MadeCommit] = field(default_factory=list)
    merge: MadeCommit | None = None
    migration: bool = False
    author_dates: list[datetime] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Candidate:
    """A version on its way to production, and the pull requests that it would ship."""

    version: str
    commit: MadeCommit
    pulls: tuple[Pull, ...]
    cut_at: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class Rollout:
    """One deployment attempt; `id` is known once it is written (a GitOps one is named by its commit).

    run: what services released together share.  purpose: release, rollback, fix, hotfix, revert, late, redeploy, replay.
    """

    team: Team
    service: str
    repository: str
    environment: str
    version: str
    commit: MadeCommit
    status: str
    created_at: datetime
    started_at: datetime
    finished_at: datetime
    actor: str
    automatic: bool
    mechanism: str
    pulls: tuple[Pull, ...] = ()
    run: str = ""
    purpose: str = "release"
    id: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Failure:
    """One deployment that broke something, how it showed and what ended it; `ended_at` None while open."""

    rollout: Rollout
    mode: str
    began_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    fix: Rollout | None = None
    fix_pull: Pull | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Trouble:
    """An incident that no deployment caused; it may touch several services."""

    title: str
    services: tuple[str, ...]
    began_at: datetime
    detected_at: datetime
    ended_at: datetime | None
    severity: str


@dataclass(slots=True, eq=False, kw_only=True)
class Flag:
    """One change of a feature flag."""

    flag: str
    service: str
    state: str
    changed_at: datetime
    by_person: bool


@dataclass(slots=True)
class History:
    """Everything that happened in `[since, until)`."""

    since: datetime
    until: datetime
    repositories: dict[str, MadeRepository] = field(default_factory=dict)
    pulls: list[Pull] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    def progress_at(self, moment: datetime) -> float:
        """How far along the history a moment is, 0..1."""
        return min(1.0, max(0.0, (moment - self.since) / (self.until - self.since)))
