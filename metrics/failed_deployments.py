"""Failed deployments: what the ledger's evidence comes to under a set of definitions.

A deployment fails at most once, whatever the number of its incidents. Late evidence makes no failure, but what it
tells can end one. A fix that failed itself hands on to its own recovery: a chain of failed fixes is one episode
that ends with the last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dora.definitions import FAILURE_KINDS, NOT_FAILURES, WINDOWED_KINDS, Definitions
from dora.warehouse import Reader
from metrics.cells import Arrays, Integers, Rows
from metrics.members import NEVER, micros
from metrics.question import Question
from metrics.slices import Slices

#: A failure that people took back.
ABSOLVED = "absolved"
#: Every kind in the ledger, by its number and its bit in `kinds`.
KINDS = (*FAILURE_KINDS, *NOT_FAILURES, ABSOLVED)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_LATE_KINDS = (*WINDOWED_KINDS, *NOT_FAILURES)


class Ending(NamedTuple):
    """What one piece of evidence says of the end: when, by which kind (number in `KINDS`), by which fix (None: unnamed)."""

    at_us: int
    kind: int
    fix: int | None


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed deployment: when it finished, which kinds of evidence count, when it recovered (None: open).

    A recovery before the finish is impossible: a finding, no value. `ending`: the evidence that the recovery comes
    from, None without any; `handed_on`: its fix failed itself, and the recovery is that failure's own.
    """

    at_us: int
    kinds: frozenset[str]
    recovered_us: int | None
    ending: Ending | None = None
    handed_on: bool = False


def read_ledger(reader: Reader, slices: Slices) -> Arrays:
    """The rows of failures.sql from the start of the period on, not yet in groups; `kind` by its number in `KINDS`."""

    def ask() -> Arrays:
        rows = slices.raw(reader, "failures")
        kinds = np.fromiter(map(_NUMBERS.__getitem__, rows["kind"].tolist()), dtype=np.int8, count=len(rows["kind"]))
        return {**rows, "kind": kinds}

    return slices.once("ledger", ask)


def failures(reader: Reader, slices: Slices) -> Arrays:
    """One row per failed deployment and group under its service's definitions, by `grp` and `at_us`, see `failed`."""
    return slices.listed(lambda part: _failed(reader, part))


def failed_rows(reader: Reader, slices: Slices) -> Rows:
    """Those of the period in cells; `matured`: old enough to be judged."""

    def ask(part: Slices) -> Arrays:
        rows = _failed(reader, part)
        return {**rows, "matured": rows["at_us"] <= judged_until(part.question)}

    return slices.once("failed rows", lambda: slices.rows(ask))


def _failed(reader: Reader, part: Slices) -> Arrays:
    return failed(read_ledger(reader, part), part.question.definitions)


def judged_until(question: Question) -> int:
    """Deployments finished until this moment (microseconds) are matured: their failure window has passed."""
    return micros(question.as_of) - round((question.definitions.failure_window_seconds or 0.0) * 1e6)


def failures_by_number(reader: Reader, slices: Slices) -> dict[int, Failure]:
    """The same by the deployment's number, whoever owned the service: what one team broke another one may have mended."""
    found: dict[int, Failure] = {}
    for part in slices.parts():
        rows, definitions = read_ledger(reader, part), part.question.definitions
        own = np.isin(rows["service_position"], [member.position for member in part.members])
        rows = {name: column[own] for name, column in rows.items()}
        found |= _by_number(failed(rows, definitions), _counted(rows, definitions))
    return found


def known_failures(reader: Reader, slices: Slices) -> dict[int, Failure]:
    """The same as it was known at the question's `as_of`: later evidence is not told and later ends are open.

    All services from the first wanted to the last are judged by the question's definitions.
    """
    rows, until, definitions = read_ledger(reader, slices), micros(slices.question.as_of), slices.question.definitions
    told = (rows["evidence_us"] <= until) | (rows["evidence_us"] >= NEVER)
    ends = np.where(rows["recovered_us"] <= until, rows["recovered_us"], NEVER)
    rows = {name: column[told] for name, column in {**rows, "recovered_us": ends}.items()}
    return _by_number(failed(rows, definitions), _counted(rows, definitions))


def episode(known: Mapping[int, Failure], number: int) -> tuple[tuple[int, ...], Ending | None]:
    """The fixes of failure `number` that failed themselves, in order, and what ended the last; None while open."""
    fixes = []
    while (failure := known[number]).handed_on and failure.ending and failure.ending.fix is not None:
        number = failure.ending.fix
        fixes.append(number)
    return tuple(fixes), failure.ending


def _by_number(rows: Arrays, evidence: Arrays) -> dict[int, Failure]:
    columns = (rows[name].tolist() for name in ("deployment", "at_us", "kinds", "recovered_us"))
    found = list(zip(*columns, strict=True))
    ends, endings = {number: end for number, _, _, end in found}, _endings(evidence)
    failures = {}
    hands_on = {number for number, at, _, end in found if end >= at}
    for number, at, bits, end in found:
        ending, handed_on = _ending(number, endings.get(number, ()), ends, hands_on)
        failures[number] = Failure(at, kinds_of(bits), None if end >= NEVER else end, ending, handed_on)
    return failures


def _endings(evidence: Arrays) -> dict[int, list[Ending]]:
    """By failed deployment, those with a fix first, then a revert, which says how it was mended, then the strongest kind."""
    ended = evidence["recovered_us"] < NEVER
    kinds = evidence["kind"][ended]
    order = np.lexsort((kinds, kinds != KINDS.index("revert"), evidence["recovery"][ended] < 0))
    columns = (evidence[name][ended][order].tolist() for name in ("deployment", "recovered_us", "kind", "recovery"))
    found: dict[int, list[Ending]] = {}
    for number, at, kind, fix in zip(*columns, strict=True):
        found.setdefault(number, []).append(Ending(at, kind, fix if fix >= 0 else None))
    return found


def _ending(
    number: int, endings: Sequence[Ending], ends: Mapping[int, int], hands_on: AbstractSet[int]
) -> tuple[Ending | None, bool]:
    """The first whose end, or whose failed fix's end, is that of failure `number`; and whether its fix failed.

    `hands_on`: the failures whose end is possible.
    """
    for ending in endings:
        failed_too = ending.fix is not None and ending.fix > number and ending.fix in hands_on
        at = ends[ending.fix] if failed_too and ending.fix is not None else ending.at_us
        if at == ends[number]:
            return ending, failed_too
    return None, False


def matured_until(slices: Slices) -> Mapping[str, int]:
    """Service -> the moment in microseconds until which its deployments are old enough to be judged."""
    return {member.service: judged_until(part.question) for part in slices.parts() for member in part.members}


def kinds_of(bits: int) -> frozenset[str]:
    """The kinds that a row's `kinds` stands for."""
    return frozenset(kind for number, kind in enumerate(KINDS) if bits >> number & 1)


def failed(rows: Arrays, definitions: Definitions) -> Arrays:
    """The deployments that evidence makes failures under these definitions; rows as `read_ledger` gives them.

    deployment: its number; kinds: the bits of `KINDS` that count; recovered_us: `NEVER` while open.
    """
    rows = _counted(rows, definitions)
    numbers, first, place = np.unique(rows["deployment"], return_index=True, return_inverse=True)
    timely = ~_late(rows, definitions)
    bits = np.zeros(len(numbers), dtype=np.int64)
    np.bitwise_or.at(bits, place[timely], np.left_shift(1, rows["kind"][timely].astype(np.int64)))
    out = {"deployment": numbers, "kinds": bits, "recovered_us": _recovered(rows, numbers, place, bits > 0)}
    out |= {name: rows[name][first] for name in ("service_position", "at_us")}
    return {name: column[bits > 0] for name, column in out.items()}


def _counted(rows: Arrays, definitions: Definitions) -> Arrays:
    absolved = rows["deployment"][rows["kind"] == KINDS.index(ABSOLVED)]
    counted = _is_one_of(rows["kind"], definitions.failure_kinds)
    if len(absolved):
        counted &= ~np.isin(rows["deployment"], absolved)
    return {name: column[counted] for name, column in rows.items()}


def _is_one_of(kind: NDArray[np.int8], kinds: tuple[str, ...]) -> NDArray[np.bool_]:
    chosen = np.array([name in kinds for name in KINDS])
    return chosen[kind]


def _late(rows: Arrays, definitions: Definitions) -> NDArray[np.bool_]:
    window = definitions.failure_window_seconds
    if window is None:
        return np.zeros(len(rows["kind"]), dtype=np.bool_)
    return _is_one_of(rows["kind"], _LATE_KINDS) & (rows["evidence_us"] - rows["at_us"] >= round(window * 1e6))


def _recovered(rows: Arrays, numbers: Integers, place: Integers, failed: NDArray[np.bool_]) -> Integers:
    """For every deployment its earliest possible end; an impossible one only when there is no other, so that it is
    seen to be wrong; `NEVER` without any."""
    ended = (rows["recovered_us"] < NEVER) & failed[place]
    places, at, end = place[ended], rows["at_us"][ended], rows["recovered_us"][ended].copy()
    if len(end):
        _hand_on(rows, numbers[failed], ended, end)
    earliest, latest = np.full(len(failed), NEVER), np.full(len(failed), -NEVER)
    possible = (end >= at) & (end < NEVER)
    np.minimum.at(earliest, places[possible], end[possible])
    known = end < NEVER
    np.maximum.at(latest, places[known], end[known])
    return np.where((earliest == NEVER) & (latest > -NEVER), latest, earliest)


def _hand_on(rows: Arrays, failed: Integers, ended: NDArray[np.bool_], end: Integers) -> None:
    """Replace the ends that are fixes which failed themselves by the end of that failure, the last one first.

    Not by an impossible one, which is no end.
    """
    deployments, fixes = rows["deployment"][ended], rows["recovery"][ended]
    failed_too = failed[np.minimum(failed.searchsorted(fixes), len(failed) - 1)] == fixes
    chained = np.flatnonzero(failed_too & (fixes > deployments))
    for index in chained[np.argsort(-deployments[chained], kind="stable")].tolist():
        ends = end[deployments == fixes[index]]
        began = rows["at_us"][rows["deployment"] == fixes[index]][0]
        known = ends[ends < NEVER]
        if (known >= began).any() or not len(known):
            end[index] = known[known >= began].min(initial=NEVER)
