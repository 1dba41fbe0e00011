"""Every folder of tests/golden_analyses/NAME, and what holds for every analysis.

A folder holds the tables of tests/golden, and in `expect.csv` the row, column and value of what one analysis makes of them. A row is
named by its first columns, joined by ` / `, an interval's ends are the columns `NAME.low` and `NAME.high`. `rows` in the column
`row` with a blank column is how many rows there are, `note` a part of a note. What else a folder holds is told in
tests/golden_case.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.errors import ConfigError
from dora.period import parse_period
from dora.warehouse import Reader, open_published
from metrics.analyses.answer import Answer
from metrics.analyses.catalog import ANALYSES, analysis
from metrics.analyses.database import expression
from metrics.failed_deployments import Ending, Failure, episode
from metrics.question import BY, By, Question, published_as_of
from metrics.scorecard import scorecard
from metrics.services import matches
from tests.golden_case import expected, facts_of_case, plain, read_rows
from tests.organisations import publish, publish_empty

GOLDEN = Path(__file__).parent.parent / "golden_analyses"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/expect.csv"))
TEAMS = ["Atlas", "Beacon", "Comet"]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    opened = open_published(publish(tmp_path_factory.mktemp("organisation"), TEAMS))
    yield opened
    opened.close()


def _question(reader: Reader) -> Question:
    as_of = published_as_of(reader)
    return Question(period=parse_period("90d", None, as_of), as_of=as_of)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_the_rows_are_those_worked_out_by_hand(case: Path) -> None:
    answer = _answer(case)
    wanted = [(row["row"], row["column"] or "", expected(row["value"])) for row in read_rows(case / "expect.csv")]
    assert wanted, f"{case} expects nothing"
    assert [(row, column, _value(answer, row, column, value)) for row, column, value in wanted] == wanted
    assert all(tuple(row) == answer.columns for row in answer.rows)
    assert len({answer.key(row) for row in answer.rows}) == len(answer.rows)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_shares_lie_in_their_intervals_and_between_0_and_1(case: Path) -> None:
    answer = _answer(case)
    for row, column, value in _figures(answer):
        if "seconds" not in column and "−" not in answer.key(row):
            assert 0 <= value <= 1, (answer.key(row), column)
        interval = row.get(f"{column}_interval")
        if isinstance(interval, tuple) and None not in interval:
            assert interval[0] - 1e-9 <= value <= interval[1] + 1e-9, (answer.key(row), column)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_no_answer_holds_a_person_or_a_commit(case: Path) -> None:
    people = {
        row[column]
        for table in ("commits", "deployments", "pull_requests", "pipeline_runs")
        for row in read_rows(case / f"{table}.csv")
        for column in ("author", "actor", "sha")
        if row.get(column)
    }
    answer = _answer(case)
    assert [(row, value) for row in answer.rows for value in row.values() if str(value) in people] == []


def test_every_analysis_has_a_case_that_explains_itself() -> None:
    assert {case.parent.name for case in CASES} == set(ANALYSES)
    assert [case.name for case in CASES if len((case / "case.md").read_text().split()) < 10] == []


@pytest.mark.parametrize("name", ANALYSES)
def test_every_row_has_the_named_columns_and_a_name_of_its_own(reader: Reader, name: str) -> None:
    for by in BY:
        answer = ANALYSES[name].answer(reader, replace(_question(reader), by=by))
        assert answer.name == name
        assert answer.columns[0] == "group"
        assert all(tuple(row) == answer.columns for row in answer.rows)
        assert len({answer.key(row) for row in answer.rows}) == len(answer.rows)
        groups = {"organisation": {"Acme"}, "team": set(TEAMS), "service": {f"service-{n}" for n in range(3)}}
        assert {row["group"] for row in answer.rows} <= groups[by]


def test_nothing_gives_no_share_and_no_time(tmp_path: Path) -> None:
    empty = open_published(publish_empty(tmp_path))
    answers = [entry.answer(empty, _question(empty)) for entry in ANALYSES.values()]
    assert [(answer.name, column, value) for answer in answers for _, column, value in _figures(answer)] == []
    empty.close()


@pytest.mark.parametrize(
    "own", [{}, {"service-1": Definitions(failure_window_seconds=90 * 86400.0)}], ids=["one", "own"]
)
@pytest.mark.parametrize("by", BY)
def test_failures_are_those_of_the_change_fail_rate(reader: Reader, by: By, own: dict[str, Definitions]) -> None:
    question = replace(_question(reader), by=by, definitions=Definitions(services=tuple(own.items())))
    rates = {group.name: group.change_fail_rate for group in scorecard(reader, question).groups}
    rows = [row for row in ANALYSES["handoffs"].answer(reader, question).rows if row["started_by"] == "all"]
    assert {row["group"]: (row["failed"], row["matured"]) for row in rows} == {
        name: (rate.failed, rate.deployments) for name, rate in rates.items()
    }
    assert sum(rate.pending for rate in rates.values()) > (3 if own else 0)


@pytest.mark.parametrize(("name", "key", "counts"), [
    ("rehearsal", "all", ("deployments", "seen")), ("handoffs", "all", ("deployments", "failed", "matured")),
    ("batch_size", "commits / all", ("deployments", "failed", "matured")), ("feedback", "", ("changes",)),
])  # fmt: skip
def test_the_organisation_is_its_services_pooled(reader: Reader, name: str, key: str, counts: tuple[str, ...]) -> None:
    def total(by: By) -> list[int]:
        answer = ANALYSES[name].answer(reader, replace(_question(reader), by=by))
        rows = [row for row in answer.rows if answer.key(row).partition(" / ")[2] == key]
        return [sum(int(str(row[count])) for row in rows) for count in counts]

    assert total("organisation") == total("team") == total("service")


def test_the_documentation_names_every_analysis_and_column(reader: Reader) -> None:
    told = (Path(__file__).parents[2] / "docs" / "analyses.md").read_text()
    sections = {part.split("\n", 1)[0]: part for part in told.split("\n## ")[1:]}
    columns = {name: entry.answer(reader, _question(reader)).columns for name, entry in ANALYSES.items()}
    assert [(name, c) for name, own in columns.items() for c in own if f"`{c}`" not in sections.get(name, "")] == []
    assert all(f"| [`{name}`](#{name}) | {entry.asks} |" in told for name, entry in ANALYSES.items())


def test_a_long_chain_of_failed_fixes_ends_with_the_last() -> None:
    last = 5000
    known = {
        number: Failure(number, frozenset(), 9000, Ending(number + 1, 0, number + 1), handed_on=number < last - 1)
        for number in range(last)
    }
    fixes, ending = episode(known, 0)
    assert (len(fixes), ending) == (last - 1, Ending(last, 0, last))


@settings(max_examples=500, derandomize=True)
@given(
    st.text("ab^-!]", max_size=5).map("[{}]".format) | st.text("ab*?[]-!^\\./{", max_size=6),
    st.text("ab^-!][\\./{", max_size=4),
)
def test_a_glob_of_migrations_is_one_as_everywhere(glob: str, path: str) -> None:
    below = [path, *(path[place + 1 :] for place, letter in enumerate(path) if letter == "/")]
    assert bool(re.search(expression([glob]), path)) == any(matches(part, [glob]) for part in below)


def test_an_unknown_analysis_is_told_with_the_nearest_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'rehearsal'"):
        analysis("rehersal")


def _figures(answer: Answer) -> Iterator[tuple[dict[str, object], str, float]]:
    """Every share, rate and span that is not None, with its row and column."""
    for row in answer.rows:
        for column, value in row.items():
            named = "seconds" in column or "share" in column or "rate" in column
            if named and isinstance(value, int | float) and not isinstance(value, bool):
                yield dict(row), column, value


@lru_cache
def _answer(case: Path) -> Answer:
    return ANALYSES[case.parent.name].answer(*facts_of_case(case))


def _value(answer: Answer, name: str, column: str, wanted: object) -> object:
    if not column:
        if name == "rows":
            return plain(len(answer.rows))
        return wanted if any(str(wanted) in note for note in answer.notes) else answer.notes
    rows = {answer.key(row): row for row in answer.rows}
    assert name in rows, f"no row {name!r} in {sorted(rows)}"
    column, _, end = column.partition(".")
    value = rows[name][column]
    if end and isinstance(value, tuple):
        value = value[("low", "high").index(end)]
    return plain(value)
