"""Exit codes, and the sentence that comes with each."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.dora.processes import dora, ingested, leftovers, make_read_only, said, small_disk
from tests.repositories import Repo


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["metricz"], "did you mean 'metrics'?"),
        (["metrics", "--service", "baskett"], "--service: there is no 'baskett'; did you mean 'basket'?"),
        (["metrics", "--team", "Chekout"], "--team: there is no 'Chekout'; did you mean 'Checkout'?"),
        (["metrics", "--team", "Checkout", "--service", "prices"], "'prices' is of 'Catalogue', not of 'Checkout'"),
        (["deploys", "--environment", "productoin"], "did you mean 'production'?"),
        (["deploys", "basket@v1"], "no command 'basket@v1'; for one deployment: dora deploys show basket@v1"),
        (["deploys", "--limit", "-3"], "-3 is not in the range x>=0"),
        (["metrics", "--environment", "staging"], "'staging' is no production environment"),
        (["metrics", "--environment", "staging"], "choose of 'production'"),
        (["metrics", "--from", "yesterday"], "'yesterday' is not a date"),
        (["metrics", "--from", "2025-02-01", "--to", "2025-02-01"], "the period is empty"),
        (["metrics", "--edition", "1999"], "1999"),
        (["metrics", "--failure-kinds", ""], "--failure-kinds is empty; name one or more of"),
        (["metrics", "--failure-kinds", "rolback"], "did you mean 'rollback'?"),
        (["metrics", "--failure-window", "soon"], "'soon' is not a length"),
        (["metrics", "--format", "yaml"], "'yaml'"),
        (["ingest", "record"], "there is no source 'record'; did you mean 'records'?"),
        (["ingest", "--since", "soon"], "'soon' is not a date"),
        (["record", "deploymnt", "service=x"], "did you mean 'deployment'?"),
        (["report", "x", "--service", "prices"], "leave --service out, or add --failed to choose by them"),
        (["report", "x", "--team", "Catalogue", "--from", "90d"], "leave --from, --team out"),
        (["report", "x", "--to", "2026-01-01", "--environment", "production"], "leave --environment, --to out"),
        (["report", "x", "--failure-window", "1h"], "leave --failure-window out"),
        (["-c"], ""),
    ],
)
def test_usage_mistakes_exit_2_with_a_way_out(shop: Path, words: list[str], says: str) -> None:
    done = said(shop, *words, code=2)
    assert says in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("production", "option", "says"),
    [
        ("production", "--team", "--team: there is no 'x': no teams are configured; leave it out, or add a [[team]]"),
        ("live", "--environment", "--environment: there is no 'x': no production environments are known; run `dora doctor`"),
    ],
)  # fmt: skip
def test_a_name_where_there_are_none_is_told_so(tmp_path: Path, production: str, option: str, says: str) -> None:
    settings = f'[definitions]\nproduction = ["{production}"]\n[[service]]\nname = "shop"\n'
    ingested(tmp_path, "1,shop,v1,2025-10-02T10:00:00Z", settings)
    told = said(tmp_path, "metrics", option, "x", code=2).stderr
    assert says in told
    assert "valid" not in told


def test_nowhere_configured_says_what_to_run(tmp_path: Path) -> None:
    done = said(tmp_path, "metrics", code=2)
    assert "dora init" in done.stderr
    assert "dora demo" in done.stderr


def test_nothing_ingested_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text("")
    for words in (["metrics"], ["deploys"], ["build"], ["export"]):
        assert "run `dora ingest` first" in said(tmp_path, *words, code=1).stderr
    assert "no [[source]] is configured" in said(tmp_path, "ingest", code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dora.toml"]


def test_one_failing_source_exits_3_and_the_others_are_stored(tmp_path: Path) -> None:
    repository = Repo(tmp_path / "good")
    repository.commit("first")
    repository.git("tag", "v1")
    (tmp_path / "dora.toml").write_text(
        """
        [[source]]
        type = "git"
        name = "bad"
        repositories = [{ name = "acme/bad", url = "no-such-folder" }]
        [[source]]
        type = "git"
        name = "good"
        repositories = [{ name = "acme/good", url = "good" }]
        deployments = [{ tags = "v*", service = "shop", environment = "production" }]
        """
    )
    done = dora(tmp_path, "ingest", code=3)
    assert done.stdout == ""
    assert "bad" in done.stderr
    assert "no-such-folder" in done.stderr
    assert "v1" in said(tmp_path, "deploys", "--from", "2023-01-01", "--format", "csv").stdout
    said(tmp_path, "ingest", "good")
    for words in (["bad"], ["bad", "--dry-run"]):
        assert "no-such-folder" in said(tmp_path, "ingest", *words, code=1).stderr
    said(tmp_path, "ingest", code=3)


def test_an_only_source_of_which_a_part_is_stored_exits_3(tmp_path: Path) -> None:
    Repo(tmp_path / "good").commit("first")
    repositories = '[{ name = "bad", url = "no-such-folder" }, { name = "good", url = "good" }]'
    (tmp_path / "dora.toml").write_text(f'[[source]]\ntype = "git"\nrepositories = {repositories}\n')
    said(tmp_path, "ingest", code=3)


def test_damaged_files_exit_1_and_are_kept(shop: Path, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    published, records = tmp_path / "dora.published.duckdb", tmp_path / "dora.duckdb"
    published.write_bytes(b"no database")
    done = said(tmp_path, "metrics", code=1)
    assert "run `dora build`" in done.stderr
    assert done.stderr.count("\n") == 1
    said(tmp_path, "build")
    whole = published.read_bytes()
    records.write_bytes(b"no database")
    for words in (["ingest"], ["build"]):
        assert "not a readable DuckDB file" in said(tmp_path, *words, code=1).stderr
    assert (published.read_bytes(), records.read_bytes()) == (whole, b"no database")
    said(tmp_path, "metrics")
    records.unlink()
    said(tmp_path, "ingest")
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("folder", ["/proc/made-up", "file/demo"])
def test_a_demonstration_that_cannot_be_written_is_one_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    told = said(tmp_path, "demo", "--folder", folder, "--no-dashboard", code=2).stderr.splitlines()[-1]
    assert told.startswith(f"dora: {folder}: cannot be written: ")
    assert told.endswith("; choose another with --folder")


def test_files_cut_short_exit_1_with_what_to_do(shop: Path, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    published, records = tmp_path / "dora.published.duckdb", tmp_path / "dora.duckdb"
    for left in (published.stat().st_size // 2, 9000):
        os.truncate(published, left)
        assert f"{published}: not a readable DuckDB file; run `dora build`" in said(tmp_path, "metrics", code=1).stderr
    said(tmp_path, "build")
    said(tmp_path, "metrics")
    os.truncate(records, 9000)
    assert "dora.duckdb: not a readable DuckDB file; move it away" in said(tmp_path, "ingest", code=1).stderr


def test_a_folder_in_the_place_of_a_file_exits_1_with_what_to_do(shop: Path, tmp_path: Path) -> None:
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    for name, command in (("dora.published.duckdb", "metrics"), ("dora.duckdb", "ingest")):
        (tmp_path / name).unlink()
        (tmp_path / name).mkdir()
        told = said(tmp_path, command, code=1).stderr
        assert f"{name}: a folder stands where a file belongs; move it away and run the command again\n" in told


def test_read_only_folder_is_one_sentence_and_reading_goes_on(shop: Path) -> None:
    with small_disk(30) as folder:
        shutil.copytree(shop, folder, dirs_exist_ok=True)
        make_read_only(folder)
        for words in (["ingest"], ["build"]):
            done = dora(folder, *words, code=1)
            assert "cannot be written" in done.stderr
            assert done.stderr.count("\n") == 1
        dora(folder, "metrics")
