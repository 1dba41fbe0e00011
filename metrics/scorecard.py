"""All metrics for one question: groups, buckets, and the definitions they were computed with.

`table` gives the figures as columns, `scorecard` as objects, which for thousands of cells take longer than the figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.change_fail_rate import change_fail_rate
from metrics.change_lead_time import change_lead_time
from metrics.columns import Columns, joined, results
from metrics.deployment_frequency import RULE, deployment_frequency
from metrics.group_notes import left_out, moved_by_waiting, unwatched
from metrics.question import Question
from metrics.recovery_time import recovery_time, time_to_restore
from metrics.results import (
    ChangeFailRate,
    ChangeLeadTime,
    DeploymentFrequency,
    Group,
    RecoveryTime,
    ReworkRate,
    Scorecard,
    TimeToRestore,
)
from metrics.rework_rate import rework_rate
from metrics.slices import Slices, slices

#: Services whose rows are held at once. The system hands out arrays of more than 32 MB anew for every step, page by page,
#: which for four million changes takes as long as to work on them.
HELD = 500
_METRICS: Mapping[str, Callable[[Reader, Slices], Columns]] = {
    "deployment_frequency": deployment_frequency,
    "change_lead_time": change_lead_time,
    "change_fail_rate": change_fail_rate,
    "failed_deployment_recovery_time": recovery_time,
    "time_to_restore": time_to_restore,
    "deployment_rework_rate": rework_rate,
}


@dataclass(frozen=True, slots=True)
class Table:
    """The figures of every group and bucket as columns, by the fields of the results; `results` tells what they mean.

    A column has a line a cell: the buckets of one group after those of another, the whole period before its buckets.
    """

    names: tuple[str, ...]
    buckets: tuple[Period, ...]
    deployment_frequency: Columns
    change_lead_time: Columns
    change_fail_rate: Columns
    failed_deployment_recovery_time: Columns
    time_to_restore: Columns
    deployment_rework_rate: Columns


def table(reader: Reader, question: Question) -> Table:
    """Answer a question from a published file; groups in alphabetical order, empty ones included."""
    cut = slices(reader, question)
    found = [{name: ask(reader, run) for name, ask in _METRICS.items()} for run in cut.runs(HELD)]
    columns = {name: joined([part[name] for part in found]) for name in _METRICS} if len(found) > 1 else found[0]
    return Table(names=cut.names, buckets=cut.buckets, **columns)


def scorecard(reader: Reader, question: Question, now: datetime | None = None) -> Scorecard:
    """The same answer as objects, `Group` by `Group`."""
    groups = tuple(_groups(table(reader, question), question))
    return Scorecard(
        generated_at=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        data_as_of=question.as_of.isoformat(timespec="seconds"),
        definitions=_stamp(question.definitions),
        period={"from": question.period.start.isoformat(), "to": question.period.end.isoformat()},
        edition=question.edition,
        groups=groups,
        notes=(
            *question.notes,
            *unwatched(groups),
            *left_out(reader, question, groups),
            *moved_by_waiting(question.edition, groups),
            f"deployment frequency level: {RULE}",
            *question.of_incidents,
        ),
        filters=question.filters,
    )


@lru_cache(maxsize=64)
def _stamp(definitions: Definitions) -> Mapping[str, object]:
    return {"hash": definitions.hash} | definitions.as_dict()


def _groups(found: Table, question: Question) -> Iterator[Group]:
    spans = [(bucket.start.isoformat(), bucket.end.isoformat()) for bucket in found.buckets]
    lines = zip(
        results(DeploymentFrequency, found.deployment_frequency),
        results(ChangeLeadTime, found.change_lead_time),
        results(ChangeFailRate, found.change_fail_rate),
        results(RecoveryTime, found.failed_deployment_recovery_time),
        results(TimeToRestore, found.time_to_restore),
        results(ReworkRate, found.deployment_rework_rate),
        strict=True,
    )
    for name in found.names:
        parts = [
            Group(
                by=question.by,
                name=name,
                start=start,
                end=end,
                deployment_frequency=frequency,
                change_lead_time=lead,
                change_fail_rate=failed,
                failed_deployment_recovery_time=recovery,
                time_to_restore=restore,
                deployment_rework_rate=rework,
            )
            for (start, end), (frequency, lead, failed, recovery, restore, rework) in zip(spans, lines, strict=False)
        ]
        yield replace(parts[0], buckets=tuple(parts[1:]) if question.every else None)
