"""Strict reading of a TOML table into a dataclass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest

from dora.errors import ConfigError
from dora.tables import nearest, read_table


@dataclass(frozen=True, kw_only=True)
class Inner:
    name: str


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    size: float | None = None
    count: int = 1
    on: bool = False
    mode: Literal["fast", "slow"] = "fast"
    tags: tuple[str, ...] = ()
    inner: tuple[Inner, ...] = field(default=())


def test_values_are_converted_and_defaults_kept() -> None:
    read = read_table(Outer, {"name": "a", "size": 2, "tags": ["x"], "inner": [{"name": "b"}]}, "f")
    assert read == Outer(name="a", size=2.0, tags=("x",), inner=(Inner(name="b"),))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nam": "a"}, ["f: unknown key 'nam'", "did you mean 'name'"]),
        ({"zzz": "a"}, ["f: unknown key 'zzz'", "valid are count, inner"]),
        ({}, ["f: name is missing"]),
        ({"name": 1}, ["f: name must be text in quotes, got 1"]),
        ({"name": "a", "count": True}, ["f: count must be a whole number"]),
        ({"name": "a", "count": 1.5}, ["f: count must be a whole number"]),
        ({"name": "a", "size": True}, ["f: size must be a number"]),
        ({"name": "a", "on": 1}, ["f: on must be true or false"]),
        ({"name": "a", "mode": "fst"}, ["f: mode is 'fst'", "did you mean 'fast'"]),
        ({"name": "a", "tags": "x"}, ["f: tags must be a list"]),
        ({"name": "a", "tags": ["x", 1]}, ["f: tags[1] must be text"]),
        ({"name": "a", "inner": [{"nme": "b"}]}, ["f: inner[0]: unknown key 'nme'", "'name'"]),
        ({"name": "a", "inner": ["b"]}, ["f: inner[0] must be a table"]),
    ],
)
def test_mistakes_name_place_key_and_way_out(values: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        read_table(Outer, values, "f")
    assert all(word in str(raised.value) for word in words), str(raised.value)


def test_nearest_without_anything_known() -> None:
    assert nearest("x", []).startswith(";")
