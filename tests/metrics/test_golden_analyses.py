"""Every folder of tests/golden_analyses/NAME: the tables of tests/golden in, the rows of one analysis out.

`expect.csv` has row, column and value; a row is named by its first columns, joined by ` / `, an interval's ends are
the columns `NAME.low` and `NAME.high`. `rows` in the column `row` with a blank column is how many rows there are, `note`
a part of a note. What else a folder holds is told in tests/golden_case.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from metrics.analyses.answer import Answer
from metrics.analyses.catalog import ANALYSES
from tests.golden_case import expected, facts_of_case, plain, read_rows

GOLDEN = Path(__file__).parent.parent / "golden_analyses"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/expect.csv"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_the_rows_are_those_worked_out_by_hand(case: Path) -> None:
    answer = ANALYSES[case.parent.name].answer(*facts_of_case(case))
    wanted = [(row["row"], row["column"] or "", expected(row["value"])) for row in read_rows(case / "expect.csv")]
    assert wanted, f"{case} expects nothing"
    assert [(row, column, _value(answer, row, column, value)) for row, column, value in wanted] == wanted
    assert all(tuple(row) == answer.columns for row in answer.rows)
    assert len({answer.key(row) for row in answer.rows}) == len(answer.rows)


def test_every_analysis_has_a_case_that_explains_itself() -> None:
    assert {case.parent.name for case in CASES} == set(ANALYSES)
    assert [case.name for case in CASES if len((case / "case.md").read_text().split()) < 10] == []


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
