"""The lists of one repository: how each is asked for, and how what comes back becomes entries.

A list gives a page after a position, and its unfinished things by their ids. What cannot become a record, be it
that GitHub could not say all of it or that its shape is wrong, becomes an entry that holds a `Rejected`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dora.errors import SourceError
from dora.model import Record, Rejected
from ingest.http import NotFound
from ingest.sources.github_client import Api, Listing
from ingest.sources.github_pages import Entry, Page, Position
from ingest.sources.github_queries import PAGE_SIZE
from ingest.sources.github_records import ended_at
from ingest.sources.github_runs import workflow_run
from ingest.sources.github_values import Node, Origin, text, time_of

#: GitHub answers from copies that lag a little; an entry may show up this late.
LAG = timedelta(minutes=5)
#: Every run costs a request for its jobs, so a page of runs is small: that much is read again after a kill.
RUNS_PER_PAGE = 30
SHAPE_ERRORS = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, kw_only=True)
class GraphList:
    """A list that GraphQL gives, ordered by the time in `at`.

    `key` names it in the cursor; `overlap` is how far a pass looks below what is known; `by_ids`, where given,
    asks again for what had not ended.
    """

    api: Api
    origin: Origin
    stream: str
    key: str
    query: str
    at: str
    make: Callable[[Node], list[Record]]
    overlap: timedelta = LAG
    variables: Mapping[str, Any]
    by_ids: str = ""
    ids_at_once: int = PAGE_SIZE

    def read(self, position: Position) -> Page:
        """The page after the position; a pull request of any length is whole."""
        owner, name = self.origin.repository.split("/")
        variables = {"owner": owner, "name": name, "after": position.after, **self.variables}
        page = self.api.listing(self.query, variables, self._what)
        return Page(self._entries(page, position.after), page.next)

    def read_ids(self, ids: Sequence[str]) -> Sequence[Entry]:
        """The things with these node ids."""
        page = self.api.by_ids(self.by_ids, ids, self._what)
        return [self._entry(node, page.wrong.get(i), ids[i]) for i, node in enumerate(page.nodes) if node]

    @property
    def _what(self) -> str:
        return f"{self.origin.repository} {self.stream}"

    def _entries(self, page: Listing, after: str | None) -> list[Entry]:
        return [
            self._entry(node, page.wrong.get(i), f"entry {i} after {after or 'the start'}")
            for i, node in enumerate(page.nodes)
        ]

    def _entry(self, node: Node | None, reason: str | None, place: str) -> Entry:
        if node is None or reason is not None:
            return rejected(node, reason or "GitHub gave nothing", place, self.stream, self.origin, self.at)
        try:
            records = self.make(node)
            ended = _ended(records)
            return Entry(
                id=text(node["id"]),
                at=time_of(node[self.at]),
                records=tuple(dict.fromkeys(records)),
                ended=ended,
                unfinished=bool(self.by_ids) and ended is None,
            )
        except SHAPE_ERRORS as error:
            return rejected(node, _shape(error), place, self.stream, self.origin, self.at)


@dataclass(frozen=True, kw_only=True)
class RunList:
    """The runs of one workflow, which REST gives newest first, with their jobs.

    Pages are cut by time (`created=<=…`), not by number, so that new and deleted runs move nothing.
    """

    api: Api
    origin: Origin
    workflow: int
    environment: str | None
    #: A run of some days ago may be run again under its old place in the list.
    overlap: timedelta = timedelta(days=7)
    ids_at_once: int = RUNS_PER_PAGE

    @property
    def key(self) -> str:
        """For instance `acme/shop/workflows/12`."""
        return f"{self.origin.repository}/workflows/{self.workflow}"

    def read(self, position: Position) -> Page:
        """The runs created at or before the position's time; those that are known and unchanged have no records."""
        before, _, number = (position.after or " 1").partition(" ")
        parameters = {"per_page": RUNS_PER_PAGE, "page": int(number)} | ({"created": f"<={before}"} if before else {})
        path = f"/repos/{self.origin.repository}/actions/workflows/{self.workflow}/runs"
        runs = list_of(self.api.rest(path, parameters, self._what), "workflow_runs", self._what)
        entries = [self._entry(run, position, f"entry {i} after {before or 'the start'}") for i, run in enumerate(runs)]
        return Page(entries, _runs_after(runs, before, int(number)))

    def read_ids(self, ids: Sequence[str]) -> Sequence[Entry]:
        """The runs with these numbers."""
        entries = []
        for number in ids:
            try:
                run = self.api.rest(f"/repos/{self.origin.repository}/actions/runs/{number}", {}, self._what)
            except NotFound:
                continue
            entries.append(self._entry(run, Position(), f"run {number}"))
        return entries

    @property
    def _what(self) -> str:
        return f"{self.origin.repository} workflow runs"

    def _entry(self, run: Node, position: Position, place: str) -> Entry:
        try:
            at, number = time_of(run["created_at"]), str(run["id"])
            updated, seen = time_of(run["updated_at"]), position.done and position.done + self.overlap - LAG
            if run["status"] == "completed" and seen and updated and updated <= seen:
                return Entry(id=number, at=at, records=())
            records = workflow_run(run, self._jobs(number), self.origin, self.environment)
        except SHAPE_ERRORS as error:
            return rejected(run, _shape(error), place, "workflows", self.origin, "created_at")
        ended = _ended(records)
        return Entry(id=number, at=at, records=tuple(dict.fromkeys(records)), ended=ended, unfinished=ended is None)

    def _jobs(self, number: str) -> list[Node]:
        jobs: list[Node] = []
        path = f"/repos/{self.origin.repository}/actions/runs/{number}/jobs"
        for page in range(1, 1000):
            try:
                value = self.api.rest(path, {"filter": "all", "per_page": 100, "page": page}, self._what)
            except NotFound:
                break
            more = list_of(value, "jobs", self._what)
            jobs += more
            if not more or len(jobs) >= value.get("total_count", 0):
                break
        return jobs


#: What the source reads, either way.
List = GraphList | RunList


def rejected(node: object, reason: str, place: str, stream: str, origin: Origin, at: str) -> Entry:
    """An entry for what cannot become a record; its content keeps the plain values only, which name no person."""
    plain: Node = {}
    if isinstance(node, dict):
        plain = {key: value for key, value in node.items() if not isinstance(value, dict | list)}
    number = plain.get("number") or plain.get("databaseId") or plain.get("tagName") or plain.get("id")
    place = f"{origin.repository}#{number}" if number else f"{origin.repository}: {place}"
    content = json.dumps(plain)[:2000] if plain else None
    record = Rejected(source=origin.source, stream=stream, place=place, reason=reason, content=content)
    try:
        when = time_of(plain.get(at))
    except (TypeError, ValueError):
        when = None
    return Entry(id=str(plain.get("id") or place), at=when, records=(record,))


def list_of(value: Any, key: str, what: str) -> list[Any]:
    """The list under `key` of a REST answer; `SourceError` when there is none."""
    found = value.get(key)
    if not isinstance(found, list):
        raise SourceError(f"github: the answer for {what} holds no {key}; check that base_url is GitHub's interface")
    return found


def _runs_after(runs: Sequence[Node], before: str, number: int) -> str | None:
    """The cursor of the next page: older than the last run, or the next page of the same second."""
    if len(runs) < RUNS_PER_PAGE:
        return None
    oldest = min(
        (text(run["created_at"]) for run in runs if isinstance(run, dict) and run.get("created_at")), default=""
    )
    return f"{oldest} {number + 1 if oldest == before else 1}"


def _ended(records: Sequence[Record]) -> datetime | None:
    return max((at for at in map(ended_at, records) if at), default=None)


def _shape(error: Exception) -> str:
    return f"unexpected shape: {type(error).__name__}: {error}"
