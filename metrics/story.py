"""The shape of one deployment's story: every part a frozen dataclass, ready for any output format.

Times are aware UTC, spans are seconds, shares are 0..1. None means unknown or not applicable, never 0; what is
unknown and why stands in `DeploymentStory.caveats`. People are absent: `author` and `actor` are None unless
names were asked for, and then they hold a name from the `people` table, never a hash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from metrics.story_around import Check, FlagEvent, NearIncident, Run, Step

State = Literal["failed", "not failed", "pending", "not judged"]
Style = Literal["rolled back", "rolled forward with a revert", "rolled forward", "incident resolved", "not known"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The deployment itself; columns as in `metrics/sql/facts.sql`, `previous_*` is its ancestry base."""

    deployment_id: str
    source: str
    service: str
    repository: str | None
    environment: str
    is_production: bool
    status: str
    version: str | None
    sha: str | None
    unresolved_reason: str | None
    digest: str | None
    created_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    relation: str | None
    backward_kind: str | None
    previous_id: str | None
    previous_version: str | None
    previous_sha: str | None
    previous_at: datetime | None
    replaced_id: str | None
    replaced_version: str | None
    commits: int
    changes: int
    mainline_changes: int
    pull_requests: int
    lines: int | None
    rework_kinds: tuple[str, ...]
    rehearsed_at: datetime | None
    actor: str | None
    actor_kind: str | None
    run_id: str | None
    mechanism: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedCommit:
    """A commit that this deployment shipped first; `taken_back_by`: the sha of evidence that reverts it."""

    sha: str
    subject: str
    is_bot: bool
    is_merge: bool
    mainline: bool
    pull_request: int | None
    authored_at: datetime | None
    committed_at: datetime | None
    first_commit_at: datetime | None
    merged_at: datetime | None
    taken_back_by: str | None
    author: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippedPullRequest:
    """A merged pull request that this deployment shipped first."""

    number: int
    title: str
    is_bot: bool
    labels: tuple[str, ...]
    first_commit_at: datetime | None
    opened_at: datetime | None
    first_review_at: datetime | None
    merged_at: datetime | None
    reviews: int | None
    checks: str | None
    lines: int | None
    url: str | None
    author: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Another deployment that the same evidence might speak of."""

    deployment_id: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One row of the ledger; `why_not` says why it does not count, None when it does; `about`: its title."""

    deployment_id: str
    kind: str
    evidence: str
    evidence_id: str | None
    evidence_at: datetime | None
    recovery_id: str | None
    recovered_at: datetime | None
    confidence: float
    decided_by: str
    reason: str | None
    why_not: str | None
    about: str | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether it failed, by which strongest evidence; `window_ends_at` None when the window never ends."""

    state: State
    why: str
    kind: str | None = None
    confidence: float | None = None
    decided_by: str | None = None
    window_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFix:
    """A deployment that ended a failure but failed itself."""

    deployment_id: str
    version: str | None
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What ended the failure; `seconds` from the deployment, up to now while `is_open`.

    `failed_fixes`: the fixes before it that failed themselves, in order: the failure counts until the last of them
    recovered. `failed_too`: there are any.
    """

    is_open: bool
    seconds: float | None
    style: Style | None = None
    recovery_id: str | None = None
    version: str | None = None
    recovered_at: datetime | None = None
    failed_too: bool = False
    failed_fixes: tuple[FailedFix, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The time between two named clocks; `why_unknown` when one of them is missing or they run backwards."""

    name: str
    start_clock: str
    end_clock: str
    seconds: float | None
    why_unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One point of the timeline: `clock` is the field it was read from, `source` the tool or table that said it."""

    at: datetime
    name: str
    clock: str
    source: str
    about: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A figure of this deployment against the same service's earlier ones.

    `n` earlier values have the quartiles `low`, `median`, `high`; those are None below five values.
    `share_below`: the share of earlier values smaller than `value`.
    """

    name: str
    unit: Literal["count", "seconds"]
    value: float | None
    n: int
    low: float | None
    median: float | None
    high: float | None
    share_below: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDeployment:
    """An earlier succeeded deployment of the service in the same environment, or this one (the last of a history)."""

    deployment_id: str
    version: str | None
    finished_at: datetime | None
    relation: str | None
    commits: int
    changes: int
    mainline_changes: int
    pull_requests: int
    lines: int | None
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarFailure:
    """An earlier failed deployment of the service, or of one that shares paths, and how it was recovered."""

    deployment_id: str
    service: str
    version: str | None
    finished_at: datetime | None
    kind: str
    evidence: str
    style: Style | None
    seconds: float | None
    shared_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What made the report: definitions and their hash, how far the data reaches, the version of the tool."""

    definitions: Mapping[str, object]
    definitions_hash: str
    data_as_of: datetime
    as_of: datetime
    tool_version: str
    organisation: str | None
    names: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentStory:
    """Everything known of one deployment at `stamp.as_of`."""

    deployment: Deployed
    teams: tuple[str, ...]
    verdict: Verdict
    evidence: tuple[Evidence, ...]
    recovery: Recovery | None
    recovers: tuple[Candidate, ...]
    spans: tuple[Span, ...]
    timeline: tuple[Moment, ...]
    pull_requests: tuple[ShippedPullRequest, ...]
    commits: tuple[ShippedCommit, ...]
    batch: tuple[Comparison, ...]
    lead_time: Comparison
    history: tuple[PastDeployment, ...]
    run: Run | None
    steps: tuple[Step, ...]
    checks: tuple[Check, ...]
    flags: tuple[FlagEvent, ...]
    incidents: tuple[NearIncident, ...]
    similar: tuple[SimilarFailure, ...]
    caveats: tuple[str, ...]
    stamp: Stamp
