"""The figures of many groups and buckets are those that each would have if it were asked about alone."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from itertools import chain

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.period import Every, Period
from dora.warehouse import Reader
from metrics import undeployed
from metrics.build import Setting
from metrics.cells import Cells, apart
from metrics.columns import results
from metrics.explain import explain
from metrics.intervals import kaplan_meier_median, survival_median
from metrics.question import BY, By, Question
from metrics.recovery_time import _of_closed
from metrics.results import ChangeLeadTime
from metrics.scorecard import scorecard, table
from metrics.services import Ownership, ServiceName
from metrics.slices import slices
from metrics.survival import censored_medians, survival_figures
from tests.in_memory import facts_of_records
from tests.made_up_history import END, OWNERS, SERVICES, START, decisions, history

OWN = {
    "cart": {"timezone": "America/New_York", "working_days": (1, 2, 3, 4, 5, 6), "change": "mainline"},
    "shop": {"clock": "authored", "failure_window_seconds": 7200.0, "change": "pull_request", "bots": False},
}
DEFINITIONS = Definitions(timezone="Europe/London")
WITH_OWN = replace(DEFINITIONS, services=tuple((name, replace(DEFINITIONS, **values)) for name, values in OWN.items()))  # type: ignore[arg-type]
#: Services that are told of other kinds of failure and rework than the rest.
OTHER_KINDS = replace(
    DEFINITIONS,
    failure_kinds=("rollback",),
    rework_kinds=("rollback",),
    services=(("cart", replace(DEFINITIONS, failure_kinds=("revert", "proximity"), rework_kinds=("revert",))),),
)
some = settings(max_examples=12, derandomize=True, suppress_health_check=list(HealthCheck))


def _reader(seed: int, definitions: Definitions) -> Reader:
    records = history(random.Random(seed))
    return facts_of_records(records, Setting(definitions, SERVICES, OWNERS, decisions(random.Random(seed), records)))


@some
@given(
    seed=st.integers(0, 2**32),
    by=st.sampled_from(BY),
    every=st.sampled_from(["day", "week", "month", "quarter"]),
    late=st.sampled_from([timedelta(hours=7), timedelta(days=9)]),
    definitions=st.sampled_from([DEFINITIONS, WITH_OWN]),
    known_days=st.sampled_from([-1, 13, 40]),
)
def test_every_cell_is_what_its_bucket_gives_when_asked_alone(
    seed: int, by: By, every: Every, late: timedelta, definitions: Definitions, known_days: int
) -> None:
    """Of teams that hand a service over, services with definitions of their own, and data that ends before the period."""
    reader = _reader(seed, definitions)
    whole = Period(START + late, END - timedelta(days=2, hours=3))
    question = Question(
        period=whole, as_of=START + timedelta(days=known_days), by=by, every=every, definitions=definitions
    )  # type: ignore[arg-type]
    found = scorecard(reader, question).groups
    alone = [scorecard(reader, replace(question, period=period, every=None)).groups for period in question.buckets()]
    assert [replace(group, buckets=None) for group in found] == list(alone[0])
    assert [group.buckets for group in found] == [tuple(groups[at] for groups in alone[1:]) for at in range(len(found))]


@some
@given(seed=st.integers(0, 2**32), most=st.integers(1, 40))
def test_queues_are_the_same_whatever_number_of_changes_is_held_at_once(seed: int, most: int) -> None:
    reader = _reader(seed, WITH_OWN)
    question = Question(period=Period(START, END), as_of=END, by="team", every="day", definitions=WITH_OWN)
    expected = results(ChangeLeadTime, table(reader, question).change_lead_time)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(undeployed, "_AT_ONCE", most)
        assert results(ChangeLeadTime, table(reader, question).change_lead_time) == expected


@pytest.mark.parametrize("held", [1, 2, 3])
@pytest.mark.parametrize("definitions", [DEFINITIONS, OTHER_KINDS])
def test_figures_are_the_same_whatever_number_of_services_is_held_at_once(
    held: int, definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = _reader(7, definitions)
    for by in BY:
        question = Question(period=Period(START, END), as_of=END, by=by, every="week", definitions=definitions)
        monkeypatch.setattr("metrics.scorecard.HELD", 100)
        expected = scorecard(reader, question).groups
        monkeypatch.setattr("metrics.scorecard.HELD", held)
        assert scorecard(reader, question).groups == expected


@pytest.mark.parametrize("definitions", [DEFINITIONS, WITH_OWN, OTHER_KINDS])
def test_figures_are_the_same_whether_many_rows_or_few_are_expected(
    definitions: Definitions, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = _reader(7, definitions)
    question = Question(period=Period(START, END), as_of=END, by="team", every="week", definitions=definitions)
    expected = scorecard(reader, question).groups
    monkeypatch.setattr("metrics.slices.MANY", 1)
    assert scorecard(reader, question).groups == expected


def test_groups_are_held_apart_only_where_all_services_follow_the_same_definitions() -> None:
    question = Question(period=Period(START, END), as_of=END, by="service")
    cut = slices(_reader(7, DEFINITIONS), question)
    assert [run.names for run in cut.runs(1)] == [("api",), ("cart",), ("shop",), ("web",)]
    own = slices(_reader(7, OTHER_KINDS), replace(question, definitions=OTHER_KINDS))
    assert [run.names for run in own.runs(1)] == [("api", "cart", "shop", "web")]


def test_a_column_has_a_line_for_every_group_and_bucket() -> None:
    question = Question(period=Period(START, END), as_of=END, by="team", every="week", definitions=DEFINITIONS)
    found = table(_reader(1, DEFINITIONS), question)
    assert (found.names, len(found.buckets)) == (("blue", "red", "no team"), 1 + 5)
    counted = found.deployment_frequency["deployments"]
    assert isinstance(counted, np.ndarray)
    by_group = counted.reshape(3, 6)
    assert by_group.sum() > 0
    assert (by_group[:, 0] == by_group[:, 1:].sum(axis=1)).all()


def test_what_is_nobodys_only_outside_of_the_period_is_not_shown() -> None:
    def asked(start: datetime, end: datetime) -> tuple[str, ...]:
        return slices(reader, Question(period=Period(start, end), as_of=END, by="team")).names

    services = [ServiceName(service="shop", repository="shop")]
    owned = [Ownership(team="red", service="shop", owned_until=START)]
    reader = facts_of_records([], Setting(Definitions(), services, owned))
    assert asked(START - timedelta(days=9), START) == ("red",)
    assert asked(START, END) == asked(START - timedelta(days=9), END) == ("red", "no team")


def test_the_contract_is_the_results_as_plain_values() -> None:
    question = Question(period=Period(START, END), as_of=END, by="service", every="week", definitions=WITH_OWN)
    card = scorecard(_reader(1, WITH_OWN), question)
    assert json.dumps(card.as_dict()) == json.dumps(asdict(card))


def test_no_group_has_no_lines() -> None:
    question = Question(period=Period(START, END), as_of=END, by="team", every="week", teams=("nobody",))
    reader = _reader(1, DEFINITIONS)
    assert scorecard(reader, question).groups == ()
    assert table(reader, question).names == ()


TIMES = st.lists(st.integers(0, 12), max_size=60)
CELLS = st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=6)


def _columns(lists: list[list[int]]) -> tuple[np.ndarray, Cells]:
    return np.array([*chain(*map(sorted, lists))], dtype=np.int64) * 1_000_000, apart(np.array([*map(len, lists)]))


@settings(max_examples=300, derandomize=True)
@given(CELLS)
def test_medians_of_many_queues_are_those_of_each(lists: list[tuple[list[int], list[int]]]) -> None:
    ended, going = ([cell[kind] for cell in lists] for kind in (0, 1))
    found = censored_medians(*_columns(ended), *_columns(going))
    expected = [
        survival_median(np.array([*a, *b], dtype=np.float64), np.arange(len(a) + len(b)) < len(a))
        for a, b in zip(ended, going, strict=True)
    ]
    assert [None if np.isnan(value) else value for value in found.tolist()] == expected


@settings(max_examples=300, derandomize=True)
@given(CELLS)
def test_survival_figures_of_many_cells_are_those_of_each(lists: list[tuple[list[int], list[int]]]) -> None:
    pooled = [[*ended, *going] for ended, going in lists]
    open_ = np.array([going for cell in lists for going, times in enumerate(cell) for _ in times], dtype=np.bool_)
    times = np.array([*chain(*pooled)], dtype=np.int64) * 1_000_000
    median, interval = survival_figures(times, open_, apart(np.array([*map(len, pooled)])))
    expected = [
        kaplan_meier_median(np.array(cell, dtype=np.float64), np.arange(len(cell)) < len(ended))
        for cell, (ended, _) in zip(pooled, lists, strict=True)
    ]
    found = np.column_stack([median, interval]).tolist()
    assert [[None if np.isnan(value) else value for value in line] for line in found] == [
        [middle, *ends] for middle, ends in expected
    ]


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.lists(st.integers(0, 2**40), max_size=20), min_size=1, max_size=6))
def test_means_of_many_cells_are_those_of_each_to_the_last_digit(lists: list[list[int]]) -> None:
    times = np.array([*chain(*lists)], dtype=np.int64)
    *_, means = _of_closed(times, apart(np.array([*map(len, lists)])))
    expected = [float(np.sort(np.array(cell) / 1e6).mean()) if cell else None for cell in lists]
    assert [None if np.isnan(mean) else mean for mean in means.tolist()] == expected


@settings(max_examples=100, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**62 - 1)), max_size=20))
def test_values_of_any_size_are_put_in_order_by_cell(lines: list[tuple[int, int]]) -> None:
    cell, values = (np.array([line[at] for line in lines], dtype=np.int64) for at in (0, 1))
    assert undeployed._by_cell(values, cell).tolist() == [value for _, value in sorted(lines)]


def test_asking_for_one_environment_says_what_is_still_of_all() -> None:
    reader = _reader(1, DEFINITIONS)
    asked = Question(period=Period(START, END), as_of=END, definitions=DEFINITIONS)
    everywhere, one = (scorecard(reader, replace(asked, environments=names)) for names in ((), ("production",)))
    assert one.groups[0].time_to_restore == everywhere.groups[0].time_to_restore
    narrowed = replace(asked, environments=("production",))
    explained = {name: explain(reader, narrowed, name) for name in ("time_to_restore", "change_fail_rate")}
    told = [one, everywhere, explained["time_to_restore"], explained["change_fail_rate"]]
    said = [any("all production environments" in note for note in answer.notes) for answer in told]
    assert said == [True, False, True, False]
