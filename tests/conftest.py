"""The order of the test files: the longest comes first, or one process would work on it alone at the end."""

import pytest

LONGEST = (
    "test_naive_agreement.py",
    "test_invariants.py",
    "test_rebuild.py",
    "test_browser.py",
    "test_explain.py",
    "test_golden.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.name, len(LONGEST)))
