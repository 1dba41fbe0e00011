"""What the rows of a period know that its headline does not: how much its weeks vary.

Deployments come in bursts: taken as independent they would claim a change of frequency too often.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from dora.warehouse import Reader
from metrics.deployment_frequency import succeeded
from metrics.question import Question
from metrics.slices import micros, slices

_WEEK = 7 * 86400 * 1_000_000
#: Below this many weeks their spread says nothing.
_FEWEST_WEEKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one group and period: the deployments by whole week."""

    weekly: tuple[int, ...]


def evidence(reader: Reader, question: Question) -> Mapping[str, Evidence]:
    """The evidence of every group of a question by its name."""
    cut = slices(reader, replace(question, every=None))
    deployed = succeeded(cut.read(reader, "deployment_frequency"))
    start, end = micros(question.period.start), micros(min(question.period.end, question.as_of))
    edges = np.arange(start, max(start, end) + 1, _WEEK)
    found = {}
    for place, name in enumerate(cut.names):
        weekly = np.diff(np.searchsorted(deployed["at_us"][deployed["grp"] == place], edges))
        found[name] = Evidence(weekly=tuple(weekly.tolist()))
    return found


def dispersion(*periods: Evidence) -> float:
    """How many times more the weeks of periods vary than Poisson counts, each around its own mean; at least 1."""
    known = [np.array(period.weekly, dtype=np.float64) for period in periods if len(period.weekly) >= _FEWEST_WEEKS]
    mean = sum(float(weekly.mean()) for weekly in known)
    return max(1.0, sum(float(weekly.var(ddof=1)) for weekly in known) / mean) if mean else 1.0
