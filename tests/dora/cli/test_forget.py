"""`dora ingest --forget`: the one way to remove what a source said that is configured no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from dora.warehouse import open_published
from metrics.quality_effects import NEXT_STEPS
from tests.dora.processes import GIT_ALONE, content, leftovers, said
from tests.repositories import Repo

HAND = '[[source]]\ntype = "files"\nname = "hand"\nfolder = "records"\n'
EVENT = (
    "record",
    "deployment",
    "id=7",
    "service=shop",
    "version=v1",
    "status=succeeded",
    "finished_at=2025-01-09T10:00Z",
)


@pytest.fixture
def renamed(tmp_path: Path) -> Path:
    """Two deployments that `code` reported, and `fleet` again, which it is called since; an incident of `hand`; one event."""
    code = Repo(tmp_path / "code")
    for version in ("v1", "v2"):
        code.commit(version)
        code.git("tag", version)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "incidents.csv").write_text(
        "id,service,detected_at\n1,shop,2025-01-01T10:00\n2,shop,soon\n"
    )
    for name in ("code", "fleet"):
        (tmp_path / "dora.toml").write_text(GIT_ALONE.replace('"code"\nrep', f'"{name}"\nrep') + HAND)
        said(tmp_path, "ingest")
    said(tmp_path, *EVENT)
    return tmp_path


def held(folder: Path, table: str) -> list[str]:
    """The sources of a table's rows in the published file."""
    reader = open_published(folder / "dora.published.duckdb")
    try:
        return [str(name) for (name,) in reader.rows(f"select source from {table} order by all")]
    finally:
        reader.close()


def test_a_renamed_source_is_forgotten_and_all_else_stays(renamed: Path) -> None:
    before = content(renamed)["records"]
    assert held(renamed, "deployments") == ["code", "code", "fleet", "fleet", "recorded"]
    assert "forgot 'code': 2 deployments\n" in said(renamed, "ingest", "--forget", "code").stderr
    assert held(renamed, "deployments") == ["fleet", "fleet", "recorded"]
    assert "code" not in held(renamed, "cursors")
    after = content(renamed)
    changed = {table for table, rows in after["records"].items() if rows != before[table]}
    assert changed - {"meta"} == {"deployments", "cursors"}
    said(renamed, "build")
    assert content(renamed)["published"] == after["published"]
    assert leftovers(renamed) == []


def test_several_sources_are_forgotten_at_once_with_every_kind_of_record(renamed: Path) -> None:
    (renamed / "dora.toml").write_text(GIT_ALONE)
    told = said(renamed, "ingest", "--forget", "hand", "--forget", "fleet").stderr
    assert "forgot 'hand': 1 incident, 1 rejected row\nforgot 'fleet': 2 deployments\n" in told
    assert held(renamed, "deployments") == ["code", "code", "recorded"]
    assert held(renamed, "incidents") == held(renamed, "rejected") == []


def test_what_was_recorded_goes_when_its_source_is_named(renamed: Path) -> None:
    assert "forgot 'recorded': 1 deployment\n" in said(renamed, "ingest", "--forget", "recorded").stderr
    assert "recorded" not in held(renamed, "deployments")


def test_a_dry_run_says_what_would_go_and_removes_nothing(renamed: Path) -> None:
    before = content(renamed)
    told = said(renamed, "ingest", "--forget", "code", "--dry-run").stderr
    assert told == "dry run: nothing is removed\nwould forget 'code': 2 deployments\n"
    assert content(renamed) == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["fleet"], "--forget: 'fleet' is a [[source]] of "),
        (["code", "--forget", "hand"], "`dora ingest --full hand` reads it anew"),
        (["cod"], "--forget: no record is of a source 'cod'; did you mean 'code'?"),
        (["code", "--forget", "zzz"], "no record is of a source 'zzz'; valid are code, recorded"),
        (["code", "--full"], "--forget reads nothing; leave out SOURCE, --since and --full"),
        (["code", "fleet"], "--forget reads nothing"),
    ],
)
def test_what_cannot_be_forgotten_is_refused_and_removes_nothing(
    renamed: Path, words: list[str], sentence: str
) -> None:
    before = content(renamed)
    told = said(renamed, "ingest", "--forget", *words, code=2).stderr
    assert sentence in told
    assert told.count("\n") == 1
    assert content(renamed) == before


def test_nothing_is_forgotten_where_nothing_is_recorded(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text(HAND)
    assert "there are no records yet" in said(tmp_path, "ingest", "--forget", "code", code=1).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["dora.toml"]
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "incidents.csv").write_text("id,service,detected_at\n1,shop,2025-01-01T10:00\n")
    said(tmp_path, "ingest")
    assert "all records are of sources that are configured" in said(tmp_path, "ingest", "--forget", "x", code=2).stderr


def test_reading_a_source_that_is_gone_says_how_to_forget_it(renamed: Path) -> None:
    told = said(renamed, "ingest", "--full", "code", code=2).stderr
    assert "there is no source 'code'" in told
    assert "it was once, and `dora ingest --forget code` removes what it said" in told
    assert "--forget" not in said(renamed, "ingest", "--full", "recorded", code=2).stderr


def test_a_source_that_is_gone_is_told_until_it_is_forgotten_or_configured_again(renamed: Path) -> None:
    sentence = "no [[source]] has the name 'code' any more, and its records count: 2 deployments"
    step = "`dora ingest --forget code` removes them, unless they are history to keep"
    for words in (["ingest"], ["build"]):
        told = said(renamed, *words).stderr
        assert f"warning: {sentence}; {step}\n" in told
        assert "'recorded'" not in told
        assert "'fleet'" not in told
    told = said(renamed, "doctor", "--offline").stdout
    assert f"warning  source code: {sentence}\n         -> {step}\n" in told
    assert "source recorded" not in told
    assert "any more" not in said(renamed, "ingest", "--forget", "code").stderr
    assert "any more" not in said(renamed, "ingest").stderr + said(renamed, "doctor", "--offline").stdout


def test_a_source_that_is_gone_and_said_nothing_is_not_told(tmp_path: Path) -> None:
    Repo(tmp_path / "code").commit("one")
    (tmp_path / "dora.toml").write_text(GIT_ALONE)
    said(tmp_path, "ingest")
    (tmp_path / "dora.toml").write_text(GIT_ALONE.replace('"code"\nrep', '"git"\nrep'))
    assert "warning" not in said(tmp_path, "ingest").stderr
    assert "forgot 'code': no record\n" in said(tmp_path, "ingest", "--forget", "code").stderr


def test_the_advice_on_repeated_deployments_and_silent_sources_names_the_command() -> None:
    for finding in ("duplicate_deployment", "stale_source"):
        assert "`dora ingest --forget NAME`" in NEXT_STEPS[finding]
