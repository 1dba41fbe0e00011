"""The shape of every answer: one frozen dataclass a metric, and their grouping; `as_dict` is the JSON contract.

None means "no data", never 0. Spans are seconds, shares are 0..1, intervals are 95 % (low, high).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from dora.period import Period

Interval = tuple[float | None, float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A published performance level: `cells` are the levels the figure (or its interval) may belong to.

    `label` is a level's name, `between A and B`, `unclassified`, or `insufficient data`.
    """

    edition: int
    label: str
    cells: tuple[str, ...] = ()
    times_slower_than_elite: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentFrequency:
    """Succeeded production deployments; days are calendar days of the configured time zone."""

    deployments: int
    days: float
    days_with_deployment: int
    weeks_with_deployment: int
    per_day: float | None
    per_day_interval: Interval = (None, None)
    median_per_week: float | None
    median_per_working_day: float | None
    median_per_working_day_interval: Interval = (None, None)
    median_seconds_between: float | None
    by_weekday: tuple[int, ...]
    relations: Mapping[str, int]
    rehearsed: int
    median_rehearsal_seconds: float | None
    median_commits: float | None
    commits: int
    attempts: int
    succeeded_attempts: int
    level: Level


class Queue(TypedDict):
    """Changes that wait on the default branch, and how long the oldest and half of them have; None where none waits."""

    n: int
    oldest_seconds: float | None
    median_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLeadTime:
    """Change lead time over the changes first shipped in the period; `stages` are medians in seconds.

    `undeployed`: what waits now. `kaplan_meier_median_seconds` includes those as right-censored; None when not reached, the
    plain median without any.
    `independent`: as many independent changes would tell as much about the median, and its interval is that of so many;
    0 where fewer than five deployments shipped them all.
    """

    n: int
    independent: int
    median_seconds: float | None
    p75_seconds: float | None
    p90_seconds: float | None
    interval_seconds: Interval
    kaplan_meier_median_seconds: float | None
    stages: Mapping[str, float | None]
    undeployed: Queue
    negative: int
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFailRate:
    """Failed of matured succeeded production deployments; `pending` ones are too young to judge.

    `watched`: whether any record could tell of a failure that counts; where none could, a rate of 0 says nothing.
    """

    failed: int
    deployments: int
    pending: int
    rate: float | None
    interval: Interval
    by_kind: Mapping[str, int]
    not_failures: Mapping[str, int]
    level: Level
    watched: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Times until something ended, of `n` in all; `open` ones are censored at the data's end, not dropped.

    The Kaplan–Meier median and its interval count these, and it is the plain one without any; median, p90 and mean are of
    those that ended.
    """

    n: int
    open: int
    median_seconds: float | None
    p90_seconds: float | None
    mean_seconds: float | None
    kaplan_meier_median_seconds: float | None
    interval_seconds: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryTime(Ending):
    """Failed deployment recovery time: a failed deployment's finish to the recovery from it."""

    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToRestore(Ending):
    """All production incidents: impact start (else detected) to resolved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReworkRate:
    """Unplanned deployments made because of a problem in production, of all succeeded production deployments."""

    rework: int
    deployments: int
    rate: float | None
    interval: Interval
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """All metrics of one organisation, team or service over one span; `buckets` repeats it per calendar bucket."""

    by: str
    name: str
    start: str
    end: str
    deployment_frequency: DeploymentFrequency
    change_lead_time: ChangeLeadTime
    change_fail_rate: ChangeFailRate
    failed_deployment_recovery_time: RecoveryTime
    time_to_restore: TimeToRestore
    deployment_rework_rate: ReworkRate
    buckets: tuple[Group, ...] | None = None

    @property
    def span(self) -> Period:
        """[start, end) as moments."""
        return Period(datetime.fromisoformat(self.start), datetime.fromisoformat(self.end))


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """The answer to one question: one `Group` a name, in alphabetical order; `filters`: what it was narrowed to, if at all."""

    generated_at: str
    data_as_of: str
    definitions: Mapping[str, object]
    period: Mapping[str, str]
    edition: int
    groups: tuple[Group, ...] = ()
    schema_version: int = 1
    notes: tuple[str, ...] = field(default=())
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """The JSON contract as plain values."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


def _plain(value: object) -> object:
    """As `dataclasses.asdict` makes it, which takes many times longer for thousands of buckets: it copies every number."""
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind in _RESULTS:
        return {name: _plain(getattr(value, name)) for name in kind.__dataclass_fields__}  # type: ignore[attr-defined]
    if isinstance(value, tuple | list):
        return kind(map(_plain, value))  # type: ignore[call-arg]
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    return value


_ATOMS = frozenset((float, int, str, bool, type(None)))
_RESULTS = frozenset(
    (Level, DeploymentFrequency, ChangeLeadTime, ChangeFailRate, RecoveryTime, TimeToRestore, ReworkRate, Group)
)
