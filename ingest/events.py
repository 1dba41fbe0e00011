"""One pushed event -> records: `key=value` pairs, JSON, NDJSON, CloudEvents 1.0 and CDEvents.

An event that cannot be read is a `DoraError` that names the field. A later event about the same thing
completes an earlier one: `merge` and `merge_all` put them together.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime

from dora.errors import DoraError
from dora.model import (
    BY_TABLE,
    Deployment,
    FlagChange,
    Incident,
    PipelineRun,
    PipelineStep,
    PullRequest,
    Record,
    TelemetrySample,
    Verification,
)
from dora.tables import nearest
from ingest.cdevents import PREFIX, is_cdevent, row_of_cdevent
from ingest.rows import FINAL, Missing, RowError, record_of
from ingest.values import KINDS, WORDS, Rules

#: what `dora record EVENT` accepts -> its record
EVENTS: Mapping[str, type[Record]] = {
    "deployment": Deployment,
    "incident": Incident,
    "pipeline_run": PipelineRun,
    "pipeline_step": PipelineStep,
    "verification": Verification,
    "flag_change": FlagChange,
    "pull_request": PullRequest,
    "telemetry_sample": TelemetrySample,
}
#: the clock that an event without any is taken to tell
_CLOCKS = {"incident": "detected_at", "flag_change": "changed_at", "telemetry_sample": "sampled_at"}
#: of these, the earliest is right: a later report of the same incident does not delay its detection
_EARLIEST = ("detected_at",)


def records_of_event(
    kind: str | None, payload: object, source: str, now: datetime, author: Callable[[str], str] | None = None
) -> list[Record]:
    """The records that an event, or several, tell; empty when it is a CDEvent that dora keeps nothing of.

    `kind`: a key of `EVENTS`; may be None for CDEvents, which say it themselves. `payload`: `key=value` texts, a
    mapping, a list of mappings, or JSON / NDJSON text or bytes. An event with an id may leave out what an earlier one
    told: see `ingest.rows.unfilled`. Times may be the word `now`. `updated_at` is the
    event's time, else `now`. `author`: the salted hash of a person; without it actors are left out.
    """
    if kind is not None and kind not in EVENTS:
        raise DoraError(f"{kind!r} is not an event that can be recorded{nearest(kind, EVENTS)}")
    rules = Rules(source=source, author=author)
    found = list(_events(payload))
    if not found:
        raise DoraError("the event is empty; give key=value pairs, or JSON on standard input")
    records = []
    for number, event in enumerate(found, 1):
        try:
            record = _record(kind, event, rules, now)
        except (DoraError, RowError) as error:
            which = f"event {number} of {len(found)}: " if len(found) > 1 else ""
            step = (
                f"; add {error.columns.split(' or ')[0]}=... to the {kind or 'event'}"
                if isinstance(error, Missing)
                else ""
            )
            raise DoraError(f"{which}{error}{step}") from None
        records.extend([record] if record else [])
    return records


def merge(old: Record, new: Record) -> Record:
    """Two records of one thing as one: of each column the newest that was said, whichever came first.

    A value equal to its column's default counts as not said, except `status`, which every event tells. Of two
    events at the same instant the one with a final status is the newer. `detected_at` stays the earliest, and so does
    `finished_at` of a deployment whose success is told again: it finished when it first succeeded. That success stays
    where the newer event says that it is pending or running, or ended otherwise before; whatever else it says is kept.
    """
    first, second = sorted((old, new), key=_age)
    said = {
        field.name: value
        for field in fields(second)
        if (value := getattr(second, field.name)) is not None and (field.name == "status" or value != field.default)
    }
    if _before_success(first, second):
        said = {name: value for name, value in said.items() if name not in ("status", "finished_at")}
    for name in _earliest(first, second):
        known = getattr(first, name, None)
        if known and name in said:
            said[name] = min(known, said[name])
    return replace(first, **said)


def _earliest(first: Record, second: Record) -> tuple[str, ...]:
    """The columns of two records of one thing of which the earlier time is right."""
    told = (first, second)
    again = all(isinstance(record, Deployment) and record.status == "succeeded" for record in told)
    return (*_EARLIEST, "finished_at") if again else _EARLIEST


def _before_success(first: Record, second: Record) -> bool:
    """Whether the second tells what a deployment was before the success that the first tells."""
    if not (isinstance(first, Deployment) and isinstance(second, Deployment) and first.status == "succeeded"):
        return False
    ended, succeeded = second.finished_at, first.finished_at
    early = ended is not None and succeeded is not None and ended < succeeded
    return second.status not in FINAL or (second.status != "succeeded" and early)


def merge_all(records: Sequence[Record]) -> list[Record]:
    """One record a table and key, each merged from all that tell of it."""
    merged: dict[tuple[object, ...], Record] = {}
    for record in sorted(records, key=_age):
        key = (record.TABLE, *(getattr(record, name) for name in record.KEY))
        merged[key] = merge(merged[key], record) if key in merged else record
    return list(merged.values())


def _age(record: Record) -> tuple[str, bool, str]:
    updated = getattr(record, "updated_at", None)
    return updated.isoformat() if updated else "", getattr(record, "status", "") in FINAL, repr(record)


def _record(kind: str | None, event: object, rules: Rules, now: datetime) -> Record | None:
    if not isinstance(event, Mapping):
        raise DoraError(f"an event must be a JSON object, got {type(event).__name__}")
    event, time = _unwrapped(event)
    if is_cdevent(event):
        found = row_of_cdevent(event)
        return record_of(BY_TABLE[found[0]], found[1], rules) if found else None
    if kind is None:
        raise DoraError(f"say what the event is: one of {', '.join(EVENTS)}, or send a CDEvent with context.type")
    row = {name: now if _is_now(EVENTS[kind].TABLE, name, value) else value for name, value in event.items()}
    return record_of(EVENTS[kind], _timed(kind, row, time or now), rules, later=True)


def _is_now(table: str, name: str, value: object) -> bool:
    return KINDS[table].get(name) == "time" and value == "now"


def _unwrapped(event: Mapping[str, object]) -> tuple[Mapping[str, object], object]:
    """The data of a CloudEvent and its time; anything else as it is."""
    if "specversion" not in event or "type" not in event:
        return event, None
    if not str(event["specversion"]).startswith("1."):
        raise DoraError(f"specversion {event['specversion']!r} is not CloudEvents 1.0")
    data = event.get("data")
    if "data_base64" in event:
        try:
            data = base64.b64decode(str(event["data_base64"]), validate=True).decode("utf-8", "replace")
        except binascii.Error:
            raise DoraError("data_base64 is not base64") from None
    if isinstance(data, str):
        data = next(_parsed(data), None)
    if not isinstance(data, Mapping):
        raise DoraError("data is missing or not a JSON object; a CloudEvent carries the event in it")
    if str(event["type"]).startswith(PREFIX) and not is_cdevent(data):
        raise DoraError("data.context.type is missing; the data of a CDEvent is the whole CDEvent")
    return data, event.get("time")


def _timed(kind: str, row: dict[str, object], time: object) -> dict[str, object]:
    """The row with the event's time where it tells none: its version, and the one clock it is about."""
    table = EVENTS[kind].TABLE
    if "updated_at" in KINDS[table] and not row.get("updated_at"):
        row["updated_at"] = time
    clocks = [name for name in KINDS[table] if KINDS[table][name] == "time" and name != "updated_at"]
    if any(row.get(name) for name in clocks):
        return row
    if kind in _CLOCKS:
        row[_CLOCKS[kind]] = time
    elif "status" in KINDS[table]:
        status = WORDS["status"].get(str(row.get("status") or "succeeded").lower())
        clock = {"pending": "created_at", "running": "started_at"}.get(str(status), "finished_at")
        row[clock if clock in KINDS[table] else "started_at"] = time
    return row


def _events(payload: object) -> Iterator[object]:
    if isinstance(payload, bytes | bytearray):
        payload = bytes(payload).decode("utf-8-sig", "replace")
    if isinstance(payload, str):
        for value in _parsed(payload):
            yield from value if isinstance(value, list) else [value]
    elif isinstance(payload, Sequence) and payload and all(isinstance(item, str) for item in payload):
        yield dict(_pair(str(item)) for item in payload)
    elif isinstance(payload, Sequence):
        yield from payload
    else:
        yield payload


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise DoraError(f"{text[:80]!r} is not a key=value pair")
    return name.strip(), value


def _parsed(text: str) -> Iterator[object]:
    """The JSON values of a text, one after the other, however they are laid out."""
    decoder, at = json.JSONDecoder(), 0
    text = text.removeprefix("\ufeff").strip()
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            line = text.count("\n", 0, at) + 1
            raise DoraError(f"the event is not valid JSON from line {line} on; is it cut short?") from None
        yield value
        while text[at : at + 1] in (" ", "\t", "\r", "\n"):
            at += 1
