"""Every setting that figures were computed with, in words: lines by topic that stand beside what a person reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import cast

from dora.definitions import Definitions
from dora.period import Period, edge

#: Which settings stand in one line.
TOPICS: Mapping[str, tuple[str, ...]] = {
    "deployments": ("production", "rehearsal", "regions", "timezone", "working_days"),
    "changes": ("change", "clock", "bots", "pickup_from", "migrations"),
    "failures": ("failure_window_seconds", "failure_kinds", "replay_services", "replay_slot_seconds", "proximity_seconds"),
    "rework": ("rework_kinds", "hotfix_labels", "hotfix_branches", "hotfix_titles"),
}  # fmt: skip
_LABELS = {"production": "production environments", "rehearsal": "rehearsal environments", "timezone": "days of"}
#: A name that could be taken for several, or for none.
_UNCLEAR = re.compile(r'[,;"]|^$|^none$|^\s|\s$')


def stamped(sentence: str, used: Definitions) -> list[str]:
    """A sentence with the hash of what the figures beside it were computed with, then every setting of that."""
    return [f"{sentence}; definitions {used.hash}:", *settings(used)]


def ends(period: Period, used: Definitions) -> tuple[str, str]:
    """First and last moment of a period as its days are counted."""
    return edge(period.start, used.timezone), edge(period.end, used.timezone)


def settings(used: Definitions) -> Iterator[str]:
    """The lines by topic, then those of services.

    Left out is what is as by default and changes no figure beside it: `proximity` where no service counts that kind, and
    `migrations`, which the one analysis of them names.
    """
    idle = _idle(used)
    for topic, names in TOPICS.items():
        yield f"{topic}: {chosen(used, [name for name in names if name not in idle])}"
    yield from own_settings(used, [name for names in TOPICS.values() for name in names])


def own_settings(used: Definitions, names: Sequence[str]) -> Iterator[str]:
    """A line for each service that differs in some of these settings: `billing has its own: clock merged`."""
    for service, own in cast("Mapping[str, Mapping[str, object]]", used.as_dict().get("services", {})).items():
        theirs = used.of(service)
        differing = {*own, *(["clock"] if theirs.counted_clock != used.counted_clock else [])}
        if told := [name for name in names if name in differing]:
            yield f"{service} has its own: {chosen(theirs, told)}"


def chosen(used: Definitions, names: Sequence[str]) -> str:
    """Some settings by the names of their fields: `change commit; clock committed; with bots`."""
    values = used.as_dict() | {"clock": _clock(used)}
    return "; ".join(_said(name, values[name]) for name in names)


def _idle(used: Definitions) -> set[str]:
    plain = {field.name for field in fields(used) if getattr(used, field.name) == field.default}
    near = any("proximity" in one.failure_kinds for one in (used, *dict(used.services).values()))
    return plain & ({"migrations"} if near else {"migrations", "proximity_seconds"})


def _clock(used: Definitions) -> str:
    """The clock that counts, and the one that is set where that is another."""
    counted = used.counted_clock
    return counted if counted == used.clock else f"{counted} (set: {used.clock})"


def _said(name: str, value: object) -> str:
    if name == "bots":
        return "with bots" if value else "without bots"
    label = _LABELS.get(name, name.removesuffix("_seconds").replace("_", " "))
    if name.endswith("_seconds"):
        return f"{label} {_length(cast('float | None', value))}"
    if isinstance(value, list):
        days = " (Monday is 1)" if name == "working_days" else ""
        return f"{label} {', '.join(_named(str(one)) for one in value) or 'none'}{days}"
    return f"{label} {value}"


def _named(text: str) -> str:
    return json.dumps(text, ensure_ascii=False) if _UNCLEAR.search(text) else text


def _length(seconds: float | None) -> str:
    """A length to the last digit, as it is set: `24 h`, `30 min`, `90 s`, `forever`."""
    if seconds is None:
        return "forever"
    for unit, word in ((3600, "h"), (60, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds / unit:.12g} {word}"
    return f"{seconds:.12g} s"
