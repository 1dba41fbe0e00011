"""One loosely typed row -> one record of `dora.model`, or the reason why it is none.

Shared by files and pushed events. A row is a mapping from our column names to any value; what is absent takes
the column's default. Nothing is interpreted beyond that, with four fillings that every reader of a table may
rely on: `source`; the `id` of tables whose tools keep none; the end of a finished deployment; a pull request's state.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields
from datetime import UTC, datetime
from typing import Any

from dora.model import BY_TABLE, Record, Rejected, columns
from ingest.values import KINDS, BadValue, Rules, clean, near, read_value, without_credentials

#: table -> columns whose content makes the id of a row without one
ID_FROM: Mapping[str, tuple[str, ...]] = {
    "deployments": ("service", "repository", "environment", "version", "sha", "digest", "run_id", "sequence"),
    "pipeline_steps": ("run_id", "job", "step", "position"),
    "verifications": ("deployment", "name", "started_at", "finished_at"),
    "flag_changes": ("flag", "service", "environment", "state", "changed_at"),
}
#: table -> groups of columns, of each of which a row must fill at least one
NEEDED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "deployments": (("service", "repository"), ("finished_at", "created_at", "started_at")),
    "verifications": (("deployment",),),
    "flag_changes": (("flag",), ("changed_at",)),
}
FINAL = ("succeeded", "failed", "regressed", "cancelled")
_CONTENT_LIMIT = 2000


class RowError(ValueError):
    """Why a row cannot become a record, in one sentence."""


class Missing(RowError):
    """A column without which there is no record, or the choice of several, is not filled."""

    def __init__(self, columns: str) -> None:
        super().__init__(f"{columns} is empty")
        self.columns = columns


def record_of(kind: type[Record], row: Mapping[str, object], rules: Rules, later: bool = False) -> Record:
    """Build the record; the first thing that cannot be read is a `RowError` naming its column.

    `later`: an earlier row of the same id may fill what `NEEDED` asks for, see `unfilled`.
    """
    table, kinds = kind.TABLE, KINDS[kind.TABLE]
    unknown = next((name for name in row if name not in kinds), None)
    if unknown is not None:
        raise RowError(f"unknown column {clean(unknown[:60])!r}{near(unknown, kinds)}")
    values: dict[str, Any] = {}
    for name, value in row.items():
        try:
            read = read_value(kinds[name], value, rules)
        except BadValue as error:
            raise RowError(f"{name} {error}") from None
        if read is not None:
            values[name] = read
    fill(table, values, rules)
    missing = missing_in(table, values, {} if later and row.get("id") else NEEDED)
    if missing:
        raise Missing(missing)
    return kind(**values)


def unfilled(record: Record) -> str | None:
    """The first column, or choice of columns, that a record cannot do without and that is not filled."""
    return missing_in(record.TABLE, {name: getattr(record, name) or None for name in columns(type(record))})


def fill(table: str, values: dict[str, Any], rules: Rules) -> None:
    """Put in what the content of the row already says."""
    if "source" in KINDS[table]:
        values.setdefault("source", rules.source)
    if table == "deployments" and "finished_at" not in values and values.get("status", "succeeded") in FINAL:
        begun = values.get("started_at") or values.get("created_at")
        if begun:
            values["finished_at"] = begun
    if table == "pull_requests" and "state" not in values:
        values["state"] = "merged" if "merged_at" in values else "closed" if "closed_at" in values else "open"
    if table in ID_FROM and "id" not in values:
        values["id"] = derived_id(table, values)


def derived_id(table: str, values: Mapping[str, object]) -> str:
    """The id of a row that has none: twenty hex digits that depend on nothing but its content.

    For a deployment on `ID_FROM` and the first known of created_at, started_at, finished_at, so that a later
    row about the same deployment, with its end, keeps the id.
    """
    parts = [values.get(name) for name in ID_FROM[table]]
    if table == "deployments":
        parts[2] = parts[2] or "production"
        parts.append(next((values[n] for n in ("created_at", "started_at", "finished_at") if values.get(n)), None))
    text = json.dumps([_canonical(part) for part in parts])
    return hashlib.blake2b(text.encode(), digest_size=10).hexdigest()


def missing_in(
    table: str, values: Mapping[str, object], needed: Mapping[str, tuple[tuple[str, ...], ...]] = NEEDED
) -> str | None:
    """The first column, or choice of columns, that a record of this table cannot do without and that is not there."""
    for field in fields(BY_TABLE[table]):
        if field.default is MISSING and values.get(field.name) is None:
            return field.name
    for group in needed.get(table, ()):
        if all(values.get(name) is None for name in group):
            return " or ".join(group)
    return None


def record_from_row(kind: type[Record], row: Mapping[str, object]) -> Record:
    """A row that the warehouse returned (naive UTC times, lists) as the record it was; extra columns are ignored."""
    values: dict[str, Any] = {}
    for name in columns(kind):
        value = row.get(name)
        if isinstance(value, datetime) and value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        if value is not None:
            values[name] = tuple(value) if isinstance(value, list) else value
    return kind(**values)


def rejected(rules: Rules, stream: str, place: str, reason: str, content: object) -> Rejected:
    """The record of a row that is none; people in it are hashed, credentials in its URLs removed."""
    if isinstance(content, Mapping):
        kept = {key: value for key, value in content.items() if value is not None and value != ""}
        for name in ("author", "actor"):
            if isinstance(kept.get(name), str):
                kept[name] = rules.author(str(kept[name])) if rules.author else "…"
        content = json.dumps(kept, default=str, ensure_ascii=False)
    text = without_credentials(clean(str(content)[: 2 * _CONTENT_LIMIT]))[:_CONTENT_LIMIT]
    return Rejected(source=rules.source, stream=stream, place=clean(place), reason=clean(reason), content=text)


def _canonical(value: object) -> object:
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).replace(tzinfo=None).isoformat()
    return None if value == "" else value
