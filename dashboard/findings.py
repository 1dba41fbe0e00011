"""A quality finding in words: how many, and which rows of which metric it touches."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard import units
from metrics.quality import Effect, Finding
from metrics.quality_effects import TITLES

_SIDES = {"lower": "too low", "higher": "too high", "either": "either way"}


def line(finding: Finding) -> str:
    """What it is and how many, what it touches, and what to do next."""
    touched = f"; touches {effects(finding.effects)}" if finding.effects else ""
    return f"{finding.title[:1].upper()}{finding.title[1:]}: {units.count(finding.found)}{touched}. Next: {finding.next_step}"


def counted(finding: Finding) -> str:
    """How many of what: `1 source that fell silent`, `2 sources that fell silent`."""
    one, many = TITLES[finding.finding]
    return f"{units.count(finding.found)} {one if finding.found == 1 else many}"


def effects(found: Sequence[Effect]) -> str:
    """How many rows of which metric, and to which side the figure errs."""
    return "; ".join(f"{units.words(effect.metric)} ({_rows(effect)}{_SIDES[effect.direction]})" for effect in found)


def _rows(effect: Effect) -> str:
    if not effect.rows:
        return ""
    thing = effect.things.removesuffix("s")
    if effect.rows <= effect.of:
        return f"{units.count(effect.rows)} of {units.many(effect.of, thing)}, "
    return f"{units.many(effect.rows, 'row')} beside the {units.count(effect.of)} counted, "
