"""A question of metrics/sql with its values written into it, so that it can be run by hand on the published file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import groupby

from dora.moments import naive

_PARAMETER = re.compile(r"\$([a-z_]+)")


def filled(sql: str, values: Mapping[str, object]) -> str:
    """The text with every `$name` as the literal of its value, in comments too: no literal has more than one line."""
    return _PARAMETER.sub(lambda found: literal(values[found[1]]), sql)


def literal(value: object) -> str:
    """A value as DuckDB reads it: null, truth, number, text, moment (UTC without a zone), or a list of these.

    Letters that a terminal would obey, and ends of lines, are written by their numbers.

    >>> literal(["'; drop table x", None, True])
    "['''; drop table x', null, true]"
    """
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, datetime):
        return f"'{naive(value)}'::timestamp"
    if isinstance(value, str):
        return _text(value)
    return "null" if value is None else str(value).lower()


def _text(text: str) -> str:
    """Quoted; letters that cannot be printed by their numbers."""
    if text.isprintable():
        return _quoted(text)
    parts: list[str] = []
    for plain, run in groupby(text, str.isprintable):
        letters = "".join(run)
        parts += [_quoted(letters)] if plain else [f"chr({ord(letter)})" for letter in letters]
    return f"concat({', '.join(parts)})"


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
