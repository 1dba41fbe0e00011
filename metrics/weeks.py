"""What is known of groups in a period: the time that they can be judged by, and their deployments by whole week of it.

Deployments come in bursts: taken as independent they would claim a change of frequency too often.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dora.period import Period
from dora.warehouse import Reader
from metrics.cells import Integers
from metrics.covered import by_place, covered
from metrics.deployment_frequency import succeeded
from metrics.members import micros
from metrics.question import Question
from metrics.slices import slices

_WEEK = 7 * 86400 * 1_000_000
#: Four weeks in which clocks go forward are an hour short.
_CLOCK_CHANGE = 3600 * 1_000_000
#: Below this many whole weeks their spread says nothing.
FEWEST_WEEKS = 4


#: The deployments of a group and period by whole week.
Weekly = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One group in one period.

    `stretches`: those of the period that the data covers and in which the group owned a service, in order.
    `weekly`: its deployments by whole week of each; empty where none holds a whole week.
    """

    stretches: tuple[Period, ...]
    weekly: Weekly

    @property
    def days(self) -> float:
        """Days of 24 hours in all stretches; 0 when there are none."""
        return sum(stretch.days for stretch in self.stretches)


def known_times(reader: Reader, question: Question) -> Mapping[str, Known]:
    """What is known of every group of a question over its whole period, by the group's name."""
    cut = slices(reader, replace(question, every=None))
    deployed = succeeded(cut.read(reader, "deployment_frequency"))
    found = {}
    for place, (name, members) in enumerate(zip(cut.names, by_place(cut), strict=True)):
        stretches = tuple(covered(question, members))
        found[name] = Known(stretches=stretches, weekly=_weekly(deployed["at_us"][deployed["grp"] == place], stretches))
    return found


def _weekly(moments: Integers, stretches: Sequence[Period]) -> Weekly:
    """How many of the moments, in order, lie in each whole week, counted from where its stretch begins."""
    counts = [np.diff(moments.searchsorted(_edges(stretch))) for stretch in stretches]
    return tuple(np.concatenate(counts).tolist()) if counts else ()


def _edges(stretch: Period) -> Integers:
    """The ends of its whole weeks in microseconds."""
    return np.arange(micros(stretch.start), micros(stretch.end) + _CLOCK_CHANGE + 1, _WEEK)


def dispersion(*periods: Weekly) -> float | None:
    """How many times more the weeks of periods vary than Poisson counts, each around its own mean; at least 1.

    None when one of them has fewer than `FEWEST_WEEKS` whole weeks: how much these vary is not known then.
    """
    if any(len(period) < FEWEST_WEEKS for period in periods):
        return None
    known = [np.array(period, dtype=np.float64) for period in periods]
    mean = sum(float(counts.mean()) for counts in known)
    return max(1.0, sum(float(counts.var(ddof=1)) for counts in known) / mean) if mean else 1.0
