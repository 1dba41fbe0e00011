"""Which paths a service's globs mean."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.path_globs import is_own, own_paths
from tests.naive import path_like

PATHS = st.text(st.sampled_from("aAb.p/[]!\n"), min_size=1, max_size=8)
GLOBS = st.lists(st.text(st.sampled_from("aAb.p/*?[]!"), max_size=8), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("glob", "own", "others"),
    [
        ("svc/a/**", ["svc/a/x.py", "svc/a/b/x.py"], ["svc/ab/x", "a/x"]),
        ("svc/a/*", ["svc/a/x.py", "svc/a/b/x.py"], ["svc/a"]),
        ("svc/a/", ["svc/a/x.py", "svc/a/b/x.py"], ["svc/a", "svc/ab"]),
        ("svc/a", ["svc/a", "svc/a/x.py"], ["svc/ab", "x/svc/a"]),
        ("./svc/a/**", ["svc/a/x"], ["svc/b/x"]),
        ("/svc/a/**", ["svc/a/x"], ["svc/b/x"]),
        (".", ["x", "a/b"], []),
        ("/", ["x", "a/b"], []),
        (".github", [".github/x"], ["github/x"]),
        ("**/*.py", ["top.py", "a/b/c.py"], ["a/b.pyc"]),
        ("a/**/b", ["a/b", "a/x/y/b", "a/b/c"], ["ab", "a/xb"]),
        ("*.py", ["top.py", "a/b.py"], ["py"]),
        ("svc/[ab]", ["svc/a/x", "svc/b"], ["svc/c", "svc/ab"]),
        ("?docs/**", ["!docs/x"], ["docs/x"]),
        ("web/**", ["web/x"], ["Web/x", "WEB/x"]),
    ],
)
def test_a_glob_means_paths_from_the_root(glob: str, own: list[str], others: list[str]) -> None:
    assert [path for path in (*own, *others) if is_own(path, [glob])] == own
    assert own_paths(pl.Series([*own, *others]), [glob]).to_list() == own


@given(st.lists(PATHS, max_size=6), GLOBS)
def test_many_paths_match_as_one_does_in_both_readings(paths: list[str], globs: list[str]) -> None:
    own = [path for path in paths if is_own(path, globs)]
    assert own_paths(pl.Series(paths, dtype=pl.String), globs).to_list() == own
    assert own == [path for path in paths if path_like(path, globs)]
