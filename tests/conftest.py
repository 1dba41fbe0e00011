"""Examples have no deadline, machines are shared; the longest files come first, or one process ends alone with them."""

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

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
