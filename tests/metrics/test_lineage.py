"""Lineage against git itself on real repositories, and on graphs that hypothesis draws."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.lineage import CommitGraph, landings, ship

Parents = list[list[int]]


@st.composite
def histories(draw: st.DrawFn) -> Parents:
    """Parents of each commit, all older than it: roots, lines, merges, octopus merges."""
    count = draw(st.integers(1, 25))
    return [draw(st.lists(st.integers(0, i - 1), max_size=3, unique=True)) if i else [] for i in range(count)]


def _graph(parents: Parents) -> CommitGraph:
    return CommitGraph.of((f"c{i}", [f"c{p}" for p in own]) for i, own in enumerate(parents))


def _reach(parents: Parents, start: int) -> set[int]:
    found, todo = set(), [start]
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += parents[here]
    return found


@given(histories(), st.data())
def test_difference_is_what_each_side_reaches_and_the_other_does_not(parents: Parents, data: st.DataObject) -> None:
    old, new = (data.draw(st.integers(0, len(parents) - 1)) for _ in range(2))
    ahead, behind = _graph(parents).difference(old, new)
    assert sorted(ahead) == sorted(_reach(parents, new) - _reach(parents, old))
    assert sorted(behind) == sorted(_reach(parents, old) - _reach(parents, new))


@given(histories(), st.data())
def test_first_shipped_is_what_no_earlier_deployment_contained(parents: Parents, data: st.DataObject) -> None:
    commits = data.draw(st.lists(st.none() | st.integers(0, len(parents) - 1), max_size=12))
    shipments, visited = ship(_graph(parents), commits)
    contained: set[int] = set()
    known = None
    for commit, shipment in zip(commits, shipments, strict=True):
        if commit is None:
            assert (shipment.relation, shipment.first, shipment.range) == ("unresolved", [], [])
            continue
        new = set() if known is None else _reach(parents, commit) - contained
        assert set(shipment.first) == new
        assert len(shipment.first) == len(new)
        contained |= _reach(parents, commit)
        known = commit
    assert {i for i, mark in enumerate(visited) if mark} == contained


@given(histories(), st.data())
def test_relations_are_ancestry(parents: Parents, data: st.DataObject) -> None:
    commits = data.draw(st.lists(st.integers(0, len(parents) - 1), min_size=1, max_size=8))
    shipments, _ = ship(_graph(parents), commits)
    assert shipments[0].relation == "baseline"
    for before, after, shipment in zip(commits, commits[1:], shipments[1:], strict=False):
        forward, back = before in _reach(parents, after), after in _reach(parents, before)
        expected = {(True, True): "same_commit", (True, False): "forward", (False, True): "backward"}
        assert shipment.relation == expected.get((forward, back), "diverged")


@given(histories())
def test_a_landing_is_the_oldest_mainline_commit_that_contains_the_commit(parents: Parents) -> None:
    mainline, here = [], len(parents) - 1
    while True:
        mainline.append(here)
        if not parents[here]:
            break
        here = parents[here][0]
    landed = landings(_graph(parents), mainline)
    for commit in range(len(parents)):
        holders = [m for m in reversed(mainline) if commit in _reach(parents, m)]
        assert landed[commit] == (holders[0] if holders else -1)


@settings(max_examples=10)
@given(st.integers(0, 2**32))
def test_git_says_the_same_of_a_real_repository(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    chance, folder = random.Random(seed), tmp_path_factory.mktemp("repository")
    shas = _real_repository(folder, chance)
    graph = CommitGraph.of((line.split()[0], line.split()[1:]) for line in _git(folder, "rev-list", "--parents", *shas))
    deployed = [graph.index.exact[chance.choice(shas)] for _ in range(6)]
    shipments, _ = ship(graph, deployed)
    for position, shipment in enumerate(shipments[1:], 1):
        earlier = [f"^{graph.sha(commit)}" for commit in deployed[:position]]
        this, before = graph.sha(deployed[position]), graph.sha(deployed[position - 1])
        assert {graph.sha(c) for c in shipment.first} == set(_git(folder, "rev-list", this, *earlier))
        assert {graph.sha(c) for c in shipment.range} == set(_git(folder, "rev-list", f"{before}..{this}"))


def test_a_history_of_a_hundred_thousand_commits_needs_no_recursion() -> None:
    graph = CommitGraph.of((f"c{i}", [f"c{i - 1}"] if i else []) for i in range(100_000))
    shipments, _ = ship(graph, [0, 99_999])
    assert len(shipments[1].first) == 99_999
    assert graph.levels[-1] == 100_000


def test_a_history_that_claims_to_be_its_own_ancestor_is_not_followed_round() -> None:
    graph = CommitGraph.of([("a", ["c"]), ("b", ["a"]), ("c", ["b"]), ("d", ["c", "d"])])
    shipments, visited = ship(graph, [0, 3, 1])
    assert [shipment.first for shipment in shipments] == [[], [3], []]
    assert sum(visited) == 4


@given(histories())
def test_a_level_is_the_longest_way_to_a_root(parents: Parents) -> None:
    expected: list[int] = []
    for own in parents:
        expected.append(1 + max((expected[p] for p in own), default=0))
    assert _graph(parents).levels == expected


def test_parents_that_are_not_stored_end_the_walk() -> None:
    graph = CommitGraph.of([("b", ["a"]), ("c", ["b", "elsewhere"])])
    assert graph.parents == [(), (0,)]


@pytest.mark.parametrize(
    ("text", "found"),
    [("abcdef1" + "0" * 33, 0), ("ABCDEF1", 0), ("abcdef1", 0), ("abcdef", None), ("abcdef2", None), ("0000000", None)],
)
def test_a_sha_is_found_by_seven_digits_when_only_one_begins_so(text: str, found: int | None) -> None:
    graph = CommitGraph.of(
        [("abcdef1" + "0" * 33, []), ("abcdef2" + "0" * 33, []), ("abcdef2" + "1" * 33, []), ("f" * 40, [])]
    )
    assert graph.find(text) == found


def _real_repository(folder: Path, chance: random.Random) -> list[str]:
    _git(folder, "init", "-q")
    tree = _git(folder, "mktree")[0]
    shas: list[str] = []
    for number in range(14):
        parents = chance.sample(shas[-5:], min(len(shas[-5:]), chance.choice((1, 1, 2)))) if shas else []
        shas.append(_git(folder, "commit-tree", tree, "-m", str(number), *(a for p in parents for a in ("-p", p)))[0])
    return shas


def _git(folder: Path, *arguments: str) -> list[str]:
    people = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, input="",
        env=os.environ | people,
    )  # fmt: skip
    return done.stdout.splitlines()
