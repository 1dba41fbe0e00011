"""What the lead time leaves out is said beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metrics.scorecard import scorecard
from tests.golden_case import facts_of_case

GOLDEN = Path(__file__).parents[1] / "golden/change_lead_time"


@pytest.mark.parametrize(
    ("case", "left_out"),
    [
        ("commit_first_commit_of_a_squash", "organisation: 2 of 3"),
        ("pull_request_told_by_git", "organisation: 2 of 3"),
        ("pull_request_first_commit_on_a_release_branch", "organisation: 1 of 4"),
        ("unknown_clock_is_left_out", "organisation: 1 of 2"),
        ("commit_committed", None),
    ],
)
def test_changes_of_an_unknown_clock_are_counted_beside_the_lead_time(case: str, left_out: str | None) -> None:
    reader, question = facts_of_case(GOLDEN / case)
    for every in (None, "week"):
        notes = scorecard(reader, replace(question, every=every)).notes  # type: ignore[arg-type]
        told = [note for note in notes if "left out of the lead time" in note]
        assert [note.partition(" shipped")[0] for note in told] == ([left_out] if left_out else [])
