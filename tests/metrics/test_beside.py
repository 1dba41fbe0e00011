"""What merges bring to other branches than the default one, against the plain difference of two sets of ancestors."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from metrics.beside import brought
from metrics.lineage import CommitGraph, landings


@settings(max_examples=300)
@given(data=st.data(), size=st.integers(1, 24), shuffled=st.booleans())
def test_a_merge_brings_what_its_first_parent_did_not_hold_nor_the_default_branch(
    data: st.DataObject, size: int, shuffled: bool
) -> None:
    parents = [
        data.draw(st.lists(st.integers(0, here - 1), max_size=3, unique=True)) if here else [] for here in range(size)
    ]
    order = data.draw(st.permutations(range(size))) if shuffled else range(size)
    graph = CommitGraph.of([(f"c{here}", [f"c{parent}" for parent in parents[here]]) for here in order])
    place = {here: at for at, here in enumerate(order)}
    line = [data.draw(st.integers(0, size - 1))]
    while parents[line[-1]]:
        line.append(parents[line[-1]][0])
    landed = landings(graph, [place[here] for here in line])
    merges = [here for here in range(size) if len(parents[here]) > 1 and here not in line]
    found = brought(graph, np.array(landed), np.array([place[merge] for merge in merges], dtype=np.int64))
    expected = {
        (place[merge], place[here])
        for merge in merges
        for here in _reach(parents, merge) - _reach(parents, parents[merge][0]) - {merge}
        if landed[place[here]] == landed[place[merge]]
    }
    assert sorted(zip(found.merges.tolist(), found.commits.tolist(), strict=True)) == sorted(expected)


def _reach(parents: list[list[int]], start: int) -> set[int]:
    found, todo = set[int](), [start]
    while todo:
        here = todo.pop()
        found.add(here)
        todo += [parent for parent in parents[here] if parent not in found]
    return found
