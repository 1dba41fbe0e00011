"""Recovery style: how failed deployments were ended (roll forward, roll back, flag off, switch), and how fast each is.

What the ledger names as the end comes first. An incident that was only closed names none: then the last deployment or
flag switched off between the failure and its end is presumed, and counted as such, for time alone proves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share, spread
from metrics.analyses.flag_states import meaning, reaches
from metrics.analyses.known import known
from metrics.covered import by_place, covered
from metrics.failed_deployments import Failure, episode, failures, failures_by_number
from metrics.intervals import Interval, poisson_interval
from metrics.members import NEVER, micros
from metrics.question import Question
from metrics.services import matches
from metrics.slices import Slices, slices

Style = Literal["roll_forward", "roll_back", "flag_off", "switch", "redeploy", "unknown"]
STYLES: tuple[Style, ...] = ("roll_forward", "roll_back", "flag_off", "switch", "redeploy", "unknown")
#: Mechanisms that only move the traffic to another running version.
SWITCHES = ("*blue*green*", "*switch*", "*swap*", "*traffic*", "*slot*")
DEFINITION = (
    "what ended each failed deployment, from its finish to the end of its failure; a fix that failed hands on to "
    "what ended that. Roll forward: a new version, a revert that is merged and deployed too; roll back: an "
    "earlier one; switch: a mechanism named after blue/green, a swap, slots or traffic; redeploy: the same "
    "version; flag off: a flag of the service switched off. Presumed: the incident names no fix, so the last "
    "deployment or flag switched off before its end is taken. Rolled share: among roll forward and roll back. "
    "Mean time between failures: the time that the data covers while the group owned any of its services, over the "
    "failed deployments, with exact Poisson interval"
)
COLUMNS = (
    "group", "style", "failures", "presumed", "recovery_n", "recovery_median_seconds", "recovery_seconds_interval",
    "recovery_p90_seconds", "share", "share_interval", "rolled_share", "rolled_share_interval",
    "mean_seconds_between", "mean_seconds_between_interval",
)  # fmt: skip
_EPOCH = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Move:
    """What may have ended a failure, a deployment or a flag switched off, at a moment in microseconds."""

    at_us: int
    style: Style


def recovery_style(reader: Reader, question: Question) -> Answer:
    """A row a group and style, one for the `open` and one for `all` failed deployments of the period."""
    cut = slices(reader, question)
    frame, flags_known = _ended(reader, cut), known(reader)["flag_changes"]
    rows = [
        row
        for (name, part), members in zip(by_group(cut, frame), by_place(cut), strict=True)
        for row in _group(name, part, sum(stretch.seconds for stretch in covered(question, members)))
    ]
    if not flags_known:
        rows = [row | _UNSEEN if row["style"] == "flag_off" else row for row in rows]
    return Answer(
        name="recovery_style",
        title="Recovery style",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=_notes(frame, flags_known),
        keys=2,
    )


def _notes(frame: pl.DataFrame, flags_known: bool) -> tuple[str, ...]:
    notes = []
    if not flags_known:
        notes.append("no flag change is known at all, so no failure can be seen to have ended by one")
    if frame.is_empty():
        notes.append("no deployment of the period failed by the kinds of evidence that count")
    return tuple(notes)


#: Of failures ended by a flag, when no flag change is known: not 0.
_UNSEEN = {"failures": None, "presumed": None, "recovery_n": None, "share": None, "share_interval": (None, None)}


def _group(name: str, part: pl.DataFrame, seconds: float) -> Iterator[dict[str, object]]:
    ended = part.filter(part["style"] != "open")
    rolled = part.filter(part["style"].is_in(["roll_forward", "roll_back"])).height
    for style in STYLES:
        rows = part.filter(part["style"] == style)
        of = rolled if style in ("roll_forward", "roll_back") else None
        yield (
            _row(name, style, rows) | share("share", rows.height, ended.height) | _rolled(rows.height, of) | _between()
        )
    still = part.filter(part["style"] == "open")
    yield _row(name, "open", still) | share("share", 0, 0) | _rolled(0, None) | _between()
    yield _row(name, "all", part) | share("share", 0, 0) | _rolled(0, None) | _between(part.height, seconds)


def _row(name: str, style: str, rows: pl.DataFrame) -> dict[str, object]:
    seen = {"group": name, "style": style, "failures": rows.height, "presumed": int(rows["presumed"].sum())}
    return seen | spread("recovery", rows["seconds"])


def _rolled(hits: int, n: int | None) -> dict[str, object]:
    return share("rolled_share", hits, n or 0)


def _between(failed: int = 0, seconds: float = 0.0) -> dict[str, object]:
    """The mean time between so many failures in so many seconds of data; None when either is 0."""
    mean: float | None = None
    interval: Interval = (None, None)
    if failed and seconds:
        few, many = poisson_interval(failed)
        mean, interval = seconds / failed, (seconds / many, seconds / few if few else None)
    return {"mean_seconds_between": mean, "mean_seconds_between_interval": interval}


def _ended(reader: Reader, cut: Slices) -> pl.DataFrame:
    """One row per failed deployment and group: grp, style (`open` without an end), presumed, seconds."""
    found = failures(reader, cut)
    columns = (found[name].tolist() for name in ("grp", "deployment", "at_us", "recovered_us"))
    failed = list(zip(*columns, strict=True))
    ends = {number: end for _, number, _, end in failed}
    judged, until = failures_by_number(reader, cut), micros(cut.question.period.end)
    fixes = {number: _fix(judged, number) for _, number, at, end in failed if at < until and end < NEVER}
    moves = _moves(reader, cut, fixes, max((ends[number] for number in fixes), default=0))
    rows = []
    for grp, number, at, end in failed:
        if at < until:
            style, presumed = moves.style(number, at, end, fixes[number]) if number in fixes else ("open", False)
            rows.append((grp, style, presumed, (end - at) / 1e6 if at <= end < NEVER else None))
    schema = pl.Schema({"grp": pl.Int32(), "style": pl.String(), "presumed": pl.Boolean(), "seconds": pl.Float64()})
    return pl.DataFrame(rows, schema=schema, orient="row")


@dataclass(frozen=True, slots=True)
class _Moves:
    """What was deployed to each (service, environment) and switched off in each service, by time."""

    by_number: Mapping[int, tuple[tuple[str, str], Move]]
    lines: Mapping[tuple[str, str], Sequence[Move]]

    def style(self, number: int, at: int, end: int, fix: int | None) -> tuple[Style, bool]:
        """(style, whether it is presumed) of the failure of deployment `number` from `at` to `end`."""
        if fix is not None:
            return (self.by_number[fix][1].style if fix in self.by_number else "unknown"), False
        line = self.lines.get(self.by_number[number][0], ()) if number in self.by_number else ()
        last = bisect_right(line, end, key=lambda move: move.at_us) - 1
        if last < 0 or line[last].at_us <= at:
            return "unknown", False
        return line[last].style, line[last].style != "unknown"


def _moves(reader: Reader, cut: Slices, fixes: Mapping[int, int | None], until_us: int) -> _Moves:
    """The deployments named in `fixes` (failed -> what ended it), and all moves of the lines where none is named."""
    until = _EPOCH + timedelta(microseconds=until_us)
    numbers = [number for number in fixes.values() if number is not None]
    unnamed = [number for number, end in fixes.items() if end is None]
    by_number, lines = {}, dict[tuple[str, str], list[Move]]()
    asked = {"fixes": numbers, "unnamed": unnamed, "until": until}
    for row in cut.frame(reader, "analyses/recovery_style", **asked).to_dicts():
        line = (str(row["service"]), str(row["environment"]))
        move = Move(_us(row["finished_at"]), deployment_style(row))
        by_number[cast(int, row["number"])] = (line, move)
        if row["backward_kind"] != "replay":
            lines.setdefault(line, []).append(move)
    off = cut.frame(reader, "analyses/recovery_style_flags", until=until).to_dicts() if unnamed else []
    for row in (row for row in off if meaning(row["state"]) == "off"):
        production = cut.question.definitions.of(str(row["service"])).production
        for line in lines:
            if line[0] == row["service"] and reaches(cast("str | None", row["environment"]), line[1], production):
                lines[line].append(Move(_us(row["changed_at"]), "flag_off"))
    return _Moves(by_number, {line: sorted(moves, key=lambda move: move.at_us) for line, moves in lines.items()})


def deployment_style(row: Mapping[str, object]) -> Style:
    """The style of recovery that a deployment is, by its mechanism and its relation to the one before it."""
    if matches(cast("str | None", row["mechanism"]), SWITCHES):
        return "switch"
    relation = row["relation"]
    if relation == "backward":
        return "roll_back"
    if relation in ("forward", "diverged"):
        return "roll_forward"
    return "redeploy" if relation == "same_commit" else "unknown"


def _fix(judged: Mapping[int, Failure], number: int) -> int | None:
    """The deployment that ended a failure, through fixes that failed themselves; None when unnamed."""
    _, ending = episode(judged, number)
    return ending.fix if ending else None


def _us(moment: object) -> int:
    return micros(cast(datetime, moment).replace(tzinfo=UTC))
