"""How many shipped changes the lead time leaves out, as the moment is not known at which it starts: said beside the figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from dora.warehouse import Reader
from metrics.cells import Arrays
from metrics.results import Group
from metrics.slices import Slices

#: Of every commit git tells these.
_ALWAYS_KNOWN = ("committed", "authored")


def left_out(reader: Reader, cut: Slices, groups: Sequence[Group]) -> Iterator[str]:
    """A sentence about the groups of which changes are left out, with how many of all; `groups`: their figures over the period."""
    whole = Slices(cut.question, cut.names, cut.members, cut.buckets[:1])
    unknown = whole.rows(lambda part: _unknown(reader, part)).cells.n.tolist()
    found = [
        f"{group.name}: {n} of {n + group.change_lead_time.n + group.change_lead_time.negative}"
        for group, n in zip(groups, unknown, strict=True)
        if n
    ]
    if found:
        shown = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        yield f"{shown} shipped changes are left out of the lead time, as the moment is not known at which their clock starts"


def _unknown(reader: Reader, part: Slices) -> Arrays:
    definitions = part.question.definitions
    clock, change = definitions.counted_clock, definitions.change
    if clock in _ALWAYS_KNOWN:
        return {name: np.zeros(0, dtype=np.int64) for name in ("service_position", "at_us")}
    name = "unknown_clocks_pull_request" if change == "pull_request" else "unknown_clocks"
    return part.raw(reader, name, change=change, clock=clock, bots=definitions.bots)
