"""The deployments of a period by whole week, and how much these vary.

Deployments come in bursts: taken as independent they would claim a change of frequency too often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

import numpy as np

from dora.warehouse import Reader
from metrics.cells import Integers
from metrics.deployment_frequency import succeeded
from metrics.members import micros
from metrics.question import Question, Seen
from metrics.slices import slices

_WEEK = 7 * 86400 * 1_000_000
#: Four weeks in which clocks go forward are an hour short.
_CLOCK_CHANGE = 3600 * 1_000_000
#: Below this many whole weeks their spread says nothing.
FEWEST_WEEKS = 4


#: The deployments of a group and period by whole week.
Weekly = tuple[int, ...]


def weekly_deployments(reader: Reader, question: Question) -> Mapping[str, Weekly]:
    """Those of every group of a question by its name; empty where the data knows no whole week of the period."""
    cut = slices(reader, replace(question, every=None))
    deployed = succeeded(cut.read(reader, "deployment_frequency"))
    edges = _edges(question)
    found = {}
    for place, name in enumerate(cut.names):
        counted = np.diff(np.searchsorted(deployed["at_us"][deployed["grp"] == place], edges))
        found[name] = tuple(counted.tolist())
    return found


def seen_days(start: datetime, end: datetime, seen: Seen) -> float:
    """Days of 24 hours of [start, end) that lie within the data; 0 when none do."""
    first, last = seen
    start, end = max(start, first or start), min(end, last or end)
    return max(0.0, (end - start).total_seconds() / 86400)


def _edges(question: Question) -> Integers:
    """The ends, in microseconds, of the whole weeks of the period within the data, counted from where that begins."""
    first, last = question.seen
    start = micros(max(question.period.start, first or question.period.start))
    end = micros(min(question.period.end, last or question.period.end))
    return np.arange(start, max(start, end) + _CLOCK_CHANGE + 1, _WEEK)


def dispersion(*periods: Weekly) -> float | None:
    """How many times more the weeks of periods vary than Poisson counts, each around its own mean; at least 1.

    None when one of them has fewer than `FEWEST_WEEKS` whole weeks: how much these vary is not known then.
    """
    if any(len(period) < FEWEST_WEEKS for period in periods):
        return None
    known = [np.array(period, dtype=np.float64) for period in periods]
    mean = sum(float(counts.mean()) for counts in known)
    return max(1.0, sum(float(counts.var(ddof=1)) for counts in known) / mean) if mean else 1.0
