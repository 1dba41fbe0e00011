"""Running git: addresses that are refused, clones that are kept, and a clean environment."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dora.errors import ConfigError, DoraError, SourceError
from ingest.bots import bot_test
from ingest.git_address import check_address, redact
from ingest.git_command import lines, text
from ingest.git_repository import first_parent_line, main_branch, open_repository
from tests.repositories import Repo, context, daemon


@pytest.mark.parametrize(
    "url",
    [
        "--upload-pack=touch /tmp/x",
        "-oProxyCommand=x",
        "ext::sh -c touch% /tmp/x",
        "fd::7",
        "transport-x::y",
        "javascript://x/y",
        "ftp://example.org/x",
        "ssh://-oProxyCommand=x/y",
        "https://example.org/x\nhost=evil.example",
        "",
    ],
)
def test_address_that_could_run_something_is_refused(url: str) -> None:
    with pytest.raises(ConfigError):
        check_address(url, "apps: x")


@pytest.mark.parametrize(
    "url",
    [
        "https://ann:s3cret@example.org/x.git",
        "https://s3cret@example.org/x.git",
        "ssh://git:s3cret@example.org/x.git",
        "https://example.org/x.git?private_token=s3cret",
    ],
)
def test_credentials_in_an_address_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="credential helper") as caught:
        check_address(url, "apps: x")
    assert "s3cret" not in str(caught.value)


def test_usual_addresses_are_allowed() -> None:
    remote = ("https://example.org/a/b.git", "ssh://git@example.org/a/b", "git@example.org:a/b.git", "git://h/x")
    assert [check_address(url, "x").local for url in remote] == [False] * 4
    assert [check_address(url, "x").local for url in ("/srv/x", "../x", "~/x", "./-x")] == [True] * 4


def test_redact_takes_out_user_and_password() -> None:
    assert redact("cannot reach https://a:b@h/x and ssh://t@h/y") == "cannot reach https://h/x and ssh://h/y"


def test_shallow_clone_is_refused_with_the_way_out(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    repo.commit("one")
    repo.commit("two")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{repo.path}", tmp_path / "b"], check=True)
    with pytest.raises(SourceError, match="fetch --unshallow"):
        open_repository("b", str(tmp_path / "b"), context(tmp_path), "apps")


def test_grafted_clone_is_refused(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    sha = repo.commit("one")
    (repo.path / ".git/info").mkdir(exist_ok=True)
    (repo.path / ".git/info/grafts").write_text(f"{sha}\n")
    with pytest.raises(SourceError, match="grafted"):
        open_repository("a", "a", context(tmp_path), "apps")


def test_folder_inside_another_repository_is_not_taken_for_it(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    repo.commit("one", {"sub/file": "x"})
    with pytest.raises(SourceError, match="not a git repository"):
        open_repository("sub", "a/sub", context(tmp_path), "apps")


def test_bare_repository_without_a_config_file_is_read(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    sha = repo.commit("one")
    (repo.path / ".git/config").unlink()
    assert lines(open_repository("a", "a/.git", context(tmp_path), "apps"), "rev-parse", "main") == [sha]


def test_remote_is_cloned_without_contents_and_fetched_again(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "served" / "shop")
    repo.commit("one", {"big": "x" * 1000})
    repo.git("update-ref", "refs/pull/1/head", repo.commit("pull"))
    with daemon(tmp_path / "served") as address:
        here, refs = context(tmp_path), ("refs/heads/*", "refs/tags/*")
        clone = open_repository("shop", f"{address}/shop", here, "apps", refs)
        assert clone.partial
        assert main_branch(clone, None, "apps") == ("main", repo.git("rev-parse", "main"))
        absent = text(clone, "rev-list", "--objects", "--missing=print", "main")
        assert any(line.startswith("?") for line in absent.splitlines())
        second = repo.commit("two")
        repo.git("tag", "v1")
        again = open_repository("shop", f"{address}/shop", here, "apps", refs)
        assert again.folder == clone.folder
        assert lines(again, "for-each-ref", "--format=%(refname)") == ["refs/heads/main", "refs/tags/v1"]
        assert lines(again, "rev-parse", "main") == [second]
        repo.git("tag", "-d", "v1")
        open_repository("shop", f"{address}/shop", here, "apps", refs)
        assert lines(again, "for-each-ref", "--format=%(refname)") == ["refs/heads/main"]


def test_interrupted_clone_is_taken_up_again(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "served" / "shop")
    sha = repo.commit("one")
    with pytest.raises(SourceError):
        open_repository("shop", f"file://{tmp_path}/nowhere", context(tmp_path), "apps")
    (tmp_path / "served").rename(tmp_path / "nowhere-yet")
    with pytest.raises(SourceError):
        open_repository("shop", f"file://{tmp_path}/served/shop", context(tmp_path), "apps")
    (tmp_path / "nowhere-yet").rename(tmp_path / "served")
    clone = open_repository("shop", f"file://{tmp_path}/served/shop", context(tmp_path), "apps")
    assert lines(clone, "rev-parse", "main") == [sha]


def test_head_that_names_no_branch_falls_back_or_asks(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a", branch="trunk")
    sha = repo.commit("one")
    repo.git("symbolic-ref", "HEAD", "refs/heads/gone")
    repository = open_repository("a", "a", context(tmp_path), "apps")
    assert main_branch(repository, None, "apps") == ("trunk", sha)
    repo.git("branch", "other", sha)
    with pytest.raises(SourceError, match="other, trunk"):
        main_branch(repository, None, "apps")
    assert main_branch(repository, "other", "apps") == ("other", sha)
    with pytest.raises(SourceError, match="no branch 'nope'"):
        main_branch(repository, "nope", "apps")


def test_first_parent_line_knows_a_foxtrot_merge(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "a")
    first = repo.commit("one")
    repository = open_repository("a", "a", context(tmp_path), "apps")
    second = repo.commit("two")
    assert first_parent_line(repository, second, first) == [second]
    assert first_parent_line(repository, second, second) == []
    repo.git("checkout", "-q", "-b", "side", first)
    side = repo.commit("side")
    foxtrot = repo.merge("main")
    assert first_parent_line(repository, foxtrot, second) is None
    assert first_parent_line(repository, foxtrot, None) == [foxtrot, side, first]
    assert first_parent_line(repository, second, "0" * 40) is None


def test_variables_and_hooks_of_the_caller_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo, other = Repo(tmp_path / "a"), Repo(tmp_path / "b")
    sha = repo.commit("one")
    other.commit("two")
    repo.git("config", "core.fsmonitor", f"touch {tmp_path}/ran")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_TRACE", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'alias.rev-parse=!false'")
    assert lines(open_repository("a", "a", context(tmp_path), "apps"), "rev-parse", "main") == [sha]
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "ran").exists()


def test_missing_git_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Repo(tmp_path / "a")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DoraError, match="git is not installed"):
        open_repository("a", "a", context(tmp_path), "apps")


def test_bots_are_told_from_people() -> None:
    is_bot = bot_test(("^release train",), "apps")
    bots = ["dependabot[bot] <x@y>", "Renovate <bot@renovateapp.com>", "CI <bot@x>", "Release Train <r@x>"]
    people = ["Abbot <abbot@example.org>", "Talbot <t@robot.example>", "Bo Botha <bo@x>"]
    assert [is_bot(identity) for identity in [*bots, *people]] == [True] * 4 + [False] * 3
    with pytest.raises(ConfigError, match="not a regular expression"):
        bot_test(("(",), "apps")
