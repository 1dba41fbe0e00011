"""Environment variables that the configuration mentions: put in, handed on, and kept out of every message."""

from __future__ import annotations

import os
import re
from dataclasses import fields

from dora.errors import ConfigError

#: value -> name of what was read here
_read: dict[str, str] = {}


def expanded(value: object, place: str) -> object:
    """Every text in `value` with `${NAME}` replaced; an unset variable is a `ConfigError` naming it and `place`."""
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match[1], place), value)
    if isinstance(value, list):
        return [expanded(item, place) for item in value]
    if isinstance(value, dict):
        return {key: expanded(item, f"{place}.{key}") for key, item in value.items()}
    return value


def secret(name: str) -> str | None:
    """The variable's value, which no message will repeat from now on; None when it is not set."""
    value = os.environ.get(name)
    if value:
        _read[value] = name
    return value


def secret_names(options: object) -> list[str]:
    """The environment variables that the `*_env` fields of a source's options name."""
    values = [getattr(options, f.name) for f in fields(options) if f.name.endswith("_env")]  # type: ignore[arg-type]
    return [value for value in values if isinstance(value, str)]


def secret_values(options: object) -> dict[str, str]:
    """The values of those of them that are set."""
    return {name: value for name in secret_names(options) if (value := secret(name))}


def without_secrets(text: str) -> str:
    """The text with every value that came from an environment variable replaced by the variable's name.

    Paths are left alone, since a message without its path helps nobody; so are values of less than four letters.
    """
    for value, name in sorted(_read.items(), key=lambda pair: -len(pair[0])):
        if len(value) >= 4 and not value.startswith((".", "/", "~")):
            text = text.replace(value, f"${{{name}}}")
    return text


def _variable(name: str, place: str) -> str:
    if name not in os.environ:
        raise ConfigError(f"{place}: the environment variable {name} is not set; set it, or write the value instead")
    return secret(name) or ""
