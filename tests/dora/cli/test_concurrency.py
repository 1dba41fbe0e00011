"""Reading while an ingest publishes: nobody waits for anybody, and nobody sees half a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.concurrency import run
from tests.dora.processes import environment


def test_readers_and_writer_never_see_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    outcome = run(tmp_path, seconds=8, every=2, readers=4, dashboard=False)
    assert outcome.errors == []
    assert len(outcome.ingest_seconds) >= 2
    assert len(outcome.published) >= 2
    assert len(outcome.read_ms) > 20
