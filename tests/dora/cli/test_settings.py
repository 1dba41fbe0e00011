"""The settings beside figures: whatever changes one changes what is printed."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import combinations

import pytest

from dora.cli.settings import TOPICS, own_settings, settings
from dora.definitions import Definitions
from tests.dora.test_definitions import OTHERS


def _text(**changed: object) -> str:
    return "\n".join(settings(replace(Definitions(), **changed)))  # type: ignore[arg-type]


def test_every_setting_stands_in_one_line() -> None:
    printed = [name for names in TOPICS.values() for name in names]
    assert sorted(printed) == sorted({field.name for field in fields(Definitions)} - {"services"})


def test_a_change_of_any_setting_changes_what_is_printed() -> None:
    texts = [_text(), *(_text(**{name: value}) for name, value in OTHERS.items())]
    assert all(one != other for one, other in combinations(texts, 2))


@pytest.mark.parametrize("name", sorted({field.name for field in fields(Definitions)} - {"services"}))
def test_what_a_service_has_of_its_own_is_printed_too(name: str) -> None:
    own = replace(Definitions(), **{name: OTHERS[name]})
    (line,) = own_settings(Definitions(services=(("api", own),)), [name])
    assert line.startswith("api has its own: ")
    assert f"\n{line}" in _text(services=(("api", own),))


def test_the_window_of_proximity_is_printed_wherever_that_kind_counts() -> None:
    near = Definitions(failure_kinds=("proximity",))
    windows = [_text(failure_kinds=("proximity",), proximity_seconds=seconds) for seconds in (600.0, 86400.0, 604800.0)]
    for text, said in zip(windows, ("10 min", "24 h", "168 h"), strict=True):
        assert f"; proximity {said}\n" in text
    assert "; proximity 24 h\n" in _text(services=(("api", near),))
    assert "; proximity" not in _text()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"production": ("a, b",)}, {"production": ("a", "b")}),
        ({"rehearsal": ("none",)}, {"rehearsal": ()}),
        ({"hotfix_titles": ("a; hotfix b",)}, {"hotfix_titles": ("a",)}),
        ({"failure_window_seconds": 86400.0}, {"failure_window_seconds": 86400.5}),
        (
            {"change": "pull_request", "clock": "authored"},
            {"change": "pull_request", "clock": "first_commit"},
        ),
    ],
)
def test_settings_that_differ_little_are_printed_differently(one: dict[str, object], other: dict[str, object]) -> None:
    assert _text(**one) != _text(**other)
