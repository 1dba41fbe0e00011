"""Why a piece of evidence does not make its deployment a failed one, in words: the same for reports and for the rows of a rate."""

from __future__ import annotations

from datetime import datetime

from dora.definitions import NOT_FAILURES, WINDOWED_KINDS, Definitions

#: Of evidence against a deployment that a person absolved.
OTHERWISE = "a person decided otherwise"
_NOT_FAILURES = {
    "out_of_order": "what replaced it had never been live here before: a late promotion of an older build, not a failure",
    "replay": "many services of one source moved back together: a platform event, not a failure of this deployment",
}


def why_not(
    kind: str, evidence_at: datetime | None, finished_at: datetime | None, definitions: Definitions
) -> str | None:
    """Why a piece of evidence does not make the deployment a failed one; None when it does."""
    if kind == "absolved":
        return "a person decided that this deployment did not fail"
    if kind not in definitions.failure_kinds:
        return _NOT_FAILURES.get(kind, f"the definitions in use do not count evidence of the kind {kind}")
    if kind not in WINDOWED_KINDS and kind not in NOT_FAILURES:
        return None
    return _outside(evidence_at, finished_at, definitions.failure_window_seconds)


def _outside(evidence_at: datetime | None, finished_at: datetime | None, window: float | None) -> str | None:
    if window is None:
        return None
    if evidence_at is None or finished_at is None:
        return "when it happened is unknown, so it cannot be placed inside the failure window"
    after = (evidence_at - finished_at).total_seconds()
    if after >= window:
        return (
            f"outside the failure window: {after / 3600:.1f} h after the deployment, the window is {window / 3600:g} h"
        )
    return None
