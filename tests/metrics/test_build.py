"""Building facts: in how many batches does not matter, and two ways to ship along the default branch agree."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from metrics import batch, mainline
from metrics.batch import batches
from metrics.build import Setting
from metrics.lineage import CommitGraph, landings, ship
from metrics.mainline import mainline_of, ship_along
from metrics.services import ServiceName
from tests.in_memory import facts_of_records
from tests.made_up_history import SERVICES, history


@pytest.mark.parametrize("seed", range(4))
def test_facts_made_service_by_service_are_those_made_together(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    records, setting = history(random.Random(seed)), Setting(Definitions(), SERVICES)
    together = facts_of_records(records, setting, findings=True).content_hash()
    monkeypatch.setattr(batch, "SERVICES", 1)
    assert facts_of_records(records, setting, findings=True).content_hash() == together
    assert not together["change_facts"].startswith("0:")


def test_a_batch_holds_services_until_their_repositories_have_too_many_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "COMMITS", 100)
    services = [ServiceName(service=name, repository=name[0]) for name in ("a1", "a2", "b1", "c1", "d1")]
    sizes = {"a": 60, "b": 30, "c": 20, "d": 500}
    assert [*batches(services, range(5), sizes)] == [range(3), range(3, 4), range(4, 5)]
    assert [*batches(services, [0, 2, 4], sizes)] == [[0, 2], [4]]
    assert [*batches([], [], {})] == []


@settings(max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), skewed=st.booleans(), rounds=st.sampled_from([0, 1, mainline.ROUNDS]))
def test_shipping_along_the_default_branch_is_shipping_by_the_graph(seed: int, skewed: bool, rounds: int) -> None:
    chance = random.Random(seed)
    graph, merged = _merges(chance, skewed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mainline, "ROUNDS", rounds)
        line = mainline_of(graph, sorted(merged))
    assert line is not None
    commits = [chance.choice([*merged, None]) for _ in range(chance.randint(1, 12))]
    along, by_graph = ship_along(line, commits), ship(graph, commits)
    assert along is not None
    assert [_plain(shipment) for shipment in along[0]] == [_plain(shipment) for shipment in by_graph[0]]
    assert along[1] == by_graph[1]
    places = [int(line.commits[place]) if place >= 0 else -1 for place in line.landed.tolist()]
    assert places == landings(graph, merged)


def test_a_deployment_off_the_default_branch_is_left_to_the_graph() -> None:
    graph = CommitGraph.of([("a", ()), ("b", ("a",)), ("c", ("a",))])
    line = mainline_of(graph, [0, 1])
    assert line is not None
    assert ship_along(line, [0, 2]) is None


def test_a_commit_of_a_merged_branch_is_none_of_the_default_branch() -> None:
    """It landed with the merge, but what is deployed with it is not what the merge brings."""
    graph = CommitGraph.of([("a", ()), ("b", ("a",)), ("c", ("a",)), ("m", ("b", "c"))])
    line = mainline_of(graph, [0, 1, 3])
    assert line is not None
    assert ship_along(line, [0, 3]) is not None
    assert ship_along(line, [0, 2]) is None


def test_a_default_branch_that_was_moved_makes_no_line() -> None:
    graph = CommitGraph.of([("a", ()), ("b", ("a",)), ("c", ("a",))])
    assert mainline_of(graph, [0, 1, 2]) is None
    assert mainline_of(graph, []) is None


def _merges(chance: random.Random, skewed: bool) -> tuple[CommitGraph, list[int]]:
    """A line of first parents with merged and unmerged branches; positions at random when clocks are skewed."""
    commits: list[tuple[str, tuple[str, ...]]] = [("m0", ())]
    main = ["m0"]
    for number in range(1, chance.randint(2, 14)):
        branch = chance.choice([name for name, _ in commits])
        for step in range(chance.randint(0, 3)):
            commits.append((f"b{number}.{step}", (branch,)))
            branch = f"b{number}.{step}"
        merged = (branch, chance.choice(commits)[0]) if chance.random() < 0.6 else ()
        commits.append((f"m{number}", (main[-1], *dict.fromkeys(m for m in merged if m != main[-1]))))
        main.append(f"m{number}")
    if skewed:
        chance.shuffle(commits)
    graph = CommitGraph.of(commits)
    return graph, [graph.index.exact[name] for name in main]


def _plain(shipment: object) -> tuple[object, ...]:
    first, range_ = (sorted(getattr(shipment, name)) for name in ("first", "range"))
    return (*(getattr(shipment, name) for name in ("relation", "previous", "live_before")), first, range_)
