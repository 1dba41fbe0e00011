"""The sections about failing and recovering: timeline, evidence, recovery and spans, similar failures."""

from __future__ import annotations

from collections.abc import Iterator

from dashboard import units
from dashboard.report.document import UNKNOWN, Cell, Section, Table, Words, plural, sentence, span
from dashboard.report.summary import confidence
from metrics.story import DeploymentStory, Evidence


def timeline(told: DeploymentStory, words: Words) -> Section:
    """Every known moment, numbered as in the picture, with its clock and source."""
    deployed_at = told.deployment.finished_at
    rows = tuple(
        (
            Cell(text=str(place)),
            Cell(text=words.moment(moment.at)),
            Cell(text=_distance((moment.at - deployed_at).total_seconds()) if deployed_at else UNKNOWN),
            Cell(text=units.words(moment.name), tone=_tone(moment.name)),
            Cell(text=moment.about or ""),
            Cell(text=f"{moment.clock} · {moment.source}"),
        )
        for place, moment in enumerate(told.timeline, 1)
    )
    head = ("No.", "When", "From deployed", "What", "About", "Clock · source")
    return Section(
        name="timeline",
        title="Timeline",
        tables=(Table(head=head, rows=rows),),
        picture="timeline" if deployed_at and len(rows) > 1 else "",
    )


def _distance(seconds: float) -> str:
    return "0" if seconds == 0 else f"{'−' if seconds < 0 else '+'}{span(abs(seconds))}"


def _tone(name: str) -> str:
    if name in ("recovered", "incident resolved", "mitigated"):
        return "good"
    return "alarm" if name.startswith(("evidence", "impact", "check failed")) else ""


def evidence(told: DeploymentStory, words: Words) -> Section:
    """What counts, what was looked at and does not count, and which other deployments it might speak of."""
    rows = [row for row in told.evidence if row.why_not is None]
    others = [row for row in told.evidence if row.why_not is not None]
    tables = []
    if rows:
        tables.append(Table(caption="Counts", head=_HEAD, rows=tuple(_evidence(row, words) for row in rows)))
    if others:
        listed = tuple((*_evidence(row, words), Cell(text=row.why_not or "")) for row in others)
        tables.append(Table(caption="Looked at, does not count", head=(*_HEAD, "Why not"), rows=listed))
    candidates = tuple(_candidates(told))
    if candidates:
        head = ("Evidence", "Might speak of", "Why")
        tables.append(Table(caption="Runner-up candidates", head=head, rows=candidates))
    said = () if told.evidence else ("No evidence about this deployment is in the data.",)
    title = "Why it counts as failed" if told.verdict.state == "failed" else "Evidence"
    return Section(name="evidence", title=title, sentences=said, tables=tuple(tables))


_HEAD = ("Kind", "What it says", "About", "When", "Confidence", "Decided by")


def _evidence(row: Evidence, words: Words) -> tuple[Cell, ...]:
    return (
        Cell(text=units.words(row.kind)),
        Cell(text=sentence(row.reason or row.evidence)),
        Cell(text=row.about or row.evidence_id or "", code=not row.about),
        Cell(text=words.moment(row.evidence_at)),
        Cell(text=confidence(row.confidence)),
        Cell(text="a person" if row.decided_by == "human" else "rule"),
    )


def _candidates(told: DeploymentStory) -> Iterator[tuple[Cell, ...]]:
    for row in told.evidence:
        for other in row.candidates:
            yield (Cell(text=units.words(row.kind)), Cell(text=other.deployment_id, code=True), Cell(text=other.why))


def recovery(told: DeploymentStory, words: Words) -> Section | None:
    """How it ended and every span between two clocks; None when nothing failed."""
    ended = told.recovery
    if ended is None:
        return None
    rows = tuple(
        (
            Cell(text=units.words(item.name)),
            Cell(text=f"{item.start_clock} → {item.end_clock}"),
            Cell(text=span(item.seconds)),
            Cell(text=item.why_unknown or ""),
        )
        for item in told.spans
    )
    table = Table(head=("Span", "From → to", "Length", "Why unknown"), rows=rows)
    return Section(
        name="recovery", title="Recovery", sentences=(_ended(told, words), *_failed_fix(told, words)), tables=(table,)
    )


def _ended(told: DeploymentStory, words: Words) -> str:
    ended = told.recovery
    if ended is None or ended.is_open:
        return f"No recovery is known at {words.moment(told.stamp.as_of)}; the failure counts as open, not as short."
    how = {"not known": "How it was ended is not known", "incident resolved": "The incident was resolved"}
    start = how.get(str(ended.style), f"It was {ended.style}")
    by = f" by {units.version(ended.version)}" if ended.version else ""
    return f"{start}{by} on {words.moment(ended.recovered_at)}, {span(ended.seconds)} after the deployment."


def _failed_fix(told: DeploymentStory, words: Words) -> Iterator[str]:
    """What became of the first fix when it failed itself."""
    fixes, deployed_at = told.recovery.failed_fixes if told.recovery else (), told.deployment.finished_at
    if fixes and deployed_at:
        name = units.version(fixes[0].version) if fixes[0].version else fixes[0].deployment_id
        after = span((fixes[0].finished_at - deployed_at).total_seconds())
        more = f", and so did {plural(len(fixes) - 1, 'fix', 'fixes')} after it" if len(fixes) > 1 else ""
        at = words.moment(fixes[0].finished_at)
        yield f"The first fix, {name} on {at}, {after} after the deployment, failed too{more}: the failure counts until that ended."


def similar(told: DeploymentStory, words: Words) -> Section:
    """Earlier failures of the service, or of services that share the changed paths."""
    rows = tuple(
        (
            Cell(text=f"{row.service} {units.version(row.version)}", code=True),
            Cell(text=words.day(row.finished_at)),
            Cell(text=units.words(row.kind)),
            Cell(text=sentence(row.evidence)),
            Cell(text=f"{row.style} after {span(row.seconds)}" if row.style else "still open"),
            Cell(text=", ".join(row.shared_paths[:3]) + (" …" if len(row.shared_paths) > 3 else "") or "none known"),
        )
        for row in told.similar
    )
    if not rows:
        said = "No earlier failed deployment of this service is in the data of the two years before."
        return Section(name="similar", title="Similar failures before", sentences=(said,))
    head = ("Deployment", "Day", "Kind", "Evidence", "Recovered", "Shared paths")
    return Section(name="similar", title="Similar failures before", tables=(Table(head=head, rows=rows),))
