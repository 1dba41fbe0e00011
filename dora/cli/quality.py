"""`dora metrics --quality`: what the data cannot tell or says wrongly, and what that does to each metric."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from dora.cli.options import reading, say
from dora.cli.tables import emit

if TYPE_CHECKING:
    from metrics.quality import Finding

_COLUMNS = ("finding", "found", "services", "example", "touches", "next step")


def show(config: str | None, form: str, out: str | None) -> None:
    """Print every finding over all the data, one row each."""
    from metrics.quality import findings

    with reading(config) as reader:
        found = findings(reader)
    document = {"schema_version": 1, "findings": [asdict(finding) for finding in found]}
    notes = ["over all the data, whatever the period; `--format json` has all examples, and why each metric is touched"]
    emit([_row(finding) for finding in found], form, out, document, _COLUMNS, notes=notes)
    say(notes, form)


def _row(finding: Finding) -> dict[str, object]:
    from dashboard.findings import effects

    return {
        "finding": finding.title,
        "found": finding.found,
        "services": finding.services,
        "example": finding.examples[0] if finding.examples else "",
        "touches": effects(finding.effects),
        "next step": finding.next_step,
    }
