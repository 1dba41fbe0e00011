"""A quality finding in words: how many, and which rows of which metric it touches."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import units
from metrics.quality import Effect, Finding

_SIDES = {"lower": "too low", "higher": "too high", "either": "either way"}


def line(finding: Finding) -> str:
    """One sentence: the number, what it is, and what it touches."""
    touched = f"; touches {effects(finding.effects)}" if finding.effects else ""
    return f"{units.count(finding.found)} {finding.title}{touched}"


def effects(found: Sequence[Effect]) -> str:
    """How many rows of which metric, and to which side the figure errs."""
    return "; ".join(f"{effect.metric} ({_rows(effect)}{_SIDES[effect.direction]})" for effect in found)


def _rows(effect: Effect) -> str:
    if not effect.rows:
        return ""
    return f"{effect.rows} {f'of {effect.of} rows' if effect.rows <= effect.of else f'rows beside {effect.of}'}, "
