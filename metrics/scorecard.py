"""All metrics for one question: groups, buckets, and the definitions they were computed with."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache

from dora.definitions import Definitions
from dora.warehouse import Reader
from metrics.change_fail_rate import change_fail_rate
from metrics.change_lead_time import change_lead_time
from metrics.deployment_frequency import RULE, deployment_frequency
from metrics.question import Question
from metrics.recovery_time import recovery_time, time_to_restore
from metrics.results import Group, Scorecard
from metrics.rework_rate import rework_rate
from metrics.slices import Slices, slices


def scorecard(reader: Reader, question: Question, now: datetime | None = None) -> Scorecard:
    """Answer a question from a published file; groups in alphabetical order, empty ones included."""
    cut = slices(reader, question)
    return Scorecard(
        generated_at=(now or datetime.now(UTC)).isoformat(timespec="seconds"),
        data_as_of=question.as_of.isoformat(timespec="seconds"),
        definitions=_stamp(question.definitions),
        period={"from": question.period.start.isoformat(), "to": question.period.end.isoformat()},
        edition=question.edition,
        groups=tuple(_groups(reader, cut)),
        notes=(f"deployment frequency level: {RULE}",),
    )


@lru_cache(maxsize=64)
def _stamp(definitions: Definitions) -> Mapping[str, object]:
    return {"hash": definitions.hash} | definitions.as_dict()


def _groups(reader: Reader, cut: Slices) -> list[Group]:
    frequency, lead = deployment_frequency(reader, cut), change_lead_time(reader, cut)
    failed, rework = change_fail_rate(reader, cut), rework_rate(reader, cut)
    recovery, restore = recovery_time(reader, cut), time_to_restore(reader, cut)

    def group(position: int, bucket: int, buckets: tuple[Group, ...] | None = None) -> Group:
        key, period = (position, bucket), cut.buckets[bucket]
        return Group(
            by=cut.question.by,
            name=cut.names[position],
            start=period.start.isoformat(),
            end=period.end.isoformat(),
            deployment_frequency=frequency[key],
            change_lead_time=lead[key],
            change_fail_rate=failed[key],
            failed_deployment_recovery_time=recovery[key],
            time_to_restore=restore[key],
            deployment_rework_rate=rework[key],
            buckets=buckets,
        )

    out = []
    for position in range(len(cut.names)):
        parts = tuple(group(position, b) for b in range(1, len(cut.buckets))) if cut.question.every else None
        out.append(group(position, 0, parts))
    return out
