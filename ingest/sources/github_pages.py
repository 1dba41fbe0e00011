"""Reading a list that changes while it is read: passes from the newest entry down to what is known.

A pass goes on, page by page, until it meets what an earlier complete pass has seen. What is new or touched
meanwhile moves to the head of the list, above where this pass began, and is met by the next pass; so nothing
is missed, and some entries are read twice, which is harmless. A pass that was interrupted is finished first,
then the head is read again. Entries that were unfinished (a running deployment, a draft) are asked for by id,
because their place in the list does not change when they finish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dora.model import Record
from ingest.sources.github_values import time_of

#: GitHub gives up on a run that waits for approval after 30 days, and on any run after 35.
UNFINISHED = timedelta(days=36)


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Where the reading of one list stands.

    since: nothing that ended before is wanted.  done: entries older than this are known.
    top, after: of a pass under way, its newest entry and the list's cursor after the last page read.
    unfinished: ids to ask for again.
    """

    since: datetime | None = None
    done: datetime | None = None
    top: datetime | None = None
    after: str | None = None
    unfinished: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The position for the stream's cursor; what is not set is left out."""
        values = {
            key: value.isoformat() if isinstance(value, datetime) else value for key, value in asdict(self).items()
        }
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing of a list: `at` is what the list is ordered by, None when GitHub could not say."""

    id: str
    at: datetime | None
    records: Sequence[Record]
    ended: datetime | None = None
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and the cursor of the next page, None on the last."""

    entries: Sequence[Entry]
    next: str | None = None


def first_position(since: datetime | None, overlap: timedelta) -> Position:
    """Where a first read begins; the overlap finds what began before `since` and ended after."""
    return Position(since=since, done=since and since - overlap)


def read_position(value: dict[str, Any]) -> Position:
    """The position that `as_json` wrote."""
    times = {key: time_of(value.get(key)) for key in ("since", "done", "top")}
    return Position(after=value.get("after"), unfinished=tuple(value.get("unfinished", ())), **times)


def sweep(
    read: Callable[[Position], Page], position: Position, overlap: timedelta
) -> Iterator[tuple[list[Record], Position]]:
    """Yield the records of each page with the position after it, until nothing new is left.

    `read` gives the page after `position.after`. `overlap`: how far below the newest known entry a later pass
    still looks, for entries that show up late or change without moving.
    """
    resumed = True
    while resumed:
        resumed = position.after is not None
        under_way = True
        while under_way:
            records, position, under_way = _after_page(read(position), position, overlap)
            yield records, position


def read_unfinished(
    read: Callable[[Sequence[str]], Sequence[Entry]], position: Position, size: int
) -> Iterator[tuple[list[Record], Position]]:
    """Ask again for what was unfinished, `size` at a time; what is gone or too old is not asked for again."""
    waiting = position.unfinished
    for start in range(0, len(waiting), size):
        asked = waiting[start : start + size]
        entries = read(asked)
        limit = position.done and position.done - UNFINISHED
        still = {entry.id for entry in entries if entry.unfinished and not (limit and entry.at and entry.at < limit)}
        gone = set(asked) - still
        position = replace(position, unfinished=tuple(i for i in position.unfinished if i not in gone))
        yield _wanted(entries, position), position


def _after_page(page: Page, position: Position, overlap: timedelta) -> tuple[list[Record], Position, bool]:
    floor = position.done
    new = [entry for entry in page.entries if not (floor and entry.at and entry.at < floor)]
    top = position.top or max((entry.at for entry in page.entries if entry.at), default=None)
    read = {entry.id for entry in new}
    unfinished = {i for i in position.unfinished if i not in read} | {entry.id for entry in new if entry.unfinished}
    # In order, so that a run that finds nothing new leaves the cursor as it was.
    position = replace(position, unfinished=tuple(sorted(unfinished)))
    if page.next is not None and len(new) == len(page.entries):
        return _wanted(new, position), replace(position, top=top, after=page.next), True
    done = max(filter(None, (floor, top and top - overlap)), default=None)
    return _wanted(new, position), replace(position, done=done, top=None, after=None), False


def _wanted(entries: Sequence[Entry], position: Position) -> list[Record]:
    since = position.since
    return [
        record for entry in entries if not (since and entry.ended and entry.ended < since) for record in entry.records
    ]
