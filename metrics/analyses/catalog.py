"""The analyses by name: the one registry that the command line and the pages read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dora.errors import ConfigError
from dora.tables import nearest
from dora.warehouse import Reader
from metrics.analyses.answer import Answer
from metrics.analyses.batch_size import batch_size
from metrics.analyses.drift import drift
from metrics.analyses.rehearsal import rehearsal
from metrics.question import Question


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis: its title, the question it answers in one line, and the function that answers it."""

    title: str
    asks: str
    answer: Callable[[Reader, Question], Answer]


ANALYSES: Mapping[str, Analysis] = {
    "rehearsal": Analysis(
        "Rehearsal and promotion",
        "Was the same version tried in lower environments before production, the same build, by the same way?",
        rehearsal,
    ),
    "drift": Analysis(
        "Environment drift",
        "How far is production behind staging now: versions, commits, age?",
        drift,
    ),
    "batch_size": Analysis(
        "Batch size",
        "How much does a deployment ship, in the bins of DORA's survey, and how often does each size fail?",
        batch_size,
    ),
}


def analysis(name: str) -> Analysis:
    """The analysis of a name; a `ConfigError` with the nearest one when there is none."""
    if name not in ANALYSES:
        raise ConfigError(f"--analysis: there is no {name!r}{nearest(name, tuple(ANALYSES))}; `list` shows all")
    return ANALYSES[name]
