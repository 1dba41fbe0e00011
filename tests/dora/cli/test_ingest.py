"""`dora ingest` on real files and repositories: repeatable, and unharmed by hostile input."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dora.demo import make_sample
from dora.warehouse import open_published
from tests.dora.processes import GIT_ALONE, content, dora, leftovers, said
from tests.repositories import Repo

SCRIPT = "<script>alert(1)</script>"
DROP = "'; drop table deployments; --"
CLIMB = "../../etc/x"
ESCAPE = "v1\x1b[31m\x9b31m\x07"
CONFIG = f"""
[[team]]
name = "{DROP}"
services = ["{CLIMB}", "shop"]
[[service]]
name = "{CLIMB}"
repository = "acme/shop"
[[service]]
name = "shop"
[[source]]
type = "git"
name = "code"
repositories = [{{ name = "acme/shop", url = "code" }}]
[[source]]
type = "gitops"
name = "fleet"
repository = {{ name = "acme/fleet", url = "fleet" }}
files = ["apps/{{environment}}/app.yaml"]
service = "{CLIMB}"
version_key = "image.tag"
commit = "sha"
[[source]]
type = "files"
name = "hand"
folder = "records"
"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder ingested from everything that should do no harm."""
    folder = tmp_path_factory.mktemp("hostile")
    code = Repo(folder / "code")
    shas = [code.commit(text) for text in (SCRIPT, DROP, "=1+1", "\x1b]0;owned\x07 title")]
    fleet = Repo(folder / "fleet")
    for sha in shas:
        fleet.commit("deploy", {"apps/production/app.yaml": f"image:\n  tag: {sha}\n"})
    records = folder / "records"
    records.mkdir()
    head = "id,service,environment,version,status,finished_at"
    good = [
        f'1,"{DROP}",production,"=cmd|calc",succeeded,2025-01-01T10:00:00Z',
        f"2,shop,production,{ESCAPE},succeeded,2025-01-02T10:00:00Z",
        "3,shop,production,+1,succeeded,2025-01-03T10:00:00Z",
        f"4,shop,production,{SCRIPT},succeeded,2025-01-04T10:00:00Z",
        "5,shop,production,@x,succeeded,2025-01-05T10:00:00Z",
        "6,shop,production,-1,succeeded,2025-01-06T10:00:00Z",
    ]
    bad = [
        "7,shop,production,v7,perhaps,2025-01-01T10:00:00Z",
        "8,shop,production",
        "9,shop,production,v9,succeeded,soon",
    ]
    text = "\r\n".join([head, *good, *bad]) + "\r\n"
    (records / "deployments.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (records / "incidents.ndjson").write_text('{"id": "i1", "service": "shop", "title": "<b>"}\n{"id": "i2", "servi')
    (folder / "dora.toml").write_text(CONFIG)
    dora(folder, "ingest")
    return folder


def names(folder: Path, sql: str) -> list[object]:
    reader = open_published(folder / "dora.published.duckdb")
    try:
        return [row[0] for row in reader.rows(sql)]
    finally:
        reader.close()


def test_hostile_rows_are_stored_as_they_are(hostile: Path) -> None:
    assert set(names(hostile, "select subject from commits")) >= {SCRIPT, DROP, "=1+1"}
    versions = names(hostile, "select version from deployments where source = 'hand' order by id")
    assert len(versions) == 6
    assert versions[3] == SCRIPT
    assert DROP in names(hostile, "select team from team_services")
    assert len(names(hostile, "from deployments where source = 'fleet'")) == 4


def test_broken_rows_are_kept_with_their_reason(hostile: Path) -> None:
    reasons = names(hostile, "select reason from rejected where stream = 'deployments' order by place")
    assert len(reasons) == 3
    assert len(names(hostile, "from rejected where stream = 'incidents'")) == 1
    assert names(hostile, "select id from incidents") == ["i1"]


@pytest.mark.parametrize("form", ["table", "csv", "markdown", "json"])
def test_no_format_obeys_the_data(hostile: Path, form: str) -> None:
    for words in (["metrics", "--by", "team"], ["metrics", "--by", "service"], ["deploys", "--limit", "0"]):
        done = said(hostile, *words, "--from", "2020-01-01", "--to", "2027-01-01", "--format", form)
        if form != "csv":
            assert not {"\x1b", "\x9b", "\x07"} & set(done.stdout + done.stderr)
        if form == "markdown":
            assert "<script>" not in done.stdout
        if form == "json":
            json.loads(done.stdout)
        if form == "csv":
            cells = [cell for row in csv.reader(io.StringIO(done.stdout)) for cell in row]
            assert not [cell for cell in cells if cell[:1] in ("=", "+", "@", "\t", "\r") or cell[:2] == "-1"]


def test_one_deployment_is_shown_without_obeying_it(hostile: Path) -> None:
    for form in ("markdown", "json"):
        for deployment in ("hand/2", "hand/4"):
            done = said(hostile, "deploys", "show", deployment, "--format", form)
            assert not {"\x1b", "\x9b", "\x07"} & set(done.stdout + done.stderr)
            assert form == "json" or "<script>" not in done.stdout


def test_hostile_names_in_options_are_text(hostile: Path, tmp_path: Path) -> None:
    done = said(hostile, "metrics", "--team", DROP, "--service", CLIMB, "--from", "2023", "--format", "json")
    assert json.loads(done.stdout)["groups"][0]["deployment_frequency"]["deployments"] == 4
    assert "there is no" in said(hostile, "metrics", "--team", "x' or '1'='1", code=2).stderr
    said(hostile, "deploys", "show", "'; drop table meta; --", code=None)
    said(hostile, "export", "--format", "csv", "--out", str(tmp_path / "out"))
    said(hostile, "report", "--failed", "--from", "2020-01-01", "--out", str(tmp_path / "reports"))
    for path in tmp_path.rglob("*.csv"):
        cells = [cell for row in csv.reader(path.open(encoding="utf-8", newline="")) for cell in row]
        assert not [cell for cell in cells if cell[:1] in ("=", "+", "@") and len(cell) > 1]


def test_error_does_not_pass_escapes_on(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text('[organisation]\n"a\\u001b[31mb" = 1\n')
    assert "\x1b" not in said(tmp_path, "metrics", code=2).stderr
    assert "\x1b" not in said(tmp_path, "\x1b[31mmetrics", code=2).stderr


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("id,service,wrong_column\n1,shop,x\n", ["wrong_column"]),
        (",".join(f"c{n}" for n in range(10**6)) + "\n", ["column"]),
    ],
    ids=["wrong column", "a million columns"],
)
def test_file_with_wrong_columns_is_one_sentence(tmp_path: Path, header: str, words: list[str]) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "deployments.csv").write_text(header)
    (tmp_path / "records" / "tags.csv").write_text("repository,name,sha\nr,v1," + "a" * 40 + "\n")
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nfolder = "records"\n')
    done = said(tmp_path, "ingest", code=3)
    error = done.stderr.splitlines()[-1]
    assert all(word in error for word in [*words, "deployments.csv"])
    assert len(error) < 500
    assert names(tmp_path, "select name from tags") == ["v1"]


def test_ingest_twice_changes_nothing(tmp_path: Path) -> None:
    make_sample(tmp_path)
    said(tmp_path, "ingest")
    before = content(tmp_path)
    published = tmp_path / "dora.published.duckdb"
    state = published.read_bytes(), published.stat().st_mtime_ns, published.stat().st_ino
    for words in (["ingest"], ["ingest", "records"], ["ingest", "--full"], ["ingest", "--dry-run"]):
        assert said(tmp_path, *words).stdout == ""
        assert content(tmp_path) == before, words
    assert (published.read_bytes(), published.stat().st_mtime_ns, published.stat().st_ino) == state
    assert leftovers(tmp_path) == []


def test_dry_run_of_a_new_folder_makes_nothing(tmp_path: Path) -> None:
    make_sample(tmp_path)
    before = sorted(tmp_path.iterdir())
    done = said(tmp_path, "ingest", "--dry-run")
    assert "nothing is stored" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_changed_definition_is_built_without_reading_again(tmp_path: Path) -> None:
    make_sample(tmp_path)
    said(tmp_path, "ingest")
    file = tmp_path / "dora.toml"
    file.write_text(file.read_text().replace("[definitions]", '[definitions]\nfailure_window = "1h"'))
    (tmp_path / "records").rename(tmp_path / "gone")
    before = said(tmp_path, "metrics", "--format", "json")
    assert before.stderr == (
        f"warning: the definitions in {file} differ from those of the published file; `dora build` applies them\n"
    )
    assert said(tmp_path, "deploys", "--format", "csv").stderr == before.stderr
    opened = said(tmp_path, "dashboard", "--address", "256.0.0.1", code=2)  # no such address: it ends at once
    assert opened.stderr.startswith(before.stderr)
    said(tmp_path, "build")
    after = said(tmp_path, "metrics", "--format", "json")
    assert after.stderr == said(tmp_path, "metrics", "--format", "json", "--clock", "authored").stderr == ""
    was, now = (json.loads(answer.stdout)["definitions"] for answer in (before, after))
    assert now["hash"] != was["hash"]
    assert now["failure_window_seconds"] == 3600


def test_changed_teams_and_services_are_told_until_they_are_built(tmp_path: Path) -> None:
    make_sample(tmp_path)
    said(tmp_path, "ingest")
    assert said(tmp_path, "metrics", "--format", "json").stderr == ""
    file = tmp_path / "dora.toml"
    told = file.read_text()
    added = '\n[[service]]\nname = "search"\n[[team]]\nname = "finders"\nowns = [{ service = "search", since = "2025-02-01" }]\n'
    file.write_text(told + added)
    warned = said(tmp_path, "metrics", "--format", "json").stderr
    assert warned.startswith(f"warning: the services and teams in {file} differ from those of the published file")
    said(tmp_path, "build")
    assert said(tmp_path, "metrics", "--format", "json").stderr == ""


def test_paths_added_later_are_warned_of_until_they_are_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "code")
    for number in range(3):
        repo.commit("work", {"web/w" if number == 1 else "api/a": str(number)})
        repo.git("tag", f"v{number}")
    service = '[[service]]\nname = "api"\nrepository = "r"\n'
    source = """[[source]]
type = "git"
repositories = [{ name = "r", url = "code" }]
deployments = [{ tags = "v*", environment = "production" }]
"""
    ships = "select count(*) from change_facts where deployment_number is not null"
    (tmp_path / "dora.toml").write_text(service + source)
    assert "warning" not in said(tmp_path, "ingest").stderr
    (tmp_path / "dora.toml").write_text(service + 'paths = ["api"]\n' + source)
    warning = "warning: service 'api' has paths, but none that the commits of 'r' changed are stored"
    assert warning in said(tmp_path, "build").stderr
    assert names(tmp_path, ships) == [2]
    assert "warning" not in said(tmp_path, "ingest").stderr
    assert names(tmp_path, ships) == [1]


def test_a_repository_without_commits_is_told_until_it_has_one(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "code")
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "git"\nrepositories = [{ name = "r", url = "code" }]\n')
    for words in (["ingest"], ["ingest"], ["ingest", "--dry-run"]):
        told = said(tmp_path, *words).stderr
        assert "no commits" in told
        assert "unchanged" not in told
    repo.commit("first")
    assert "new data" in said(tmp_path, "ingest").stderr
    assert "unchanged" in said(tmp_path, "ingest").stderr


def test_corrected_file_replaces_what_it_said_before(tmp_path: Path) -> None:
    (tmp_path / "records").mkdir()
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nfolder = "records"\n')
    file = tmp_path / "records" / "deployments.csv"
    for version in ("v9", "v1"):
        file.write_text(f"id,service,version,finished_at\n1,shop,{version},2025-01-01\n")
        said(tmp_path, "ingest")
        assert names(tmp_path, "select version from deployments") == [version]
    file.write_text("id,service,version,finished_at\n")
    said(tmp_path, "ingest")
    assert names(tmp_path, "select version from deployments") == []


def test_one_of_a_thing_is_counted_as_one(tmp_path: Path) -> None:
    Repo(tmp_path / "code").commit("first")
    (tmp_path / "dora.toml").write_text(
        '[[source]]\ntype = "git"\nname = "code"\nrepositories = [{ name = "acme/shop", url = "code" }]\n'
    )
    assert "1 commit, 1 mainline commit, 1 person " in said(tmp_path, "ingest").stderr


def test_an_error_names_its_source_and_stream_once(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text(
        '[[source]]\ntype = "git"\nname = "code"\nrepositories = [{ name = "acme/shop", url = "/nowhere" }]\n'
        '[[source]]\ntype = "files"\nname = "hand"\nfolder = "records"\n'
    )
    told = said(tmp_path, "ingest", code=1).stderr
    assert "dora: code: acme/shop: /nowhere is not a git repository" in told
    assert "dora: hand: deployments: the folder " in told


def test_a_file_that_is_gone_takes_its_rows_along_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nname = "hand"\nfolder = "records"\n')
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "incidents.csv").write_text("id,service,detected_at\n1,shop,2025-01-01T10:00\n")
    (tmp_path / "records" / "deployments.csv").write_text("service,version,finished_at\nshop,v1,2025-01-01T10:00\n")
    assert "deployments  new data " in said(tmp_path, "ingest").stderr
    (tmp_path / "records" / "deployments.csv").unlink()
    assert "deployments  rows removed " in said(tmp_path, "ingest").stderr
    assert said(tmp_path, "deploys", "--from", "2025").stdout == "nothing to show\n"


def test_what_waits_does_so_until_the_ingest_however_old_the_newest_deployment_is(tmp_path: Path) -> None:
    """As in the figures: a tag of long ago is the newest record, and nobody deployed what came an hour after it."""
    code = Repo(tmp_path / "code")
    code.commit("one")
    code.git("tag", "v1")
    code.clock += 3600
    code.commit("two")
    (tmp_path / "dora.toml").write_text(GIT_ALONE)
    dora(tmp_path, "ingest")
    assert "changes waiting for more than 30 days" in said(tmp_path, "metrics", "--quality").stdout
    about = tmp_path / "out" / "about.json"
    said(tmp_path, "export", "--out", "out")
    [run] = [json.loads(line) for line in (tmp_path / "dora.runs.ndjson").read_text().splitlines()]
    assert json.loads(about.read_text())["data_as_of"] == run["started_at"].replace("T", " ").removesuffix("+00:00")


def test_what_falls_silent_or_waits_is_found_though_nothing_new_comes(tmp_path: Path) -> None:
    """The first run of a day finds anew what time has made; the next ones leave the published file as it is."""
    code = Repo(tmp_path / "code")
    code.clock = int((datetime.now(UTC) - timedelta(days=45)).timestamp())
    code.commit("one")
    code.git("tag", "v1")
    code.commit("two")
    (tmp_path / "dora.toml").write_text(GIT_ALONE)
    dora(tmp_path, "ingest")
    waiting, log = "changes waiting for more than 30 days", tmp_path / "dora.runs.ndjson"
    [run] = [json.loads(line) for line in log.read_text().splitlines()]
    earlier = datetime.fromisoformat(run["started_at"]) - timedelta(days=40)
    log.write_text(json.dumps(run | {"started_at": earlier.isoformat()}) + "\n")
    said(tmp_path, "build")
    assert waiting not in said(tmp_path, "metrics", "--quality").stdout
    assert "unchanged" in said(tmp_path, "ingest").stderr
    assert waiting in said(tmp_path, "metrics", "--quality").stdout
    published = tmp_path / "dora.published.duckdb"
    inode = published.stat().st_ino
    said(tmp_path, "ingest")
    assert published.stat().st_ino == inode
