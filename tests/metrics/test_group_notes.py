"""What the lead time leaves out is said beside it, and where that would change its level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from metrics.group_notes import moved_by_waiting
from metrics.results import Group
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


def _group(name: str, shipped: float, counted: float | None, label: str = "elite", waiting: int = 3) -> Group:
    """A group with these medians, in hours."""
    reader, question = facts_of_case(GOLDEN / "a_second_under_a_day_is_elite")
    [whole] = scorecard(reader, question).groups
    lead = replace(
        whole.change_lead_time,
        median_seconds=3600 * shipped,
        kaplan_meier_median_seconds=None if counted is None else 3600 * counted,
        undeployed={"n": waiting, "oldest_seconds": 1.0, "median_seconds": 1.0},
        level=replace(whole.change_lead_time.level, label=label),
    )
    return replace(whole, name=name, change_lead_time=lead)


def test_a_level_that_is_another_with_what_waits_is_said_by_the_groups_that_it_is_of() -> None:
    """2024: elite is under a day, high under a week, low a month and more."""
    groups = [
        *(_group(name, 2, 48) for name in "abcd"),
        _group("e", 2, 20),
        _group("f", 48, None, "between elite and medium"),
        _group("g", 1000, None, "low"),
        _group("h", 2, 48, "insufficient data"),
        _group("i", 2, 48, waiting=0),
    ]
    assert list(moved_by_waiting(2024, groups)) == [
        "with the changes that wait (Kaplan-Meier) the median lead time is "
        "high instead of elite for a, b, c and 1 more; not reached instead of high for f"
    ]
    assert not [*moved_by_waiting(2024, groups[4:5])]
    assert not [*moved_by_waiting(2024, [])]
    assert not [*moved_by_waiting(2025, groups)]


def test_the_note_on_what_waits_is_one_of_the_answer() -> None:
    reader, question = facts_of_case(GOLDEN / "waiting_for_half_of_the_changes")
    assert (
        "with the changes that wait (Kaplan-Meier) the median lead time is not reached instead of elite for organisation"
        in (scorecard(reader, question).notes)
    )
