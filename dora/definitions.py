"""What the numbers mean: every setting that changes a figure, in one frozen value with a hash.

The hash is stamped on facts and exports, so two numbers can be compared only when it agrees.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Literal

Change = Literal["commit", "all_commits", "mainline", "pull_request"]
Clock = Literal["committed", "authored", "first_commit", "opened", "merged"]
CHANGES: tuple[Change, ...] = ("commit", "all_commits", "mainline", "pull_request")
CLOCKS: tuple[Clock, ...] = ("committed", "authored", "first_commit", "opened", "merged")
FAILURE_KINDS = (
    "override", "linked_incident", "verification", "rollback", "revert", "hotfix", "telemetry", "proximity",
)  # fmt: skip
#: Kinds whose evidence counts only inside the failure window of the failed deployment.
WINDOWED_KINDS = ("rollback", "revert", "hotfix", "telemetry", "proximity")
REWORK_KINDS = ("rollback", "revert", "hotfix", "incident_fix")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """The `[definitions]` table of dora.toml; every default is the one definitions.md gives.

    production: environment names or globs (case-insensitive) that are production.
    rehearsal: environment names or globs of the last step before production.
    change / clock / bots: the unit and start of lead time, and whether bots' changes count.
    failure_window_seconds: how long after a deployment evidence of kinds 4–8 still counts; None is forever.
    failure_kinds: kinds in the headline rate.  rework_kinds: kinds that make a deployment rework.
    replay_slot_seconds / replay_services: that many services of one source moving back in one slot is a replay.
    proximity_seconds: how long after a deployment an incident may be laid at its door.
    hotfix_labels / hotfix_branches / hotfix_titles: globs that mark a pull request as a hotfix.
    migrations: globs of paths, below any folder, whose change is a database migration.
    """

    timezone: str = "UTC"
    production: tuple[str, ...] = ("production", "production-*", "prod", "prod-*", "live")
    rehearsal: tuple[str, ...] = ("staging", "staging-*", "stage", "preprod", "pre-production")
    change: Change = "commit"
    clock: Clock = "committed"
    bots: bool = True
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

    def as_dict(self) -> dict[str, object]:
        """Every setting by name, as JSON-ready values."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    @property
    def hash(self) -> str:
        """Twelve hex digits that change when any setting changes."""
        text = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]
