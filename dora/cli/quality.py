"""`dora metrics --quality`: what the data cannot tell or says wrongly, and what that does to each metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from dora.cli.options import note, reading
from dora.cli.tables import emit

if TYPE_CHECKING:
    from metrics.quality import Effect, Finding

_COLUMNS = ("finding", "found", "services", "example", "touches", "next step")


def show(config: str | None, form: str, out: str | None) -> None:
    """Print every finding over all the data, one row each."""
    from metrics.quality import findings

    with reading(config) as reader:
        found = findings(reader)
    document = {"schema_version": 1, "findings": [asdict(finding) for finding in found]}
    emit([_row(finding) for finding in found], form, out, document, _COLUMNS)
    if form == "table":
        note("over all the data, whatever the period; `--format json` has all examples, and why each metric is touched")


def told(effects: Sequence[Effect]) -> str:
    """The effects in one line: how many rows of which metric, and to which side it errs."""
    sides = {"lower": "too low", "higher": "too high", "either": "either way"}
    return "; ".join(f"{effect.metric} ({_rows(effect)}{sides[effect.direction]})" for effect in effects)


def _rows(effect: Effect) -> str:
    if not effect.rows:
        return ""
    return f"{effect.rows} {f'of {effect.of} rows' if effect.rows <= effect.of else f'rows beside {effect.of}'}, "


def _row(finding: Finding) -> dict[str, object]:
    return {
        "finding": finding.title,
        "found": finding.found,
        "services": finding.services,
        "example": finding.examples[0] if finding.examples else "",
        "touches": told(finding.effects),
        "next step": finding.next_step,
    }
