"""The analyses by name: the one registry that the command line and the pages read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dora.errors import ConfigError
from dora.tables import nearest
from dora.warehouse import Reader
from metrics.analyses.answer import Answer
from metrics.analyses.any_time import any_time, hours
from metrics.analyses.batch_size import batch_size
from metrics.analyses.canary import canary
from metrics.analyses.clocks import clocks
from metrics.analyses.database import database
from metrics.analyses.drift import drift
from metrics.analyses.feedback import feedback
from metrics.analyses.first_day import first_day
from metrics.analyses.flags import flag_incidents, flags
from metrics.analyses.handoffs import handoffs
from metrics.analyses.recovery_style import recovery_style
from metrics.analyses.rehearsal import rehearsal
from metrics.analyses.review import review
from metrics.analyses.steps import steps
from metrics.analyses.success import success
from metrics.question import Question


@dataclass(frozen=True, slots=True)
class Analysis:
    """One analysis: its title, the question it answers in one line, and the function that answers it.

    every: it also answers for every bucket of the question.
    """

    title: str
    asks: str
    answer: Callable[[Reader, Question], Answer]
    every: bool = False


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
    "handoffs": Analysis(
        "Hand-offs and self-service",
        "Who starts deployments, what do they wait for, and does handing them off make them safer?",
        handoffs,
    ),
    "first_day": Analysis(
        "First-day deploy",
        "How long until a newcomer's first change runs in production? A distribution, nobody is named.",
        first_day,
    ),
    "steps": Analysis(
        "Pipeline steps",
        "How long does each step take and wait, how often does it fail, and which few cause most failures?",
        steps,
    ),
    "feedback": Analysis(
        "Time to first feedback",
        "How long does a change wait for the first thing that its checks say?",
        feedback,
    ),
    "batch_size": Analysis(
        "Batch size",
        "How much does a deployment ship, in the bins of DORA's survey, and how often does each size fail?",
        batch_size,
    ),
    "any_time": Analysis(
        "Any time",
        "Is production deployed to on any day, how long are gaps and streaks, how many deployments per developer?",
        any_time,
    ),
    "hours": Analysis(
        "Hours of the week",
        "On which weekdays and hours does each group deploy, and how often do those deployments fail?",
        hours,
    ),
    "recovery_style": Analysis(
        "Recovery style",
        "Are failures ended by rolling forward, rolling back, a flag or a switch, and how fast is each?",
        recovery_style,
    ),
    "flags": Analysis(
        "Release is not deploy",
        "How often are feature flags changed, and how many incidents stand beside such a change?",
        flags,
        every=True,
    ),
    "flag_incidents": Analysis(
        "Incidents beside a flag change",
        "Which flag changes lie in the time of which incidents?",
        flag_incidents,
    ),
    "canary": Analysis(
        "Canary stages",
        "Which failures were caught in a canary or by a check before everybody was served, and which escaped?",
        canary,
    ),
    "database": Analysis(
        "Database changes",
        "How many deployments contain a migration, and do they fail more often than others?",
        database,
    ),
    "review": Analysis(
        "Review and tests",
        "How much of what shipped was reviewed and had green checks, and how much went past them?",
        review,
    ),
    "success": Analysis(
        "Deployment success rate",
        "How many deployment attempts end well, whatever they put live?",
        success,
    ),
    "clocks": Analysis(
        "Incident clocks",
        "How long does it take to detect, acknowledge, mitigate and restore?",
        clocks,
    ),
}


def analysis(name: str) -> Analysis:
    """The analysis of a name; a `ConfigError` with the nearest one when there is none."""
    if name not in ANALYSES:
        raise ConfigError(f"--analysis: there is no {name!r}{nearest(name, tuple(ANALYSES))}; `list` shows all")
    return ANALYSES[name]
