"""Every folder of tests/golden: CSV tables in, figures worked out by hand out; a new folder is a new test.

What a folder holds is told in tests/golden_case.py.
`expect.csv` has a figure and its value; see `_figure` for the kinds of figure.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dora.warehouse import Reader
from metrics.explain import explain
from metrics.question import Question
from metrics.results import Group, Scorecard
from metrics.scorecard import scorecard
from tests.golden_case import expected, facts_of_case, plain, read_rows

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(path.parent for path in GOLDEN.glob("*/*/expect.csv"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.parent.name}/{case.name}")
def test_the_figures_are_those_worked_out_by_hand(case: Path) -> None:
    wanted = [(row["figure"], row["value"]) for row in read_rows(case / "expect.csv")]
    reader, question = facts_of_case(case, any(name.partition(".")[0] in _FINDINGS for name, _ in wanted))
    card = scorecard(reader, question)
    assert wanted, f"{case} expects nothing"
    assert [(name, _figure(reader, question, card, name)) for name, _ in wanted] == [
        (name, expected(value)) for name, value in wanted
    ]


def test_every_case_explains_its_figures() -> None:
    silent = [case.name for case in CASES if len((case / "case.md").read_text().split()) < 10]
    assert silent == []


def test_every_case_stands_beside_its_rule_in_the_list() -> None:
    listed = re.findall(r"`(\w+/\w+)`", (GOLDEN / "README.md").read_text())
    assert sorted(listed) == [f"{case.parent.name}/{case.name}" for case in CASES]


def test_there_are_cases_for_every_metric() -> None:
    found = {case.parent.name for case in CASES}
    assert found >= {
        "lineage",
        "deployment_frequency",
        "change_lead_time",
        "change_fail_rate",
        "recovery_time",
        "deployment_rework_rate",
        "quality",
    }


def _figure(reader: Reader, question: Question, card: Scorecard, name: str) -> object:
    """`deployment.ID.COLUMN`, `evidence.ID` (kinds), `candidates.ID` (of each kind its runners-up, best first), `incident.ID` (what it is linked to), `ships.ID` (shas), `regions.ID`, `change.SHA.COLUMN`, `pull_request.N.COLUMN`,
    `quality.FINDING` (subjects), `why.SUBJECT` (its findings), `unmapped.N` (why), `summary.FINDING.COLUMN`, `explain.METRIC.ROLE` (what
    has that role in its rows), `recounted.METRIC` (its figure from these rows), else a path into the group: `change_fail_rate.rate`, `@NAME.…` for another group and
    `#2.…` for its third bucket."""
    kind, _, rest = name.partition(".")
    if kind in _ROWS:
        key, _, column = rest.partition(".")
        rows = reader.records(_ROWS[kind], {"key": key})
        return plain(sorted(str(row["value"]) for row in rows) if not column else rows[0][column])
    if kind == "explain":
        metric, _, role = rest.partition(".")
        return plain(sorted(_subject(row) for row in explain(reader, question, metric).rows if row["role"] == role))
    if kind == "recounted":
        return plain(explain(reader, question, rest).value)
    found: object = _group(card, kind[1:]) if kind.startswith("@") else card.groups[0]
    for part in (rest if kind.startswith("@") else name).split("."):
        if part.startswith("#"):
            assert isinstance(found, Group)
            assert found.buckets is not None
            found = found.buckets[int(part[1:])]
        elif isinstance(found, tuple):
            found = found[int(part)]
        else:
            found = found.get(part) if isinstance(found, dict) else getattr(found, part)
    return plain(found)


def _subject(row: dict[str, object]) -> str:
    return str(row.get("change") or row.get("incident_id") or row["deployment_id"])


_FINDINGS = {
    "quality": "select subject as value from quality_facts where finding = $key",
    "why": "select detail as value from quality_facts where subject = $key",
    "unmapped": "select split_part(detail, ':', 1) as value from quality_facts where subject = 'shop#' || $key",
    "summary": "from quality_summary where finding = $key",
}
_ROWS = {
    "deployment": "from deployment_facts where deployment_id = 'test/' || $key",
    "evidence": "select kind as value from failure_evidence where deployment_id = 'test/' || $key",
    "candidates": """select kind || ': ' || array_to_string(list_transform(candidates::json::struct(deployment_id varchar, why varchar)[],
                     lambda other: replace(other.deployment_id, 'test/', '') || ' (' || other.why || ')'), ' ') as value
                     from failure_evidence where candidates is not null and deployment_id = 'test/' || $key""",
    "incident": "select deployment_id as value from incident_facts where incident_id = 'test/' || $key",
    "ships": "select sha as value from listed_changes where deployment_id = 'test/' || $key",
    "regions": """select region_deployment_id || if(late, ' late', '') as value from region_facts where deployment_id = 'test/' || $key""",
    "change": "from listed_changes where sha = $key",
    "pull_request": "from pull_request_facts where number = $key::integer",
    **_FINDINGS,
}


def _group(card: Scorecard, name: str) -> Group:
    return next(group for group in card.groups if group.name == name)
