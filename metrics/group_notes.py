"""What to know about the figures of some groups: sentences that stand beside these, and name the groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from dora.warehouse import Reader
from metrics import bands
from metrics.cells import Arrays
from metrics.columns import TOO_LITTLE
from metrics.question import Question
from metrics.results import ChangeLeadTime, Group
from metrics.slices import Slices, slices

#: Of every commit git tells these.
_ALWAYS_KNOWN = ("committed", "authored")
_NOT_REACHED = "not reached"


def unwatched(groups: Sequence[Group]) -> Iterator[str]:
    """A sentence about the groups whose fail rate is 0 because nothing recorded could tell of a failure."""
    fails = [(group.name, group.change_fail_rate) for group in groups]
    names = [name for name, found in fails if found.rate == 0 and not found.watched]
    if names:
        yield (
            f"{_some(names)}: no incident, check or known commit could tell of a failure that counts; "
            "0 % says only that none was looked for"
        )


def left_out(reader: Reader, question: Question, groups: Sequence[Group]) -> Iterator[str]:
    """A sentence about the groups of which shipped changes are left out, as it is not known when their clock starts.

    `groups`: their figures over the whole period.
    """
    every = (question.definitions, *dict(question.definitions.services).values())
    if all(definitions.counted_clock in _ALWAYS_KNOWN for definitions in every):
        return
    cut = slices(reader, replace(question, every=None))
    unknown = cut.rows(lambda part: _unknown(reader, part)).cells.n.tolist()
    found = [
        f"{group.name}: {n} of {n + group.change_lead_time.n + group.change_lead_time.negative}"
        for group, n in zip(groups, unknown, strict=True)
        if n
    ]
    if found:
        yield f"{_some(found)} shipped changes are left out of the lead time, as the moment is not known at which their clock starts"


def moved_by_waiting(year: int, groups: Sequence[Group]) -> Iterator[str]:
    """A sentence about the groups whose median lead time lies in another level of `year` once the changes that wait are counted.

    `groups`: their figures over the whole period. Nothing is said of a group of which no level is named.
    """
    known = bands.edition(year).levels
    told = [group for group in groups if known and _placed(group.change_lead_time)]
    shipped = _levels(year, [group.change_lead_time.median_seconds for group in told])
    counted = _levels(year, [group.change_lead_time.kaplan_meier_median_seconds for group in told])
    moved: dict[tuple[str, str], list[str]] = {}
    for group, before, after in zip(told, shipped, counted, strict=True):
        if before != after and (before, after) != (known[-1].name, _NOT_REACHED):
            moved.setdefault((before, after), []).append(group.name)
    if moved:
        parts = [f"{after} instead of {before} for {_some(names)}" for (before, after), names in moved.items()]
        yield f"with the changes that wait (Kaplan-Meier) the median lead time is {'; '.join(parts)}"


def _placed(lead: ChangeLeadTime) -> bool:
    return lead.undeployed["n"] > 0 and lead.level.label != TOO_LITTLE


def _levels(year: int, medians: Sequence[float | None]) -> list[str]:
    """The level that holds each median itself, whatever its interval."""
    values = np.array([np.nan if median is None else median for median in medians])
    labels = bands.levels(year, "change_lead_time", values, np.column_stack([values, values])).label
    return [_NOT_REACHED if label == TOO_LITTLE else label for label in labels]


def _unknown(reader: Reader, part: Slices) -> Arrays:
    definitions = part.question.definitions
    clock, change = definitions.counted_clock, definitions.change
    if clock in _ALWAYS_KNOWN:
        return {name: np.zeros(0, dtype=np.int64) for name in ("service_position", "at_us")}
    name = "unknown_clocks_pull_request" if change == "pull_request" else "unknown_clocks"
    return part.raw(reader, name, change=change, clock=clock, bots=definitions.bots)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
