"""The rows behind one number: each with its role and, when it does not count, the reason; and the SQL that found them.

The number is computed again from these rows alone, a row at a time, so that it can be checked by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from dora.definitions import Definitions
from dora.errors import ConfigError
from dora.tables import nearest
from dora.warehouse import Reader
from metrics.catalog import METRICS, Metric
from metrics.failed_deployments import Failure, failures_by_number
from metrics.group_notes import unwatched
from metrics.literals import filled
from metrics.local_days import day_rules, local_days
from metrics.plain_text import plain_text
from metrics.question import Question
from metrics.scorecard import scorecard
from metrics.slices import Slices, slices
from metrics.uncounted import OTHERWISE, why_not

Row = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One number and its rows.

    Roles: `numerator` (which is in the denominator too), `denominator` (with why the evidence against it does not count), `value` (one measured time), `open`
    (not ended yet: `age_seconds` old), `excluded` (with a reason). `value` is the figure computed from the rows; None
    without data. `sql` finds the rows in the published file, one statement for all services with the same definitions.
    `with_open`: of times, the Kaplan-Meier median that counts open ones too; None when not reached. `unwatched`: a sentence
    where a fail rate is 0 because nothing could tell of a failure.
    """

    metric: Metric
    question: Question
    value: float | None
    with_open: float | None
    formula: str
    rows: tuple[Row, ...]
    sql: str
    unwatched: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the question."""
        of_incidents = self.question.of_incidents if self.metric.id == "time_to_restore" else ()
        return (*self.question.notes, *self.unwatched, *of_incidents)


def explain(reader: Reader, question: Question, metric_id: str) -> Explanation:
    """Explain one metric over everything that the question pools; an unknown metric is a `ConfigError`."""
    if metric_id not in METRICS:
        raise ConfigError(f"no metric {metric_id!r}{nearest(metric_id, METRICS)}")
    metric = METRICS[metric_id]
    cut = slices(reader, question)
    rows = tuple(_once(sorted((row for part in cut.parts() for row in _rows(reader, part, metric)), key=_time)))
    value, formula = _recompute(metric_id, rows, local_days(question.period, day_rules(cut)[0][0]))
    return Explanation(
        metric=metric,
        question=question,
        value=value,
        with_open=_with_open(rows),
        formula=formula,
        rows=rows,
        sql=";\n\n".join(filled(*_asked(part, metric)).rstrip() for part in cut.parts()) + ";",
        unwatched=_unwatched(reader, question) if metric_id == "change_fail_rate" and value == 0 else (),
    )


def _unwatched(reader: Reader, question: Question) -> tuple[str, ...]:
    return tuple(unwatched(scorecard(reader, replace(question, by="organisation", every=None)).groups))


def _rows(reader: Reader, part: Slices, metric: Metric) -> Iterator[Row]:
    """The rows of services with the same definitions, each judged by these."""
    question = part.question
    failures = failures_by_number(reader, part)
    for row in reader.frame(*_asked(part, metric)).iter_rows(named=True):
        row |= dict.fromkeys(_FOUND.get(metric.id, ()))
        row["failure"] = failures.get(row.pop("number", -1))
        role, reason = _JUDGES[metric.id](row, question)
        del row["failure"]
        yield {"role": role, "reason": reason, **row}


def _asked(part: Slices, metric: Metric) -> tuple[str, dict[str, object]]:
    """The question that finds the rows, and its parameters."""
    question = part.question
    chosen = {"change": question.definitions.change, "clock": question.definitions.clock, "horizon": question.horizon}
    return part.asked(metric.explained_by, **chosen)


def _once(rows: Sequence[Row]) -> Iterator[Row]:
    """The rows, an incident of several services counted only the first time."""
    seen = set()
    for row in rows:
        incident = row.get("incident_id")
        if incident in seen:
            yield row | {"role": "excluded", "reason": "counted already: it concerns several services"}
        else:
            yield row
        seen |= {incident} - {None}


#: What happened to an attempt, where its status alone makes no sentence.
_DID = {"cancelled": "was cancelled", "pending": "is pending", "running": "is running"}
_TIMES = ("finished_at", "deployed_at", "began_at", "landed_at")


def _time(row: Row) -> datetime:
    return cast(datetime, next(row[name] for name in _TIMES if row.get(name)))


def _judged(row: Row, definitions: Definitions) -> list[tuple[Row, str | None]]:
    """The evidence against a deployment, each piece with why it does not count, None where it does."""
    evidence = cast("list[Row] | None", row["evidence"]) or []
    otherwise = OTHERWISE if any(item["kind"] == "absolved" for item in evidence) else None
    ends = cast(datetime, row["finished_at"])
    return [
        (item, why_not(str(item["kind"]), cast("datetime | None", item["evidence_at"]), ends, definitions) or otherwise)
        for item in evidence
    ]


def _uncounted(row: Row, definitions: Definitions) -> str:
    """Why the evidence against a deployment does not count, kind by kind, with what people said; empty without any."""
    told = [
        f"{item['kind']}: {why}" + (f": {plain_text(str(item['reason']))}" if item["kind"] == "absolved" else "")
        for item, why in _judged(row, definitions)
        if why
    ]
    return "; ".join(dict.fromkeys(told))


def _not_live(row: Row) -> str:
    return f"it {_DID.get(str(row['status']), row['status'])}, so it was never live"


def _deployed(row: Row, _question: Question) -> tuple[str, str]:
    return ("numerator", "") if row["status"] == "succeeded" else ("excluded", _not_live(row))


def _failed(row: Row, question: Question) -> tuple[str, str]:
    if row["status"] != "succeeded":
        return "excluded", _not_live(row)
    window = timedelta(seconds=question.definitions.failure_window_seconds or 0)
    if cast(datetime, row["finished_at"]) + window > question.as_of.astimezone(UTC).replace(tzinfo=None):
        return "excluded", "pending: its failure window has not passed"
    kinds = sorted({str(item["kind"]) for item, why in _judged(row, question.definitions) if why is None})
    return ("numerator", ", ".join(kinds)) if kinds else ("denominator", _uncounted(row, question.definitions))


def _recovered(row: Row, question: Question) -> tuple[str, str]:
    failure = cast("Failure | None", row["failure"])
    if failure is None:
        why = _uncounted(row, question.definitions)
        did_not = f"it did not fail; {why}" if why else "it did not fail"
        return "excluded", did_not if row["status"] == "succeeded" else _not_live(row)
    if failure.recovered_us is None:
        return _going(row, row["finished_at"], question.as_of, "not recovered yet: censored")
    row["seconds"] = (failure.recovered_us - failure.at_us) / 1e6
    row["recovered_at"] = cast(datetime, row["finished_at"]) + timedelta(seconds=cast(float, row["seconds"]))
    if cast(float, row["seconds"]) < 0:
        return "excluded", "negative: a clock is wrong"
    return "value", "the fix failed too: counts until that failure ended" if failure.handed_on else ""


def _shipped(row: Row, question: Question) -> tuple[str, str]:
    definitions = question.definitions
    if definitions.change == "commit" and row["is_merge"]:
        return "excluded", "a merge commit"
    if definitions.change == "mainline" and not row["mainline"]:
        return "excluded", "not on the default branch's own line"
    if row["is_bot"] and not definitions.bots:
        return "excluded", "made by a bot"
    if row["began_at"] is None:
        return "excluded", f"its clock ({definitions.counted_clock}) is unknown"
    if row["waits"]:
        return _going(row, row["began_at"], question.horizon, "not deployed by the end of the period: censored")
    if cast(float, row["seconds"]) < 0:
        return "excluded", f"negative: {_EARLY.get(definitions.counted_clock, 'a clock is wrong')}"
    return "value", ""


def _restored(row: Row, question: Question) -> tuple[str, str]:
    if row["seconds"] is None:
        return _going(row, row["began_at"], question.as_of, "not resolved yet: censored")
    return ("excluded", "negative: a clock is wrong") if cast(float, row["seconds"]) < 0 else ("value", "")


def _going(row: Row, began: object, until: datetime, reason: str) -> tuple[str, str]:
    """Open: how long it had been going on at `until`, which is 0 for one that is said to begin later."""
    row["age_seconds"] = max(0.0, (until.astimezone(UTC).replace(tzinfo=None) - cast(datetime, began)).total_seconds())
    return "open", reason


def _reworked(row: Row, question: Question) -> tuple[str, str]:
    if row["status"] != "succeeded":
        return "excluded", _not_live(row)
    kinds = [kind for kind in cast("Sequence[str]", row["rework_kinds"]) if kind in question.definitions.rework_kinds]
    return ("numerator", ", ".join(kinds)) if kinds else ("denominator", "")


#: Why a deployment comes before a clock that need not be wrong.
_EARLY = {
    "first_commit": "deployed before the first commit of its pull request",
    "opened": "deployed before its pull request was opened",
    "merged": "deployed before it was merged",
}
#: Columns that judging a row fills; every row has them, so that a table of them has, too.
_FOUND = {
    "change_lead_time": ("age_seconds",),
    "failed_deployment_recovery_time": ("recovered_at", "seconds", "age_seconds"),
    "time_to_restore": ("age_seconds",),
}
_JUDGES: dict[str, Callable[[Row, Question], tuple[str, str]]] = {
    "deployment_frequency": _deployed,
    "change_lead_time": _shipped,
    "change_fail_rate": _failed,
    "failed_deployment_recovery_time": _recovered,
    "time_to_restore": _restored,
    "deployment_rework_rate": _reworked,
}


def _recompute(metric_id: str, rows: Sequence[Row], days: float) -> tuple[float | None, str]:
    numerator = sum(row["role"] == "numerator" for row in rows)
    if metric_id == "deployment_frequency":
        return numerator / days, f"{numerator} deployments / {days:g} days"
    if METRICS[metric_id].unit == "rate":
        n = numerator + sum(row["role"] == "denominator" for row in rows)
        return (numerator / n if n else None), f"{numerator} / {n} deployments"
    values = sorted(cast(float, row["seconds"]) for row in rows if row["role"] == "value")
    open_ = sum(row["role"] == "open" for row in rows)
    return _median(values), f"median of {len(values)} time{'' if len(values) == 1 else 's'}" + (
        f"; {open_} still open, not in it" if open_ else ""
    )


def _with_open(rows: Sequence[Row]) -> float | None:
    """The first time at which the product of the shares that go on is at most one half; the plain median when none does."""
    ended = [(cast(float, row["seconds"]), True) for row in rows if row["role"] == "value"]
    going = [(cast(float, row["age_seconds"]), False) for row in rows if row["role"] == "open"]
    if not going:
        return _median(sorted(seconds for seconds, _ in ended))
    left = 1.0
    ordered = sorted((*ended, *going), key=lambda time: (time[0], not time[1]))
    for place, (seconds, over) in enumerate(ordered):
        left *= 1 - over / (len(ordered) - place)
        if left <= 0.5 + 1e-12:
            return seconds
    return None


def _median(values: Sequence[float]) -> float | None:
    if not values:
        return None
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
