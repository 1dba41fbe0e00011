"""`dora init` in a repository that is to keep its configuration and not the data."""

from __future__ import annotations

from pathlib import Path

from dora.cli.init import WRITTEN
from tests.dora.processes import said
from tests.repositories import Repo


def test_a_repository_that_would_track_the_data_is_told_what_to_ignore(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "shop")
    repo.commit("first", {"app.py": "1"})
    repo.git("tag", "v1.0")
    repo.git("tag", "v1.1")
    told = said(repo.path, "init").stderr
    assert all(pattern in told for pattern in WRITTEN)
    (repo.path / ".gitignore").write_text("\n".join(WRITTEN) + "\n")
    assert ".gitignore" not in said(repo.path, "init", "--force").stderr
    said(repo.path, "ingest")
    assert (repo.path / "dora.published.duckdb").exists()
    changed = repo.git("status", "--porcelain", "--untracked-files=all").split()
    assert {*changed} - {"??"} == {".gitignore", "dora.toml", "dora.definitions.ndjson"}


def test_outside_of_git_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert ".gitignore" not in said(tmp_path, "init").stderr
