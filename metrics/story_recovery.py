"""How failures ended, as the metric has it: a fix that failed itself hands on to its own recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import cast

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.failed_deployments import KINDS, Ending, Failure, episode, known_failures
from metrics.question import Question
from metrics.slices import read_sql, slices
from metrics.story import Candidate, FailedFix, Recovery, Style

Row = Mapping[str, object]
_EPOCH = datetime.fromtimestamp(0, UTC)


def recoveries(reader: Reader, definitions: Definitions, as_of: datetime, rows: Sequence[Row]) -> dict[str, Recovery]:
    """Id -> what ended its failure, as known at `as_of`; none for a deployment that did not fail.

    `rows`: about these deployments, each with `number`, `deployment_id`, `service` and `finished_at`.
    """
    if not rows:
        return {}
    since = min(cast(datetime, row["finished_at"]) for row in rows).replace(tzinfo=UTC)
    asked = Question(
        period=Period(since, max(since, as_of) + timedelta(microseconds=1)), as_of=as_of, definitions=definitions,
        services=tuple(sorted({str(row["service"]) for row in rows})),
    )  # fmt: skip
    known = known_failures(reader, slices(reader, asked))
    ids = {cast(int, row["number"]): str(row["deployment_id"]) for row in rows}
    episodes = {number: episode(known, number) for number in ids if number in known}
    endings = [ending for _, ending in episodes.values() if ending]
    fixes = _read(reader, {*chain(*(failed for failed, _ in episodes.values())), *(ending.fix for ending in endings)})
    return {
        ids[number]: _recovery(known[number], ending, [fixes[fix] for fix in failed], fixes, as_of)
        for number, (failed, ending) in episodes.items()
    }


def ended_by(reader: Reader, definitions: Definitions, as_of: datetime, deployment_id: str) -> tuple[Candidate, ...]:
    """The failed deployments whose recovery is this one, as known at `as_of`, by id; also by way of fixes that failed.

    Evidence that does not count, and a failure that ended otherwise before, name none.
    """
    told: dict[str, Row] = {}
    ids = [deployment_id]
    while ids:
        rows = reader.records(read_sql("story_recovers"), {"ids": ids, "as_of": as_of})
        ids = [str(row["deployment_id"]) for row in rows if row["deployment_id"] not in told]
        told = {str(row["deployment_id"]): row for row in rows} | told
    ended = recoveries(reader, definitions, as_of, [*told.values()])
    return tuple(
        Candidate(deployment_id=name, why=str(told[name]["why"]))
        for name in sorted(ended)
        if ended[name].recovery_id == deployment_id
    )


def _read(reader: Reader, numbers: Set[int | None]) -> dict[int | None, Row]:
    wanted = sorted(number for number in numbers if number is not None)
    rows = reader.records(read_sql("story_recovering"), {"numbers": wanted}) if wanted else []
    return {cast(int, row["number"]): row for row in rows}


def _recovery(
    failure: Failure, ending: Ending | None, failed: list[Row], fixes: Mapping[int | None, Row], as_of: datetime
) -> Recovery:
    finished_at, failed_fixes = _moment(failure.at_us), tuple(map(_failed_fix, failed))
    if failure.recovered_us is None:
        waited = max(0.0, (as_of - finished_at).total_seconds())
        return Recovery(is_open=True, seconds=waited, failed_too=bool(failed_fixes), failed_fixes=failed_fixes)
    last = fixes.get(ending.fix if ending else None, {})
    seconds = (failure.recovered_us - failure.at_us) / 1e6
    return Recovery(
        is_open=False,
        style=recovery_style(KINDS[ending.kind] if ending else None, cast("str | None", last.get("relation"))),
        recovery_id=cast("str | None", last.get("deployment_id")),
        version=cast("str | None", last.get("version")),
        recovered_at=_moment(failure.recovered_us),
        seconds=seconds if seconds >= 0 else None,
        failed_too=bool(failed_fixes),
        failed_fixes=failed_fixes,
    )


def _failed_fix(row: Row) -> FailedFix:
    return FailedFix(
        deployment_id=str(row["deployment_id"]),
        version=cast("str | None", row["version"]),
        finished_at=cast(datetime, row["finished_at"]).replace(tzinfo=UTC),
    )


def _moment(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def recovery_style(kind: str | None, relation: str | None) -> Style:
    """How it was recovered, from the kind of evidence and the relation of the recovering deployment, if any."""
    if relation == "backward" or kind == "rollback":
        return "rolled back"
    if kind == "revert":
        return "rolled forward with a revert"
    if relation is not None:
        return "rolled forward"
    return "incident resolved" if kind in ("override", "linked_incident", "proximity") else "not known"
