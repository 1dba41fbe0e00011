"""The vocabulary: one frozen dataclass a kind of record, exactly as the warehouse stores it.

A record says what happened, as the tool said it; it is never interpreted here. Times are aware UTC
`datetime`, or None when the tool did not say. Each class names its table and its key; a second record with
the same key replaces the first when it is newer (`updated_at`), so that repeating or reordering deliveries
changes nothing. People appear only as a salted hash; the one table that can hold names is `people`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar

STATUSES = ("pending", "running", "succeeded", "failed", "cancelled")
ACTOR_KINDS = ("human", "bot")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Base of all records; `TABLE` is its table, `KEY` the columns that identify it."""

    TABLE: ClassVar[str] = ""
    KEY: ClassVar[tuple[str, ...]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit(Record):
    """One commit of a repository's branches and tags.

    `parents` in git's order; `pull_request`: the number that the subject names; `reverts` /
    `reverts_pull_requests`: what the message says it reverts (full or abbreviated shas, numbers).
    """

    TABLE: ClassVar[str] = "commits"
    KEY: ClassVar[tuple[str, ...]] = ("repository", "sha")
    repository: str
    sha: str
    parents: tuple[str, ...] = ()
    authored_at: datetime | None = None
    committed_at: datetime | None = None
    author: str | None = None
    is_bot: bool = False
    subject: str = ""
    pull_request: int | None = None
    reverts: tuple[str, ...] = ()
    reverts_pull_requests: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MainlineCommit(Record):
    """A commit on the first-parent line of its repository's default branch."""

    TABLE: ClassVar[str] = "mainline_commits"
    KEY: ClassVar[tuple[str, ...]] = ("repository", "sha")
    repository: str
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitPath(Record):
    """One path that a commit changed; kept where services have path globs, or where the source is told to."""

    TABLE: ClassVar[str] = "commit_paths"
    KEY: ClassVar[tuple[str, ...]] = ("repository", "sha", "path")
    repository: str
    sha: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag(Record):
    """One tag and the commit it peels to."""

    TABLE: ClassVar[str] = "tags"
    KEY: ClassVar[tuple[str, ...]] = ("repository", "name")
    repository: str
    name: str
    sha: str
    tagged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest(Record):
    """One pull or merge request; `commits` are its own commits' shas, `merge_sha` what the merge made."""

    TABLE: ClassVar[str] = "pull_requests"
    KEY: ClassVar[tuple[str, ...]] = ("source", "repository", "number")
    source: str
    repository: str
    number: int
    updated_at: datetime | None = None
    title: str = ""
    author: str | None = None
    is_bot: bool = False
    state: str = "open"
    base_branch: str | None = None
    head_branch: str | None = None
    labels: tuple[str, ...] = ()
    first_commit_at: datetime | None = None
    opened_at: datetime | None = None
    ready_at: datetime | None = None
    first_review_at: datetime | None = None
    approved_at: datetime | None = None
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    merge_sha: str | None = None
    commits: tuple[str, ...] = ()
    additions: int | None = None
    deletions: int | None = None
    changed_files: int | None = None
    reviews: int | None = None
    checks: str | None = None
    checks_seconds: float | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Record):
    """One attempt to put a version of a service into an environment.

    `status` is one of `STATUSES`; `finished_at` is the first success (or the failure). `service` may be None
    when the tool only knows a repository. `commit_rule` says how `version` becomes a commit when `sha` is None:
    `tag`, `sha` or `none`. `automatic`: a pipeline started it without a person.
    """

    TABLE: ClassVar[str] = "deployments"
    KEY: ClassVar[tuple[str, ...]] = ("source", "id")
    source: str
    id: str
    updated_at: datetime | None = None
    service: str | None = None
    repository: str | None = None
    environment: str = "production"
    version: str | None = None
    sha: str | None = None
    commit_rule: str | None = None
    digest: str | None = None
    status: str = "succeeded"
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    actor: str | None = None
    actor_kind: str | None = None
    run_id: str | None = None
    mechanism: str | None = None
    url: str | None = None
    sequence: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun(Record):
    """One run of a CI or deployment pipeline."""

    TABLE: ClassVar[str] = "pipeline_runs"
    KEY: ClassVar[tuple[str, ...]] = ("source", "id")
    source: str
    id: str
    updated_at: datetime | None = None
    repository: str | None = None
    service: str | None = None
    pipeline: str = ""
    branch: str | None = None
    sha: str | None = None
    event: str | None = None
    attempt: int | None = None
    status: str = "succeeded"
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    actor: str | None = None
    actor_kind: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineStep(Record):
    """One job or step of a run; `manual`: it waited for a person; `signature`: its error, normalised."""

    TABLE: ClassVar[str] = "pipeline_steps"
    KEY: ClassVar[tuple[str, ...]] = ("source", "run_id", "id")
    source: str
    run_id: str
    id: str
    updated_at: datetime | None = None
    job: str | None = None
    step: str = ""
    position: int | None = None
    status: str = "succeeded"
    manual: bool = False
    created_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident(Record):
    """One production incident, with every clock the tool keeps.

    `deployment`, `version`, `sha`, `pull_request`: what it says caused it; `fix_*`: what it says fixed it.
    """

    TABLE: ClassVar[str] = "incidents"
    KEY: ClassVar[tuple[str, ...]] = ("source", "id")
    source: str
    id: str
    updated_at: datetime | None = None
    service: str | None = None
    repository: str | None = None
    environment: str | None = None
    title: str = ""
    severity: str | None = None
    impact_started_at: datetime | None = None
    detected_at: datetime | None = None
    acknowledged_at: datetime | None = None
    mitigated_at: datetime | None = None
    resolved_at: datetime | None = None
    deployment: str | None = None
    version: str | None = None
    sha: str | None = None
    pull_request: int | None = None
    fix_deployment: str | None = None
    fix_pull_request: int | None = None
    labels: tuple[str, ...] = ()
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification(Record):
    """One check of a deployment after it reported success: a smoke test, a canary analysis, a look at its telemetry.

    `status` is one of `STATUSES`, or `regressed`: the service's error or latency series got worse with the deployment.
    """

    TABLE: ClassVar[str] = "verifications"
    KEY: ClassVar[tuple[str, ...]] = ("source", "id")
    source: str
    id: str
    updated_at: datetime | None = None
    deployment: str = ""
    name: str = ""
    status: str = "succeeded"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySample(Record):
    """One value of a service's series over `[sampled_at, sampled_at + step_seconds)`; `kind` is count, ratio or seconds."""

    TABLE: ClassVar[str] = "telemetry_samples"
    KEY: ClassVar[tuple[str, ...]] = ("source", "service", "environment", "series", "sampled_at")
    source: str
    service: str
    environment: str = "production"
    series: str
    sampled_at: datetime
    step_seconds: int = 60
    kind: str = "count"
    value: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagChange(Record):
    """One change of a feature flag: a release that is not a deployment."""

    TABLE: ClassVar[str] = "flag_changes"
    KEY: ClassVar[tuple[str, ...]] = ("source", "id")
    source: str
    id: str
    updated_at: datetime | None = None
    flag: str = ""
    service: str | None = None
    environment: str | None = None
    state: str | None = None
    changed_at: datetime | None = None
    actor_kind: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person(Record):
    """A salted author hash and a name behind it; kept so that a report can show names with `--names`.

    One address may go by several names: all are kept, and the first by alphabet is shown, whichever was read last.
    """

    TABLE: ClassVar[str] = "people"
    KEY: ClassVar[tuple[str, ...]] = ("author", "name")
    author: str
    name: str
    is_bot: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected(Record):
    """A row that could not become a record: where it was, why, and the row itself (cut to 2,000 characters)."""

    TABLE: ClassVar[str] = "rejected"
    KEY: ClassVar[tuple[str, ...]] = ("source", "stream", "place", "reason")
    source: str
    stream: str
    place: str
    reason: str
    content: str | None = None


RECORDS: tuple[type[Record], ...] = (
    Commit, MainlineCommit, CommitPath, Tag, PullRequest, Deployment, PipelineRun, PipelineStep, Incident,
    Verification, TelemetrySample, FlagChange, Person, Rejected,
)  # fmt: skip
BY_TABLE: Mapping[str, type[Record]] = {record.TABLE: record for record in RECORDS}


def columns(record: type[Record]) -> tuple[str, ...]:
    """The column names of a record's table, in order."""
    return tuple(field.name for field in fields(record))


def column_types(record: type[Record]) -> dict[str, str]:
    """Each column's annotation as text, for instance `datetime | None` or `tuple[str, ...]`."""
    return {field.name: str(field.type) for field in fields(record)}
