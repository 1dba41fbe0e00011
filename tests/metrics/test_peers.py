"""Every folder of tests/golden_peers/PEER: the tables of tests/golden in, the peer's figures worked out by hand out.

`expect.csv` has row, column and value; a row is `group / metric`, or `group / first day / metric` for a bucket. What else a
folder holds is told in tests/golden_case.py. The figures of Metrik, Pelorus and DevLake are those of their own test tables.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.cli.peers import NAMES
from dora.definitions import Definitions
from dora.errors import ConfigError
from dora.period import Every, Period, parse_period
from dora.warehouse import Reader, open_published
from metrics.build import Setting
from metrics.peers.catalog import PEERS, peer
from metrics.peers.comparison import Row, compare
from metrics.peers.facts import facts
from metrics.peers.peer import Figure, Metric, Moves, Rule
from metrics.question import BY, By, Question, published_as_of
from metrics.slices import slices
from tests.golden_case import expected, facts_of_case, plain, read_rows
from tests.in_memory import facts_of_records
from tests.made_up_history import END, OWNERS, SERVICES, START, history
from tests.organisations import publish, publish_empty

GOLDEN = Path(__file__).parent.parent / "golden_peers"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/expect.csv"))
DOCS = Path(__file__).parents[2] / "docs" / "peers.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_the_figures_are_those_worked_out_by_hand(case: Path) -> None:
    reader, question = facts_of_case(case)
    found = compare(reader, question, case.parent.name)
    rows = {_name(row, question): row for row in found.rows}
    assert len(rows) == len(found.rows)
    wanted = [(row["row"], row["column"], expected(row["value"])) for row in read_rows(case / "expect.csv")]
    assert wanted, f"{case} expects nothing"
    assert [(name, column, plain(getattr(rows[name], column))) for name, column, _ in wanted] == wanted


def _name(row: Row, question: Question) -> str:
    whole = row.start == question.period.start.isoformat() and row.end == question.period.end.isoformat()
    return f"{row.group} / {row.metric}" if whole else f"{row.group} / {row.start[:10]} / {row.metric}"


def test_every_peer_has_cases_that_explain_themselves() -> None:
    assert {case.parent.name for case in CASES} == set(PEERS) == set(NAMES)
    assert [case.name for case in CASES if len((case / "case.md").read_text().split()) < 10] == []


def test_every_peer_answers_every_grouping_with_every_figure_that_its_rules_are_of(tmp_path: Path) -> None:
    reader = open_published(publish(tmp_path, ["Atlas", "Beacon"]))
    as_of = published_as_of(reader)
    for name, by in product(PEERS, BY):
        question = Question(period=parse_period("90d", None, as_of), as_of=as_of, by=by, every="month")
        found = compare(reader, question, name)
        spans, metrics = (
            {(row.group, row.start, row.end) for row in found.rows},
            {rule.metric for rule in PEERS[name].rules},
        )
        assert {row.metric for row in found.rows} == metrics, name
        assert len(found.rows) == len(spans) * len(metrics), name
        assert all(row.rules and row.n >= 0 for row in found.rows), name
    reader.close()


def test_nothing_gives_no_rate_and_no_time(tmp_path: Path) -> None:
    reader = open_published(publish_empty(tmp_path))
    as_of = published_as_of(reader)
    for name in PEERS:
        found = compare(reader, Question(period=parse_period("90d", None, as_of), as_of=as_of), name)
        assert [row for row in found.rows if row.n or row.peer] == [], name
        assert {row.peer for row in found.rows if row.metric != "deployment_frequency"} <= {None}, name
    reader.close()


@settings(max_examples=4, derandomize=True, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(BY), st.integers(0, 24 * 20), st.sampled_from(("day", "week")))
def test_a_span_has_the_same_figures_as_a_bucket_and_asked_alone(seed: int, by: By, hours: int, every: Every) -> None:
    """Also of services that are deployed to two environments, and of incidents whose cause was shipped long before."""
    definitions = Definitions(production=("production*",))
    records = history(random.Random(seed))
    reader = facts_of_records(records, Setting(definitions, SERVICES, OWNERS))
    moments = {row[0] for row in reader.rows(MOMENTS)}
    begin = START + timedelta(hours=hours)
    asked = Question(period=Period(begin, END), as_of=END, by=by, every=every, definitions=definitions)
    # Both bounds count for some peers, but where another bucket begins.
    alone = [span for span in asked.buckets()[1:] if span.end.replace(tzinfo=None) not in moments]
    found = _figures(reader, asked)
    for span in random.Random(seed).sample(alone, min(4, len(alone))):
        own = _figures(reader, replace(asked, period=span, every=None))
        assert {key: found[key] for key in own} == own


def _figures(reader: Reader, question: Question) -> dict[tuple[str, str, Period], list[Figure]]:
    """Every peer's figures by peer, group and span; the whole period of the question is among the spans."""
    rows = list(facts(reader, slices(reader, question)))
    return {
        (name, group, span): list(known.figures(given)) for name, known in PEERS.items() for group, span, given in rows
    }


#: Every moment at which something that a peer counts happened.
MOMENTS = (
    "select unnest([finished_at, coalesce(started_at, created_at)]) from deployment_facts union select merged_at from pull_request_facts "
    "union select coalesce(detected_at, impact_started_at) from incident_facts union select resolved_at from incident_facts"
)


@pytest.mark.parametrize("name", PEERS)
def test_every_rule_is_told_in_the_documentation(name: str) -> None:
    told = DOCS.read_text().splitlines()
    rules = PEERS[name].rules
    assert {rule.metric for rule in rules} <= set(get_args(Metric))
    assert {rule.moves for rule in rules} <= set(get_args(Moves))
    assert [rule.code for rule in rules if _line(rule) not in told] == []


def _line(rule: Rule) -> str:
    moves = "either way" if rule.moves == "either" else rule.moves
    cells = (rule.code, rule.metric.replace("_", " "), rule.peer, rule.dora, moves, f"`{rule.published}`")
    return f"| {' | '.join(cells)} |"


def test_an_unknown_peer_is_answered_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="devlake, fourkeys, gitlab, middleware, metrik, pelorus"):
        peer("sleuth")
