"""The `[definitions]` table of dora.toml, and those of single services, as `Definitions`; every mistake names its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from zoneinfo import ZoneInfo, available_timezones

from dora.definitions import CHOICES, OF_ORGANISATION, Definitions
from dora.errors import ConfigError
from dora.period import parse_seconds
from dora.tables import nearest, read_table

_LENGTHS = {
    "failure_window": "failure_window_seconds",
    "replay_slot": "replay_slot_seconds",
    "proximity": "proximity_seconds",
}


def all_definitions(raw: Mapping[str, object], services: Mapping[str, Mapping[str, object]], file: str) -> Definitions:
    """The organisation's definitions, with those of the services whose tables hold some of their own."""
    common = _definitions(raw, f"{file}: [definitions]")
    own = []
    for name, theirs in services.items():
        place = f"{file}: [service.definitions] of {name!r}"
        for key in theirs:
            if _LENGTHS.get(key, key) in OF_ORGANISATION:
                raise ConfigError(f"{place}: {key} is about many services at once; set it in [definitions]")
        if theirs:
            own.append((name, _definitions({**raw, **theirs}, place)))
    return replace(common, services=tuple(own))


def _definitions(raw: Mapping[str, object], place: str) -> Definitions:
    """The `[definitions]` table; lengths such as `failure_window = "24h"` are written without `_seconds`."""
    inside = {inner: outer for outer, inner in _LENGTHS.items()}
    known = [inside.get(field.name, field.name) for field in fields(Definitions) if field.name != "services"]
    values: dict[str, object] = {}
    for key, item in raw.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown key {key!r}{nearest(key, known)}")
        values[_LENGTHS.get(key, key)] = _length(key, item, place) if key in _LENGTHS else item
    definitions = read_table(Definitions, values, place)
    for key, valid in CHOICES.items():
        kinds = getattr(definitions, key)
        if not kinds:
            raise ConfigError(f"{place}: {key} is empty; name one or more of {', '.join(map(str, valid))}")
        wrong = [kind for kind in kinds if kind not in valid]
        if wrong:
            raise ConfigError(f"{place}: {key} holds {wrong[0]!r}{nearest(str(wrong[0]), valid)}")
    if not definitions.production:
        raise ConfigError(f"{place}: production is empty; name one or more environments, as in production or prod-*")
    try:
        ZoneInfo(definitions.timezone)
    except (KeyError, ValueError, OSError):
        close = nearest(definitions.timezone, available_timezones())
        hint = close if "did you mean" in close else "; use a name such as Europe/London"
        raise ConfigError(f"{place}: timezone {definitions.timezone!r} is not known{hint}") from None
    return definitions


def _length(key: str, item: object, place: str) -> float | None:
    if key == "failure_window" and item == "forever":
        return None
    try:
        return parse_seconds(str(item))
    except ConfigError as error:
        raise ConfigError(f"{place}: {key}: {error}") from None
