"""Which commit a version names, and which of two versions is lower."""

from __future__ import annotations

import pytest

from metrics.lineage import CommitGraph
from metrics.versions import resolve, version_number

SHA, OTHER = "1234567" + "a" * 33, "89abcde" + "b" * 33
GRAPH = CommitGraph.of([(SHA, []), (OTHER, [SHA])])
TAGS = {"v1": 0, "v2": 1, "lost": None, "1234567": 1}


@pytest.mark.parametrize(
    ("version", "sha", "rule", "position"),
    [
        ("v1", None, "tag", 0),
        ("v1", OTHER, "tag", 1),
        ("v9", None, "tag", None),
        (f"release-{SHA}", None, "tag", 0),
        ("release-89abcde", None, "sha", 1),
        ("v1", None, "sha", None),
        ("1234567", None, "sha", 0),
        ("1234567", None, "tag", 1),
        ("v1", None, "none", None),
        ("v1", None, None, 0),
        ("89abcde", None, None, 1),
        ("lost", None, "tag", None),
        (None, None, "tag", None),
        ("", None, None, None),
        ("v1", "d" * 40, "tag", None),
        (f"{SHA[:9]}-{OTHER[:9]}", None, "sha", None),
        ("' ; drop table deployments; --", None, None, None),
    ],
)
def test_a_version_becomes_the_commit_it_names(
    version: str | None, sha: str | None, rule: str | None, position: int | None
) -> None:
    found, why = resolve(GRAPH, TAGS, version, sha, rule)
    assert found == position
    assert (why is None) == (position is not None)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [("v9", "v10"), ("release_12", "release_100"), ("1.9", "1.10.2"), ("v1.2", "v1.2.1"), ("v3-rc1", "v4")],
)
def test_versions_compare_by_their_numbers(lower: str, higher: str) -> None:
    a, b = version_number(lower), version_number(higher)
    assert a is not None
    assert b is not None
    assert a < b


@pytest.mark.parametrize("version", [None, "", "latest", "main", SHA, f"release-{SHA}"])
def test_names_and_commit_ids_have_no_number(version: str | None) -> None:
    assert version_number(version) is None
