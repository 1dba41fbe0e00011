"""One small published organisation for all tests that only read."""

from __future__ import annotations

from pathlib import Path

import pytest

from dora.demo import make_sample
from tests.dora.processes import dora


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an ingested sample: two years are too many, the last quarter of 2025 is enough. Only read it."""
    folder = tmp_path_factory.mktemp("shop")
    make_sample(folder)
    dora(folder, "ingest")
    return folder
