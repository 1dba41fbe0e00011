"""An ingest killed at random moments, then run once more, ends like an undisturbed one."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.kill import survive
from dora.demo import make_sample
from tests.dora.processes import environment


def test_killed_ingest_loses_nothing_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    make_sample(tmp_path)
    outcome = survive(tmp_path, kills=3, seed=7)
    assert outcome.killed == 3
    assert outcome.after == outcome.calm
    assert outcome.leftovers == ()
