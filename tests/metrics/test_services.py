"""Globs over very many texts find what they find over one; a name means one service."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.services import ServiceMap, ServiceName, matches, matching

LETTERS = "aAbKsß[]!*?-ſİσς"
GLOBS = st.lists(st.text(st.sampled_from(LETTERS), max_size=6), max_size=3)
TEXTS = st.lists(st.none() | st.text(st.sampled_from(LETTERS), max_size=6), max_size=8)


@given(TEXTS, GLOBS)
def test_many_texts_match_as_one_does(texts: list[str | None], globs: list[str]) -> None:
    found = matching(pl.Series(texts, dtype=pl.String), globs)
    assert found == [place for place, text in enumerate(texts) if matches(text, globs)]


@pytest.mark.parametrize("glob", ["hotfix:*", "[[]hotfix]*", "*[!a]hotfix", "hot[f]ix", "[hotfix", "*", "[]]hotfix"])
def test_a_glob_finds_what_is_written_so(glob: str) -> None:
    texts = ["Hotfix: x", "[HOTFIX] x", "bhotfix", "hotfix", "[hotfix", "]hotfix", "nothing"]
    assert matching(pl.Series(texts), [glob]) == [i for i, text in enumerate(texts) if matches(text, [glob])]


def test_a_name_of_two_services_means_the_one_called_so_else_the_first() -> None:
    services = [
        ServiceName(service="shop", aliases=("old",)),
        ServiceName(service="pay"),
        ServiceName(service="bank", aliases=("bank", "old", "pay")),
    ]
    known = ServiceMap(services)
    assert [known.find(name) for name in ("shop", "old", "pay", "bank")] == [["shop"], ["bank"], ["pay"], ["bank"]]
