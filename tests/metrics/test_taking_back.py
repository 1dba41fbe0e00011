"""Reverts go by turns: along what is stored of them, and by the names that git and hosts give."""

from __future__ import annotations

import pytest

from metrics.taking_back import takes_away, taking_away


@pytest.mark.parametrize(
    ("subject", "is_away"),
    [
        ('Revert "Blue"', True),
        ('Reapply "Blue"', False),
        ('Revert "Reapply "Blue""', True),
        ('Reapply "Revert "Blue""', True),
        ('Revert "Revert "Blue""', False),
        ('Revert "Revert "Revert "Blue"""', True),
        ("Merge pull request #6 from acme/revert-5-blue", True),
        ("Merge pull request #7 from acme/revert-6-revert-5-blue", False),
        ('Revert "Merge pull request #6 from acme/revert-5-blue"', False),
        ("Merge pull request #5 from acme/blue", False),
        ("Revert to the old colours", False),
        ("Blue", False),
    ],
)
def test_a_name_tells_by_its_turns(subject: str, is_away: bool) -> None:
    assert takes_away(subject) is is_away


def test_a_chain_goes_by_turns_however_its_commits_are_called() -> None:
    chain = {here: [here - 1] for here in range(1, 3000)}
    assert taking_away(chain, dict.fromkeys(chain, 'Revert "it"')) == set(range(1, 3000, 2))


def test_one_of_several_that_brought_something_is_enough() -> None:
    assert taking_away({1: [0], 2: [1, 7], 3: [2]}, dict.fromkeys((1, 2, 3), "Undo")) == {1, 2}


def test_a_circle_goes_by_names() -> None:
    targets = {1: [2], 2: [1], 3: [2], 4: [4], 5: [0]}
    names = {1: 'Revert "b"', 2: "b", 3: 'Revert "b"', 4: "Undo", 5: "Undo"}
    assert taking_away(targets, names) == {1, 3, 5}
