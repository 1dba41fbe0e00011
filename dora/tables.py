"""Strict reading of one TOML table into one frozen dataclass.

An unknown key, a missing one or a wrong type is a `ConfigError` that names the place, the key and the
nearest key that exists. Nothing is guessed and nothing is ignored.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from dora.errors import ConfigError

T = TypeVar("T")


def read_table(kind: type[T], values: Mapping[str, object], place: str) -> T:
    """Build `kind` from `values`; `place` names the file and table for the error sentence.

    Lists become tuples, nested tables become the nested dataclass, whole numbers are accepted for floats.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise ConfigError(f"{place}: unknown key {key!r}{nearest(key, known)}")
    hints = get_type_hints(kind)
    missing = [name for name, field in known.items() if name not in values and _required(field)]
    if missing:
        raise ConfigError(f"{place}: {', '.join(missing)} is missing; add it")
    return kind(**{key: _convert(hints[key], value, f"{place}: {key}") for key, value in values.items()})


def nearest(word: str, known: object) -> str:
    """`; did you mean 'x'?`, or the list of valid words when none is near."""
    words = [str(item) for item in known]  # type: ignore[attr-defined]
    close = difflib.get_close_matches(word, words, n=1)
    verb = "is" if len(words) == 1 else "are"
    return f"; did you mean {close[0]!r}?" if close else f"; valid {verb} {', '.join(sorted(words))}"


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _convert(hint: Any, value: object, place: str) -> object:
    origin, options = get_origin(hint), get_args(hint)
    if value is None and type(None) in options:
        return None
    if origin in (types.UnionType, Union):
        return _convert(next(o for o in options if o is not type(None)), value, place)
    if origin is Literal:
        if value not in options:
            raise ConfigError(f"{place} is {value!r}{nearest(str(value), options)}")
        return value
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ConfigError(f"{place} must be a list, got {value!r}")
        return tuple(_convert(options[0], item, f"{place}[{i}]") for i, item in enumerate(value))
    if origin in (dict, Mapping) or hint is dict:
        return _typed(dict, value, place)
    if isinstance(hint, type) and is_dataclass(hint):
        return read_table(hint, _typed(dict, value, place), place)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return _typed(hint, value, place)


def _typed(kind: Any, value: object, place: str) -> Any:
    if kind is object:
        return value
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        words = {
            str: "text in quotes",
            bool: "true or false",
            int: "a whole number",
            float: "a number",
            dict: "a table",
        }
        raise ConfigError(f"{place} must be {words.get(kind, kind.__name__)}, got {value!r}")
    return value
