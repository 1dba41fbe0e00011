"""One loosely typed value (a CSV cell, a JSON or Parquet value) -> the value a record's column holds.

Empty text, null and NaN mean "not said". A value that fits no reading is a `BadValue` whose sentence names the
value; the caller names the column. What people are called never passes through: actors become salted hashes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from math import isfinite, isnan

from dora.model import RECORDS, column_types
from dora.tables import nearest

_SUCCEEDED = ("succeeded", "success", "successful", "succeed", "ok", "okay", "passed", "pass", "deployed", "green")
_FAILED = ("failed", "failure", "fail", "error", "errored", "timed_out", "timeout", "startup_failure", "red")
_REGRESSED = ("regressed", "regression")
_CANCELLED = ("cancelled", "canceled", "cancel", "aborted", "abort", "skipped", "stopped")
_RUNNING = ("running", "in_progress", "started", "active", "deploying")
_PENDING = ("pending", "queued", "waiting", "created", "scheduled", "requested")
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "status": {
        "succeeded": _SUCCEEDED, "failed": _FAILED, "cancelled": _CANCELLED, "running": _RUNNING, "pending": _PENDING,
    },
    "outcome": {
        "succeeded": _SUCCEEDED, "failed": _FAILED, "regressed": _REGRESSED, "cancelled": _CANCELLED, "running": _RUNNING,
        "pending": _PENDING,
    },
    "state": {"open": ("open", "opened"), "merged": ("merged",), "closed": ("closed", "declined", "abandoned")},
    "actor_kind": {"human": ("human", "user", "person"), "bot": ("bot", "robot", "app", "machine", "automation")},
    "commit_rule": {"tag": ("tag",), "sha": ("sha",), "none": ("none",)},
    "kind": {"count": ("count", "counter"), "ratio": ("ratio",), "seconds": ("seconds",)},
    "bool": {"true": ("true", "yes", "y", "t", "1", "on"), "false": ("false", "no", "n", "f", "0", "off")},
}  # fmt: skip
#: kind of column -> accepted word -> stored word
WORDS: Mapping[str, Mapping[str, str]] = {
    kind: {word: stored for stored, words in groups.items() for word in words} for kind, groups in _WORDS.items()
}
_COLUMN_KINDS = {"author": "person", "actor": "person", "sha": "sha", "merge_sha": "sha", "url": "url"}
_SHA_LISTS = ("parents", "commits", "reverts")
_EPOCHS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
LATEST_EPOCH = datetime(2200, 1, 1, tzinfo=UTC)
SPACES = " \t\r\n\v\f\u00a0\u3000\ufeff"
HASH = r"^[0-9a-f]{20}$"
SHA = r"^[0-9A-Fa-f]{7,64}$"
CREDENTIALS = r"(://)[^/@\s]+@"


class BadValue(ValueError):
    """A value that fits no reading; the text says which value and what it should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How loose values are read.

    source: fills a missing `source`.  zone: of times without an offset.  author: the salted hash of a person;
    None forgets people.  keep_names: whether the `people` table may be filled.
    """

    source: str
    zone: tzinfo = UTC
    author: Callable[[str], str] | None = None
    keep_names: bool = True


def column_kind(table: str, name: str, hint: str) -> str:
    """How a column is read: `text`, `time`, `int`, `float`, `bool`, a key of `WORDS`, `person`, `sha`, `url`, a list."""
    if name == "kind" and table == "telemetry_samples":
        return "kind"
    if name == "status" and table == "verifications":
        return "outcome"
    if name in ("status", "state", "actor_kind", "commit_rule"):
        return name if (name, table) != ("state", "flag_changes") else "text"
    if name in _SHA_LISTS and hint.startswith("tuple[str"):
        return "shas"
    base = {
        "str": "text", "datetime": "time", "tuple[str, ...]": "texts", "tuple[int, ...]": "ints",
    }.get(hint.removesuffix(" | None"), hint.removesuffix(" | None"))  # fmt: skip
    return _COLUMN_KINDS.get(name, base) if base == "text" else base


#: table -> column -> kind
KINDS: Mapping[str, Mapping[str, str]] = {
    record.TABLE: {name: column_kind(record.TABLE, name, hint) for name, hint in column_types(record).items()}
    for record in RECORDS
}


def read_value(kind: str, value: object, rules: Rules) -> object:
    """The value for a column of this kind, or None when nothing was said; `BadValue` when it cannot be read."""
    if value is None or (isinstance(value, float) and isnan(value)):
        return None
    if isinstance(value, Decimal):
        value = str(value)
    if isinstance(value, str):
        value = value.strip(SPACES)
        if not value:
            return None
    if kind in WORDS:
        return _word(kind, value)
    if kind == "person":
        return _person(_text(value), rules)
    if kind == "time":
        return read_time(value, rules.zone)
    return _READERS[kind](value)


def read_time(value: object, zone: tzinfo) -> datetime:
    """ISO 8601 with or without offset, a date, or epoch seconds / milliseconds, as aware UTC."""
    try:
        moment = _moment(value)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError, TypeError):
        raise BadValue(f"{shown(value)} is not a time; write one as 2025-01-31T12:00:00Z") from None


def shown(value: object) -> str:
    """A value as a short quoted text for a sentence."""
    text = repr(value) if isinstance(value, str | int | float | bool) else type(value).__name__
    return clean(text if len(text) <= 100 else f"{text[:96]}… (cut)")


def clean(text: str) -> str:
    """The text with halves of surrogate pairs, which no file can hold, replaced."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def without_credentials(text: str) -> str:
    """The text without the `user:password@` of any URL in it."""
    return re.sub(CREDENTIALS, r"\1", text) if "://" in text else text


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _epoch(float(value))
    if not isinstance(value, str):
        raise TypeError
    if re.fullmatch(r"-?\d{9,19}(\.\d+)?", value, re.ASCII):
        return _epoch(float(value))
    text = re.sub(r"\s*(UTC|GMT)$", "Z", value)
    text = re.sub(r"\s+([+-]\d\d:?\d\d)$", r"\1", text)
    return datetime.fromisoformat(text)


def _epoch(number: float) -> datetime:
    scale = next((scale for limit, scale in _EPOCHS if abs(number) < limit), 0.0)
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=round(number * 1e6 / scale)) if scale else None
    if moment is None or moment > LATEST_EPOCH:
        raise ValueError
    return moment


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, str | int | float):
        return clean(str(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise BadValue(f"{shown(value)} is not text")


def _word(kind: str, value: object) -> object:
    word = re.sub(r"[\s-]+", "_", _text(value).lower())
    if word not in WORDS[kind]:
        what = "true or false" if kind == "bool" else f"one of {', '.join(_WORDS[kind])}"
        raise BadValue(f"{shown(value)} is not {what}")
    return WORDS[kind][word] == "true" if kind == "bool" else WORDS[kind][word]


def _person(text: str, rules: Rules) -> str | None:
    if re.match(HASH, text):
        return text
    return rules.author(text) if rules.author else None


def _sha(value: object) -> str:
    text = _text(value)
    return text.lower() if re.match(SHA, text) else text


def _int(value: object) -> int:
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"[+-]?\d{1,19}(\.0*)?", text, re.ASCII):
        raise BadValue(f"{shown(value)} is not a whole number")
    number = int(text.partition(".")[0])
    if not -(2**63) <= number < 2**63:
        raise BadValue(f"{shown(value)} is too large a number")
    return number


def _float(value: object) -> float | None:
    text = str(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else ""
    if text.lower() == "nan":
        return None
    try:
        number = float(text) if "_" not in text else float("inf")
    except ValueError:
        number = float("inf")
    if not isfinite(number):
        raise BadValue(f"{shown(value)} is not a number")
    return number


def _items(value: object) -> list[object]:
    if isinstance(value, list | tuple):
        return [item for item in value if item is not None and item != ""]
    if isinstance(value, str):
        if value.startswith("["):
            try:
                parsed = json.loads(value)
            except (ValueError, RecursionError):
                parsed = None
            if isinstance(parsed, list):
                return _items(parsed)
        return [item.strip(SPACES) for item in value.split(";") if item.strip(SPACES)]
    if isinstance(value, int):
        return [value]
    raise BadValue(f"{shown(value)} is not a list")


_READERS: Mapping[str, Callable[[object], object]] = {
    "text": _text,
    "sha": _sha,
    "url": lambda value: without_credentials(_text(value)),
    "int": _int,
    "float": _float,
    "texts": lambda value: tuple(_text(item) for item in _items(value)),
    "shas": lambda value: tuple(_sha(item) for item in _items(value)),
    "ints": lambda value: tuple(_int(item) for item in _items(value)),
}


def near(word: str, known: object) -> str:
    """`dora.tables.nearest` for a word of any length."""
    return nearest(clean(word[:60]), known)
