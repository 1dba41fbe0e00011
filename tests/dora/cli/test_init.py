"""`dora init` in a repository that is to keep its configuration and not the data."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dora.cli.init import KEPT, WRITTEN
from tests.dora.processes import dora, said
from tests.repositories import Repo


def test_a_repository_that_would_track_the_data_is_told_what_to_ignore(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "shop")
    repo.commit("first", {"app.py": "1"})
    repo.git("tag", "v1.0")
    repo.git("tag", "v1.1")
    told = said(repo.path, "init").stderr
    assert all(pattern in told for pattern in WRITTEN)
    assert f"commit {KEPT} with dora.toml" in told
    (repo.path / ".gitignore").write_text("\n".join(WRITTEN) + "\n")
    assert ".gitignore" not in said(repo.path, "init", "--force").stderr
    said(repo.path, "ingest")
    assert (repo.path / "dora.published.duckdb").exists()
    changed = repo.git("status", "--porcelain", "--untracked-files=all").split()
    assert {*changed} - {"??"} == {".gitignore", "dora.toml", KEPT}


def test_outside_of_git_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert ".gitignore" not in said(tmp_path, "init").stderr


@pytest.mark.parametrize("there", [True, False])
def test_in_a_folder_of_a_repository_the_source_is_its_top(tmp_path: Path, there: bool) -> None:
    repo = Repo(tmp_path / "shop")
    repo.commit("first", {"app.py": "1"})
    folder = repo.path / "tools" / "dora"
    folder.parent.mkdir()
    if there:
        folder.mkdir()
        said(folder, "init")
    else:
        said(folder.parent, "init", "--folder", "dora")
    assert 'repositories = [{ name = "shop", url = "../.." }]' in (folder / "dora.toml").read_text()
    assert "1 commit" in said(folder, "ingest").stderr


def test_a_bare_repository_is_its_own_source(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "shop.git")], check=True)
    said(tmp_path / "shop.git", "init")
    assert 'url = "." }]' in (tmp_path / "shop.git" / "dora.toml").read_text()


def test_without_a_repository_the_source_is_a_comment_to_fill_in(tmp_path: Path) -> None:
    told = said(tmp_path, "init").stderr
    assert "no git repository is here: write into it where one is" in told
    text = (tmp_path / "dora.toml").read_text()
    assert "# No git repository is here: write the path of a clone" in text
    assert "no [[source]] is configured" in said(tmp_path, "ingest", code=2).stderr
    repo = Repo(tmp_path / "elsewhere")
    repo.commit("first", {"app.py": "1"})
    _, _, source = text.partition("remove the comment signs.\n")
    filled = "\n".join(line.removeprefix("# ") for line in source.replace("PATH-OR-URL", "elsewhere").splitlines())
    (tmp_path / "dora.toml").write_text(text + filled)
    assert "1 commit" in said(tmp_path, "ingest").stderr


def test_a_repository_of_another_owner_is_found_as_an_ingest_finds_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "shop")
    repo.commit("first", {"app.py": "1"})
    other = {"GIT_TEST_ASSUME_DIFFERENT_OWNER": "1"}
    dora(repo.path, "init", more=other)
    assert 'url = "." }]' in (repo.path / "dora.toml").read_text()
    assert "1 commit" in dora(repo.path, "ingest", more=other).stderr
