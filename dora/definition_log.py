"""Since when which definitions made the published facts: one JSON line a change, beside the warehouse.

All figures of one answer are computed with one set of definitions, the past included, so a line in it never joins
figures of different meaning. Figures kept from an earlier answer may: this log says where such a line must break. It is no
part of the warehouse because a build replaces the published file, and no part of the log of runs because that is read
from its end only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from dora.definitions import Definitions
from dora.errors import WarehouseError
from dora.file_errors import file_sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionChange:
    """From `at` on, aware UTC, facts were built with hash `new` instead of `old`; `settings`: old and new by name.

    A setting that one of the two did not know has None on that side.
    """

    at: datetime
    old: str
    new: str
    settings: Mapping[str, tuple[object, object]]

    @property
    def sentence(self) -> str:
        """`definitions changed on 2025-03-01 (aaa -> bbb: clock committed -> merged)`."""
        parts = [f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in self.settings.items()]
        return f"definitions changed on {self.at:%Y-%m-%d} ({self.old} -> {self.new}: {'; '.join(parts)})"


def definition_log_path(warehouse: Path) -> Path:
    """`NAME.definitions.ndjson` beside the records file, and so beside its published file, which may be given too."""
    return warehouse.with_name(warehouse.stem.removesuffix(".published") + ".definitions.ndjson")


def log_definitions(warehouse: Path, definitions: Definitions, now: datetime) -> None:
    """Note the definitions of a build when they are not those of the one before; raises WarehouseError."""
    path, known = definition_log_path(warehouse), _entries(warehouse)
    if known and known[-1].get("hash") == definitions.hash:
        return
    entry = {"at": now.astimezone(UTC).isoformat(timespec="seconds"), "hash": definitions.hash}
    line = json.dumps(entry | {"definitions": definitions.as_dict()}, sort_keys=True)
    try:
        with path.open("a", encoding="utf-8") as log:
            log.write(line + "\n")
    except OSError as error:
        raise WarehouseError(file_sentence(path, error.strerror or str(error))) from None


def definition_changes(warehouse: Path) -> list[DefinitionChange]:
    """Every change of definitions in order of time; empty without a log, or when they never changed."""
    entries = _entries(warehouse)
    return [_change(old, new) for old, new in pairwise(entries)]


def _entries(warehouse: Path) -> list[dict[str, object]]:
    """The lines that say what they must; broken ones are passed over."""
    try:
        lines = definition_log_path(warehouse).read_text("utf-8", "replace").split("\n")
    except OSError:
        return []
    found = []
    for line in lines:
        try:
            entry = json.loads(line)
            datetime.fromisoformat(str(entry["at"])).astimezone(UTC)
            entry["hash"], dict(entry["definitions"])
        except (ValueError, TypeError, KeyError):
            continue
        found.append(entry)
    return found


def _change(old: Mapping[str, object], new: Mapping[str, object]) -> DefinitionChange:
    before, after = (dict(entry["definitions"]) for entry in (old, new))  # type: ignore[call-overload]
    names = [name for name in sorted({*before, *after}) if before.get(name) != after.get(name)]
    return DefinitionChange(
        at=datetime.fromisoformat(str(new["at"])).astimezone(UTC),
        old=str(old["hash"]),
        new=str(new["hash"]),
        settings={name: (before.get(name), after.get(name)) for name in names},
    )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
