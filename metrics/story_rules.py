"""What the ledger's rows say together: which evidence counts, the verdict and the spans."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dora.definitions import FAILURE_KINDS, NOT_FAILURES, Definitions
from metrics.analyses.clocks import CLOCKS
from metrics.story import Deployed, Evidence, Recovery, Span, Verdict
from metrics.story_around import INCIDENT_CLOCKS, NearIncident
from metrics.uncounted import OTHERWISE

_STRENGTH = (*FAILURE_KINDS, *NOT_FAILURES)


def decided(evidence: Iterable[Evidence]) -> list[Evidence]:
    """All evidence about one deployment as it counts: none does when a person absolved it."""
    rows = list(evidence)
    if not any(row.kind == "absolved" for row in rows):
        return rows
    return [replace(row, why_not=row.why_not or OTHERWISE) for row in rows]


def counted(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence that counts, strongest kind first, then the earliest."""
    rows = [row for row in evidence if row.why_not is None]
    return sorted(rows, key=lambda row: (_STRENGTH.index(row.kind), row.evidence_at is None, str(row.evidence_at)))


def verdict(deployed: Deployed, evidence: Sequence[Evidence], as_of: datetime, definitions: Definitions) -> Verdict:
    """Failed as soon as evidence counts; otherwise pending until the failure window has passed."""
    if not deployed.is_production:
        return Verdict(state="not judged", why=f"{deployed.environment} is not a production environment")
    if deployed.status != "succeeded" or deployed.finished_at is None:
        return Verdict(
            state="not judged", why=f"the rollout is {deployed.status}: it never served production from here"
        )
    window = definitions.failure_window_seconds
    ends = deployed.finished_at + timedelta(seconds=window) if window is not None else None
    if rows := counted(evidence):
        best = rows[0]
        return Verdict(
            state="failed", why=best.reason or best.evidence, kind=best.kind, confidence=best.confidence,
            decided_by=best.decided_by, window_ends_at=ends,
        )  # fmt: skip
    absolved = [row for row in evidence if row.kind == "absolved"]
    if absolved:
        why = absolved[0].reason or "a person decided that this deployment did not fail"
        return Verdict(state="not failed", why=why, decided_by=absolved[0].decided_by, window_ends_at=ends)
    if ends is not None and ends > as_of:
        return Verdict(state="pending", why="its failure window has not passed yet", window_ends_at=ends)
    return Verdict(state="not failed", why="no evidence that counts was found", window_ends_at=ends)


def spans(
    deployed: Deployed, outcome: Recovery | None, evidence: Sequence[Evidence], incident: NearIncident | None
) -> tuple[Span, ...]:
    """Every span under its own name; empty when nothing failed."""
    if outcome is None:
        return ()
    first = min((row.evidence_at for row in counted(evidence) if row.evidence_at), default=None)
    at = deployed.finished_at
    why = "it is still open" if outcome.is_open else "the recovery has no time"
    return (
        _span(
            "time to first evidence", "deployed", at, "first evidence that counts", first, "the evidence has no time"
        ),
        *_incident_spans(incident),
        _span("failed deployment recovery time", "deployed", at, "recovered", outcome.recovered_at, why),
    )


def _incident_spans(incident: NearIncident | None) -> Iterator[Span]:
    """The clocks of the incident, from where the analysis `clocks` starts them."""
    for clock in CLOCKS:
        if clock.since != ("deployed_at",):
            known = [name for name in clock.since if incident and getattr(incident, name)]
            since = known[0] if known else clock.since[0]
            start, end = (getattr(incident, name) if incident else None for name in (since, clock.until))
            why = "no incident is linked to this deployment"
            if incident:
                why = f"the incident does not say when: {INCIDENT_CLOCKS[since if start is None else clock.until]}"
            yield _span(
                clock.name.replace("_", " "), INCIDENT_CLOCKS[since], start, INCIDENT_CLOCKS[clock.until], end, why
            )


def _span(name: str, start_clock: str, start: datetime | None, end_clock: str, end: datetime | None, why: str) -> Span:
    if start is None or end is None:
        return Span(name=name, start_clock=start_clock, end_clock=end_clock, seconds=None, why_unknown=why)
    seconds = (end - start).total_seconds()
    if seconds < 0:
        backwards = f"the clocks run backwards: {end_clock} is earlier than {start_clock}"
        return Span(name=name, start_clock=start_clock, end_clock=end_clock, seconds=None, why_unknown=backwards)
    return Span(name=name, start_clock=start_clock, end_clock=end_clock, seconds=seconds)
