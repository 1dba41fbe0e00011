"""What the numbers mean: every setting that changes a figure, in one frozen value with a hash.

The hash is stamped on facts and exports, so two numbers can be compared only when it agrees.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

Change = Literal["commit", "all_commits", "mainline", "pull_request"]
Clock = Literal["committed", "authored", "first_commit", "opened", "merged"]
Regions = Literal["separate", "first", "last"]
CHANGES: tuple[Change, ...] = ("commit", "all_commits", "mainline", "pull_request")
CLOCKS: tuple[Clock, ...] = ("committed", "authored", "first_commit", "opened", "merged")
FAILURE_KINDS = (
    "override", "linked_incident", "verification", "rollback", "revert", "hotfix", "telemetry", "proximity",
)  # fmt: skip
#: Moves back that are kept and shown, and failures only where the definitions say so.
NOT_FAILURES = ("out_of_order", "replay")
#: Settings about many services at once, which no single service can have of its own.
OF_ORGANISATION = ("replay_slot_seconds", "replay_services", "services")
#: Kinds whose evidence counts only inside the failure window of the failed deployment.
WINDOWED_KINDS = ("rollback", "revert", "hotfix", "telemetry", "proximity")
REWORK_KINDS = ("rollback", "revert", "hotfix", "incident_fix")
#: Settings that choose among these, in whatever order.
CHOICES: Mapping[str, tuple[object, ...]] = {
    "failure_kinds": (*FAILURE_KINDS, *NOT_FAILURES), "rework_kinds": REWORK_KINDS, "working_days": (1, 2, 3, 4, 5, 6, 7),
}  # fmt: skip


#: The group of what no team owns, which no team can be called.
NO_TEAM = "no team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The `[definitions]` table of dora.toml; every default is the one definitions.md gives.

    production: environment names or globs (case-insensitive) that are production.
    rehearsal: environment names or globs of the last step before production.
    regions: whether production environments of a service are deployed `separate`ly, or are regions of one production
        that has a version when the `first` or the `last` of them has it.
    change / clock / bots: the unit and start of lead time, and whether bots' changes count.
    pickup_from: when coding ends and pickup begins: the pull request was opened, or marked as ready for review.
    failure_window_seconds: how long after a deployment evidence of kinds 4–8 still counts; None is forever.
    failure_kinds: kinds in the headline rate.  rework_kinds: kinds that make a deployment rework.
    replay_slot_seconds / replay_services: that many services of one source moving back in one slot is a replay; what one
        record moves of a whole repository counts as one.
    proximity_seconds: how long after a deployment an incident may be laid at its door.
    hotfix_labels / hotfix_branches / hotfix_titles: globs that mark a pull request as a hotfix.
    migrations: globs of paths, below any folder, whose change is a database migration.
    services: the definitions of services that have their own, by name; made from their tables, not written here.
    """

    timezone: str = "UTC"
    production: tuple[str, ...] = ("production", "production-*", "prod", "prod-*", "live")
    rehearsal: tuple[str, ...] = ("staging", "staging-*", "stage", "preprod", "pre-production")
    regions: Regions = "separate"
    change: Change = "commit"
    clock: Clock = "committed"
    bots: bool = True
    pickup_from: Literal["opened", "ready"] = "opened"
    failure_window_seconds: float | None = 86400.0
    failure_kinds: tuple[str, ...] = FAILURE_KINDS[:6]
    rework_kinds: tuple[str, ...] = REWORK_KINDS
    replay_slot_seconds: float = 1800.0
    replay_services: int = 5
    proximity_seconds: float = 86400.0
    hotfix_labels: tuple[str, ...] = ("hotfix", "hotfix/*")
    hotfix_branches: tuple[str, ...] = ("hotfix/*", "hotfix-*")
    hotfix_titles: tuple[str, ...] = ("hotfix:*", "[[]hotfix]*")
    working_days: tuple[int, ...] = (1, 2, 3, 4, 5)
    migrations: tuple[str, ...] = ("db/migrate/**", "migrations/**", "alembic/versions/**")
    services: tuple[tuple[str, Definitions], ...] = ()

    def of(self, service: str) -> Definitions:
        """The definitions of one service: its own where it has any, else the organisation's."""
        return dict(self.services).get(service) or self.plain

    @property
    def plain(self) -> Definitions:
        """The organisation's definitions alone."""
        return replace(self, services=()) if self.services else self

    @property
    def counted_clock(self) -> str:
        """The clock that lead time really starts at: of a pull request, committed and authored mean its first commit."""
        of_commits = self.change == "pull_request" and self.clock in ("committed", "authored")
        return "first_commit" if of_commits else self.clock

    def everywhere(self, **settings: object) -> Definitions:
        """These settings for the organisation and for every service with definitions of its own."""
        services = tuple((name, replace(own, **settings)) for name, own in self.services)  # type: ignore[arg-type]
        return replace(self, services=services, **settings)  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Every setting by name, as JSON-ready values; `services`: what those of single services differ in, if any do.

        Kinds and days are in the order in which they are known, so that none tells two settings apart.
        """
        mine = {f.name: _plain(f.name, getattr(self, f.name)) for f in fields(self) if f.name != "services"}
        own = {
            name: {key: value for key, value in theirs.as_dict().items() if value != mine[key]}
            for name, theirs in self.services
        }
        differing = {name: theirs for name, theirs in own.items() if theirs}
        return mine | ({"services": differing} if differing else {})

    @classmethod
    def own_of(cls, values: Mapping[str, object]) -> dict[str, dict[str, object]]:
        """From what `as_dict` made: every service with definitions of its own, with all its settings."""
        own = values.get("services") or {}
        assert isinstance(own, Mapping)
        common = {key: value for key, value in values.items() if key != "services"}
        return {str(name): common | dict(theirs) for name, theirs in own.items()}

    @property
    def hash(self) -> str:
        """Twelve hex digits that change when any setting changes."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(name: str, value: object) -> object:
    if name in CHOICES and isinstance(value, tuple):
        return [one for one in CHOICES[name] if one in value]
    return list(value) if isinstance(value, tuple) else value
