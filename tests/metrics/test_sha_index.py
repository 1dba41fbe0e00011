"""Shas found by their hashes are those that a dictionary finds."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from metrics.sha_index import ShaIndex, hashes

TEXTS = st.text(st.sampled_from("ab0'é"), max_size=3)


@given(st.lists(TEXTS, unique=True), st.lists(st.none() | TEXTS))
def test_each_sha_is_found_where_it_stands(stored: list[str], asked: list[str | None]) -> None:
    index = ShaIndex(pl.Series(stored, dtype=pl.String))
    found = index.positions(hashes(pl.Series(asked, dtype=pl.String))).tolist()
    assert found == [stored.index(sha) if sha in stored else -1 for sha in asked]
    assert index.exact == {sha: place for place, sha in enumerate(stored)}


def test_commits_whose_keys_are_alike_are_told_apart_by_their_checks() -> None:
    stored, asked = hashes(pl.Series(["a", "b"])), hashes(pl.Series(["c"]))
    alike = stored._replace(keys=stored.keys * 0)
    index = ShaIndex(pl.Series(["a", "b"]), alike)
    assert index.positions(asked._replace(keys=asked.keys * 0)).tolist() == [-1]


def test_a_part_of_many_hashes_is_looked_for_in_its_own_repository() -> None:
    index, asked = ShaIndex(pl.Series(["a", "b"])), hashes(pl.Series(["b", "a", None, "x"]))
    assert index.positions(asked.between(1, 4)).tolist() == [0, -1, -1]
