"""Which other deployments a piece of evidence might speak of: those that its rule chose the blamed one among."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from metrics.deployments import Deployed
from metrics.shipped import Revert, Shipped

#: How many are kept, and how many deployments before are looked at for them.
MOST = 5
_LOOK_BACK = 20


def listed(others: Iterable[tuple[Deployed, str]], blamed: str) -> str | None:
    """The first few, each once and without the blamed one, as a JSON list of {deployment_id, why}; None without any."""
    why: dict[str, str] = {}
    for other, reason in others:
        if other.deployment_id != blamed:
            why.setdefault(other.deployment_id, reason)
        if len(why) == MOST:
            break
    return json.dumps([{"deployment_id": name, "why": reason} for name, reason in why.items()]) if why else None


def before_a_hotfix(shipped: Shipped, hotfix: Deployed, window_seconds: float | None) -> Iterator[tuple[Deployed, str]]:
    """What else was deployed inside the failure window before a hotfix, newest first; without rollbacks, which bring nothing."""
    for other in shipped.before(hotfix, _LOOK_BACK):
        if window_seconds is not None and (hotfix.finished_at - other.finished_at).total_seconds() >= window_seconds:
            return
        if other.backward_kind != "rollback":
            yield other, "also deployed inside the failure window before the hotfix"


def rolled_back_over(shipped: Shipped, rollback: Deployed) -> Iterator[tuple[Deployed, str]]:
    """What had been deployed since what a rollback restores, newest first; not what an earlier rollback had taken back."""
    restored: int | None = None
    for other in shipped.before(rollback, _LOOK_BACK):
        if other.position == rollback.position:
            return
        if restored is not None and other.position != restored:
            continue
        back = other.backward_kind == "rollback"
        restored = other.position if back else None
        if not back:
            yield other, "the rollback took it back too"


def taken_back_by(reverts: Iterable[Revert]) -> Mapping[int, list[tuple[Deployed, str]]]:
    """For each commit that takes back something, the deployments that had shipped that, each once."""
    found: dict[int, dict[str, Deployed]] = {}
    for revert in reverts:
        found.setdefault(revert.commit, {})[revert.blamed.deployment_id] = revert.blamed
    return {
        commit: [(d, "the same commit takes back what it shipped too") for d in by.values()]
        for commit, by in found.items()
    }
