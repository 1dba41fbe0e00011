"""The git source against real repositories, hostile ones included."""

from __future__ import annotations

import re
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from dora.errors import ConfigError, SourceError
from dora.tables import read_table
from dora.warehouse import Warehouse
from ingest.git_address import hosted_name
from ingest.git_command import Repository, Spool
from ingest.source import Context
from ingest.sources import git
from ingest.sources.git_log import _records, reverted_number
from ingest.sources.git_mainline import Mainline
from ingest.sync import sync
from tests.repositories import START, Repo, context, daemon, emptied, ingest, new_warehouse, table


def _source(here: Context, url: str = "a", name: str = "acme/a", **options: object) -> git.GitSource:
    values = {"repositories": [{"name": name, "url": url}], **options}
    return git.open_source("apps", read_table(git.Options, values, "dora.toml"), here)


def _one(warehouse: Warehouse, sha: str) -> dict[str, object]:
    return warehouse.records("select * from commits where sha = ?", [sha])[0]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "a")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return new_warehouse(tmp_path)


def test_commit_keeps_what_git_says(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("first", author="Ann <Ann@Example.org>")
    second = repo.commit("fix it (#41)\n\nbody", author="dependabot[bot] <x@y>")
    here = context(tmp_path)
    ingest(warehouse, _source(here))
    row = _one(warehouse, first)
    assert row["author"] == here.author("ann@example.org")
    assert (row["parents"], row["subject"], row["is_bot"], row["pull_request"]) == ([], "first", False, None)
    assert row["committed_at"] == row["authored_at"] == datetime.fromtimestamp(START + 60, UTC).replace(tzinfo=None)
    assert (row["reverts"], row["reverts_pull_requests"]) == ([], [])
    row = _one(warehouse, second)
    assert (row["parents"], row["is_bot"], row["pull_request"]) == ([first], True, 41)
    people = {row[0]: row[1] for row in warehouse.rows("select name, is_bot from people")}
    assert people == {"Ann": False, "dependabot[bot]": True}


@pytest.mark.parametrize(
    ("name", "hosted", "found"),
    [
        ("acme/shop", None, ["1", "2", "6"]),
        ("acme/shop", "acme/store", ["1", "2", "3", "6", "7"]),
        ("shop", "acme/store", ["1", "3", "7"]),
        ("shop", None, ["1", "2", "4", "6"]),
    ],
)
def test_numbers_of_other_repositories_are_not_reverted(name: str, hosted: str | None, found: list[str]) -> None:
    body = (
        "Reverts #1, Reverts Acme/Shop#2, Reverts acme/store#3, Reverts other/shop#4, Reverts other/lib#5, "
        "reverts merge request shop!6, reverts merge request store!7, reverts merge request lib!8"
    )
    assert re.findall(reverted_number(Repository(name, Path(), hosted=hosted)), body) == found


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/acme/shop.git", "acme/shop"),
        ("ssh://git@example.org:22/group/sub/shop/", "group/sub/shop"),
        ("git@example.org:acme/shop.git", "acme/shop"),
        ("file:///srv/git/shop", None),
        ("../shop", None),
    ],
)
def test_host_part_of_an_address_is_what_the_host_calls_the_repository(url: str, name: str | None) -> None:
    assert hosted_name(url) == name


def test_names_of_one_address_are_all_kept_whichever_came_last(
    repo: Repo, warehouse: Warehouse, tmp_path: Path
) -> None:
    here = context(tmp_path)
    for name in ("Zoe", "Ann", "Zoe", "Mia"):
        repo.commit("one more", author=f"{name} <ann@example.org>")
        ingest(warehouse, _source(here))
    rows = warehouse.rows("select author, name from people order by all")
    assert rows == [(here.author("ann@example.org"), name) for name in ("Ann", "Mia", "Zoe")]


@pytest.mark.parametrize(
    ("message", "number", "shas", "numbers"),
    [
        ("Merge pull request #7 from acme/topic\n\nTitle", 7, [], []),
        ("Merge pull request #9 from acme/revert-7-topic\n\nRevert", 9, [], [7]),
        ("Revert x (#12)\n\nReverts acme/a#11 and Reverts #10", 12, [], [11, 10]),
        ("Bump lib (#13)\n\nReverts other/lib#12 and Reverts acme/ab#9 and Reverts acme/b.a#8", 13, [], []),
        ("Undo\n\nThis reverts merge request acme/A!4, reverts merge request !5, reverts merge request lib!6", None, [], [4, 5]),
        ("Undo\n\nThis reverts commit ABCDEF1.\nThis reverts commit abcdef1.", None, ["abcdef1"], []),
        ('Revert "x"\n\nThis reverts commit abcdef1.\nThis reverts commit abcdef1.\nThis reverts commit 0123456789.', None, ["abcdef1", "0123456789"], []),
        ("Merge branch 'x'\n\nSee merge request acme/shop!33", 33, [], []),
        ("Merged in topic (pull request #5)", 5, [], []),
        ("about (#3) in the middle", None, [], []),
        ("number beyond reason (#99999999999999999999)", None, [], []),
        ("This reverts commit abcdef1 in the subject only", None, [], []),
        ("", None, [], []),
    ],
)  # fmt: skip
def test_message_names_pull_requests_and_reverts(
    repo: Repo,
    warehouse: Warehouse,
    tmp_path: Path,
    message: str,
    number: int | None,
    shas: list[str],
    numbers: list[int],
) -> None:
    sha = repo.commit(message)
    ingest(warehouse, _source(context(tmp_path)))
    row = _one(warehouse, sha)
    assert (row["pull_request"], row["reverts"], row["reverts_pull_requests"]) == (number, shas, numbers)
    assert row["subject"] == message.split("\n")[0]


def test_hostile_bytes_stay_in_their_own_commit(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    header = b"author A\xff\x1f\x1eB <\xe9@x> 1700000000 +0000\ncommitter C <c@x> 1700000000 +0000"
    messages = [
        b'caf\xe9 \x1f\x1e\x01 "quoted\nbody \xff\xfe',
        b"nul \x00 inside\n\nThis reverts commit abcdef1",
        b"<script>alert(1)</script>\n\n'; drop table commits; --",
        "Ünïcode 変更 🎉".encode(),
        b"\n\n\n",
        b"x" * 5000,
    ]
    shas: list[str] = []
    for message in messages:
        shas.append(repo.raw(header, message, tuple(shas[-1:])))
    encoded = header.replace(b"\xff", b"").replace(b"\xe9", b"e") + b"\nencoding UTF-7"
    shas.append(repo.raw(encoded, b"seven +AAA- zero", (shas[-1],)))
    after = repo.commit("after")
    ingest(warehouse, _source(context(tmp_path)))
    subjects = [str(_one(warehouse, sha)["subject"]) for sha in shas]
    assert subjects[0] == 'caf\ufffd \x1f\x1e\x01 "quoted body \ufffd\ufffd'
    assert subjects[1] == "nul"
    assert subjects[2:4] == ["<script>alert(1)</script>", "Ünïcode 変更 🎉"]
    assert subjects[4] == ""
    assert subjects[5] == "x" * 2000
    assert _one(warehouse, after)["parents"] == [shas[-1]]
    assert table(warehouse, "commits").height == len(shas) + 1
    assert "A\ufffd\x1f\x1eB" in set(table(warehouse, "people")["name"])


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (b"0", datetime(1970, 1, 1)),
        (b"4102444800", datetime(2100, 1, 1)),
        (b"253402300799", datetime(9999, 12, 31, 23, 59, 59)),
        (b"253402300800", None),
        (b"18446744073709551615", None),
        (b"nonsense", None),
    ],
)
def test_odd_dates_are_kept_or_left_empty(
    repo: Repo, warehouse: Warehouse, tmp_path: Path, seconds: bytes, expected: datetime | None
) -> None:
    line = b"author A <a@x> 1700000000 +0000\ncommitter C <c@x> " + seconds + b" +0000"
    sha = repo.raw(line, b"odd")
    ingest(warehouse, _source(context(tmp_path)))
    found = _one(warehouse, sha)["committed_at"]
    assert found == expected


def test_octopus_merge_and_side_branches(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    base = repo.commit("base")
    sides = []
    for name in ("x", "y"):
        repo.git("checkout", "-q", "-b", name, base)
        sides.append(repo.commit(name, {name: name}))
    repo.git("checkout", "-q", "main")
    octopus = repo.merge("x", "y")
    ingest(warehouse, _source(context(tmp_path)))
    parents = _one(warehouse, octopus)["parents"]
    assert isinstance(parents, list)
    assert set(parents) >= set(sides)
    assert set(table(warehouse, "mainline_commits")["sha"]) <= {octopus, base, *sides}
    assert table(warehouse, "commits").height == 4


def test_second_run_changes_nothing_and_new_commits_are_added(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one")
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    before = warehouse.content_hash()
    assert sum(result.changed for result in ingest(warehouse, source)) == 0
    assert warehouse.content_hash() == before
    repo.commit("two")
    repo.git("tag", "v1")
    assert ingest(warehouse, source)[0].read["commits"] == 1
    fresh = new_warehouse(tmp_path, "fresh")
    ingest(fresh, source)
    assert fresh.content_hash(skip=("meta",)) == warehouse.content_hash(skip=("meta",))


def test_rewritten_history_leaves_no_ghost_on_the_mainline(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("one")
    lost = repo.commit("two")
    repo.git("tag", "gone")
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    repo.git("reset", "-q", "--hard", first)
    repo.git("tag", "-d", "gone")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")
    other = repo.commit("other")
    ingest(warehouse, source)
    assert set(table(warehouse, "mainline_commits")["sha"]) == {first, other}
    assert lost in set(table(warehouse, "commits")["sha"])
    assert table(warehouse, "tags").height == 0


def test_only_branches_and_tags_are_read(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    kept = repo.commit("kept")
    for ref in ("refs/pull/1/head", "refs/notes/x", "refs/stash", "refs/remotes/origin/x"):
        repo.git("checkout", "-q", "--detach", kept)
        repo.git("update-ref", ref, repo.commit(ref))
    repo.git("checkout", "-q", "main")
    ingest(warehouse, _source(context(tmp_path)))
    assert list(table(warehouse, "commits")["sha"]) == [kept]
    ingest(warehouse, _source(context(tmp_path), refs=["refs/heads/*", "refs/pull/*"]))
    assert set(table(warehouse, "commits")["subject"]) == {"kept", "refs/pull/1/head"}


def test_tags_are_followed_to_commits(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    sha = repo.commit("one", {"file": "x"})
    repo.git("tag", "light")
    repo.git("tag", "-a", "-m", "x", "annotated", at="1700009999 +0000")
    repo.git("tag", "-a", "-m", "x", "nested", "annotated")
    repo.git("tag", "tree", "HEAD^{tree}")
    repo.git("tag", "-a", "-m", "x", "file", "HEAD:file")
    ingest(warehouse, _source(context(tmp_path)))
    rows = {str(name): (sha, at) for name, sha, at in warehouse.rows("select name, sha, tagged_at from tags")}
    assert {name: row[0] for name, row in rows.items()} == {"light": sha, "annotated": sha, "nested": sha}
    assert rows["annotated"][1] == datetime.fromtimestamp(1700009999, UTC).replace(tzinfo=None)
    assert rows["light"][1] is None


def test_tags_become_deployments_by_pattern(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    sha = repo.commit("one")
    repo.git("tag", "v1")
    repo.git("tag", "-a", "-m", "x", "v2", at="1700009999 +0000")
    repo.git("tag", "other")
    rules = [{"tags": "v*", "service": "shop"}, {"tags": "v*", "service": "admin"}]
    source = _source(context(tmp_path), deployments=rules)
    ingest(warehouse, source)
    rows = warehouse.records("select * from deployments order by id")
    assert [row["id"] for row in rows] == [
        "acme/a@production@v1", "acme/a@production@v1@admin", "acme/a@production@v2", "acme/a@production@v2@admin",
    ]  # fmt: skip
    assert {row["sha"] for row in rows} == {sha}
    assert rows[2]["finished_at"] == datetime.fromtimestamp(1700009999, UTC).replace(tzinfo=None)
    assert (rows[0]["mechanism"], rows[0]["commit_rule"], rows[0]["status"]) == ("tag", "tag", "succeeded")
    repo.git("tag", "-d", "v1")
    ingest(warehouse, source)
    assert set(table(warehouse, "deployments")["version"]) == {"v2"}


def test_since_leaves_out_old_tag_deployments_but_no_commit(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one")
    repo.git("tag", "v1")
    source = _source(context(tmp_path), deployments=[{"tags": "v*"}])
    ingest(warehouse, source, since=datetime(2030, 1, 1, tzinfo=UTC))
    assert table(warehouse, "deployments").height == 0
    assert table(warehouse, "commits").height == 1


def test_paths_are_kept_only_where_services_have_globs(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    base = repo.commit("base", {"a.txt": "1", ":100644 odd\nname": "2"})
    repo.git("checkout", "-q", "-b", "side")
    side = repo.commit("side", {"b.txt": "3"})
    repo.git("checkout", "-q", "main")
    empty = repo.commit("empty")
    merge = repo.merge("side")
    gone = repo.commit("gone", {"a.txt": None})
    ingest(warehouse, _source(context(tmp_path)))
    assert table(warehouse, "commit_paths").height == 0
    ingest(warehouse, _source(context(tmp_path, path_globs={"acme/a": ("x/**",)})))
    found: dict[object, set[object]] = {}
    for sha, path in warehouse.rows("select sha, path from commit_paths"):
        found.setdefault(sha, set()).add(path)
    assert found == {base: {"a.txt", ":100644 odd\nname"}, side: {"b.txt"}, merge: {"b.txt"}, gone: {"a.txt"}}
    assert empty not in found


def test_paths_are_kept_where_the_source_is_told_to(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    sha = repo.commit("base", {"db/migrate/1.rb": "1"})
    ingest(warehouse, _source(context(tmp_path)))
    assert table(warehouse, "commit_paths").height == 0
    ingest(warehouse, _source(context(tmp_path), paths=True))
    assert warehouse.rows("select sha, path from commit_paths") == [(sha, "db/migrate/1.rb")]


def test_empty_repository_gives_no_rows(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    assert table(warehouse, "commits").height == 0
    sha = repo.commit("first")
    ingest(warehouse, source)
    assert list(table(warehouse, "mainline_commits")["sha"]) == [sha]


def test_repository_that_lost_its_commits_keeps_what_was_read(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("first")
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    emptied(repo, warehouse, source)
    assert table(warehouse, "mainline_commits").height == 1
    warehouse.forget(source.name)
    ingest(warehouse, source)
    assert table(warehouse, "mainline_commits").height == 0


def test_repository_that_lost_all_its_tags_keeps_their_deployments(
    repo: Repo, warehouse: Warehouse, tmp_path: Path
) -> None:
    repo.commit("first")
    repo.git("tag", "v1")
    repo.git("tag", "v2")
    source = _source(context(tmp_path), deployments=[{"tags": "v*"}])
    ingest(warehouse, source)
    # As a mirror that is fetched without tags from now on.
    repo.commit("second")
    repo.git("tag", "-d", "v1", "v2")
    [failed] = sync(warehouse, [source])
    assert "holds no tag any more; what was read from it is kept" in (failed.error or "")
    assert (table(warehouse, "deployments").height, table(warehouse, "commits").height) == (2, 1)
    warehouse.forget(source.name)
    ingest(warehouse, source)
    assert (table(warehouse, "deployments").height, table(warehouse, "commits").height) == (0, 2)


def test_same_repository_under_two_names_is_refused(repo: Repo, tmp_path: Path) -> None:
    both = [{"name": "acme/a", "url": "a"}, {"name": "acme/b", "url": str(tmp_path / "a")}]
    with pytest.raises(ConfigError, match="the same repository as acme/a"):
        _source(context(tmp_path), repositories=both)
    with pytest.raises(ConfigError, match="used twice"):
        _source(context(tmp_path), repositories=[both[0], {"name": "acme/a", "url": "elsewhere"}])
    with pytest.raises(ConfigError, match="not a reference"):
        _source(context(tmp_path), refs=["--all"])


def test_names_are_not_kept_when_told_so(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one")
    ingest(warehouse, _source(context(tmp_path, keep_names=False)))
    assert table(warehouse, "people").height == 0
    assert table(warehouse, "commits").height == 1


def test_clock_running_backwards_loses_nothing(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one")
    repo.clock = 1_000_000_000
    repo.commit("earlier than its parent")
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    repo.clock = 900_000_000
    repo.commit("earlier still")
    ingest(warehouse, source)
    assert table(warehouse, "commits").height == table(warehouse, "mainline_commits").height == 3


def test_branch_option_chooses_the_mainline(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("one")
    repo.git("checkout", "-q", "-b", "release")
    second = repo.commit("two")
    repo.git("checkout", "-q", "main")
    ingest(warehouse, _source(context(tmp_path)))
    assert set(table(warehouse, "mainline_commits")["sha"]) == {first}
    ingest(warehouse, _source(context(tmp_path), branch="release"))
    assert set(table(warehouse, "mainline_commits")["sha"]) == {first, second}
    ingest(warehouse, _source(context(tmp_path)))
    assert set(table(warehouse, "mainline_commits")["sha"]) == {first}


def test_remote_repository_is_read_through_its_clone(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one", {"x/file": "1"})
    here = context(tmp_path, path_globs={"acme/a": ("x/**",)})
    with daemon(tmp_path) as address:
        source = _source(here, f"{address}/a")
        ingest(warehouse, source)
        repo.commit("two", {"x/file": "2"})
        assert ingest(warehouse, source)[0].read["commits"] == 1
    assert table(warehouse, "commit_paths").height == 2


@pytest.mark.parametrize("size", [2, 5, 100])
def test_a_log_that_ends_inside_a_record_is_one_sentence(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest.sources.git_log.CHUNK_BYTES", size)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(["printf", r"a\0b\0c\0d"], stdout=out)
        process.wait()
        with pytest.raises(SourceError, match="acme/a: the log ended inside a record; run `git fsck`"):
            list(_records(Spool("acme/a", process, out.fileno(), errors), 2))


def test_many_chunks_give_the_same_rows(repo: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        repo.commit(f"ünit {number}\n\n" + "body " * number, {"f": str(number)})
    frames: list[pl.DataFrame] = []
    for size in (7, 300, 1 << 20):
        monkeypatch.setattr("ingest.sources.git_log.CHUNK_BYTES", size)
        monkeypatch.setattr("ingest.sources.git_log.BATCH_ROWS", max(3, size))
        warehouse = new_warehouse(tmp_path, f"size{size}")
        ingest(warehouse, _source(context(tmp_path, path_globs={"acme/a": ("*",)})))
        frames.append(table(warehouse, "commits"))
        assert table(warehouse, "commit_paths").height == 30
    assert frames[0].height == 30
    assert frames[0].equals(frames[1])
    assert frames[1].equals(frames[2])


def test_first_parent_line_without_git_equals_git(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("one")
    for number in range(5):
        repo.git("checkout", "-q", "-b", f"topic{number}")
        repo.commit("topic")
        repo.git("checkout", "-q", "main")
        repo.merge(f"topic{number}")
    ingest(warehouse, _source(context(tmp_path)))
    wanted = repo.git("rev-list", "--first-parent", "main").splitlines()
    assert set(table(warehouse, "mainline_commits")["sha"]) == set(wanted)
    read = Mainline()
    assert read.line(first) is None
    read.add(table(warehouse, "commits"))
    assert read.line(wanted[0]) == wanted
    assert read.line("0" * 40) is None
    partial = Mainline()
    partial.add(table(warehouse, "commits").filter(pl.col("sha") != first))
    assert partial.line(wanted[0]) is None


def test_removed_tag_rule_removes_its_deployments(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("one")
    repo.git("tag", "v1")
    ingest(warehouse, _source(context(tmp_path), deployments=[{"tags": "v*"}]))
    assert table(warehouse, "deployments").height == 1
    ingest(warehouse, _source(context(tmp_path)))
    assert table(warehouse, "deployments").height == 0


def test_probe_names_the_branch_of_a_path_and_of_a_server_without_cloning(tmp_path: Path) -> None:
    Repo(tmp_path / "a").commit("one")
    Repo(tmp_path / "empty")
    Repo(tmp_path / "served" / "shop", branch="trunk").commit("one")
    here = context(tmp_path)
    with daemon(tmp_path / "served") as address:
        urls = {"a": "a", "empty": "empty", "gone": f"{address}/gone", "shop": f"{address}/shop"}
        rows = [{"name": name, "url": url} for name, url in urls.items()]
        lines: list[str] = []
        with pytest.raises(SourceError, match="git: gone: "):
            lines.extend(_source(here, repositories=rows).probe())
        assert lines == [
            "a: opened, branch main",
            "empty: opened, it holds no commit yet",
            "shop: answers, branch trunk",
        ]
    assert not here.cache.exists()
