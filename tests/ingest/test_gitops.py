"""The gitops source against real environment repositories."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from dora.errors import ConfigError, SourceError
from dora.tables import read_table
from dora.warehouse import Warehouse
from ingest.source import Context
from ingest.sources import gitops
from ingest.sources.gitops_files import Unreadable, read_template, version_reader
from tests.repositories import START, Repo, context, daemon, emptied, ingest, new_warehouse, table

FILE = "env/{environment}/{service}"


def _source(here: Context, url: str = "a", **options: object) -> gitops.GitopsSource:
    values = {"repository": {"name": "acme/env", "url": url}, "files": [FILE], "version_key": "tag", **options}
    return gitops.open_source("envs", read_table(gitops.Options, values, "dora.toml"), here)


def _deployed(warehouse: Warehouse) -> list[tuple[object, ...]]:
    return warehouse.rows(
        "select environment, service, version from deployments order by sequence, environment, service"
    )


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return Repo(tmp_path / "a")


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return new_warehouse(tmp_path)


def test_each_new_version_is_a_deployment(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("v1", {"env/prod/shop": "tag: v1\nreplicas: 2\n"}, author="Ann <ann@example.org>")
    repo.commit("flags only", {"env/prod/shop": "tag: v1\nreplicas: 3\n"})
    second = repo.commit("v2", {"env/prod/shop": "replicas: 3\ntag: v2\n"}, author="ci[bot] <ci@x>")
    repo.commit("back", {"env/prod/shop": "tag: v1\n"})
    here = context(tmp_path)
    ingest(warehouse, _source(here))
    rows = warehouse.records("select * from deployments order by sequence")
    assert [row["version"] for row in rows] == ["v1", "v2", "v1"]
    assert [row["run_id"] for row in rows[:2]] == [first, second]
    assert rows[0] | {
        "source": "envs", "id": f"{first[:12]}:prod:shop", "service": "shop", "environment": "prod", "sha": None,
        "commit_rule": "tag", "status": "succeeded", "actor": here.author("ann@example.org"), "actor_kind": "human",
        "finished_at": datetime.fromtimestamp(START + 60, UTC).replace(tzinfo=None), "mechanism": "gitops",
        "repository": None, "updated_at": None, "created_at": None, "started_at": None,
    } == rows[0]  # fmt: skip
    assert rows[1]["actor_kind"] == "bot"


def test_moved_directory_and_bare_text_are_not_new_versions(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("text", {"old/prod/shop": "v1\n"})
    repo.commit("yaml", {"old/prod/shop": "tag: v1\n"})
    repo.git("mv", "old", "env")
    repo.commit("moved")
    repo.commit("deleted", {"env/prod/shop": None})
    repo.commit("back again", {"env/prod/shop": "tag: v1\n"})
    repo.commit("next", {"env/prod/shop": "tag: 'v2' # quoted\n"})
    ingest(warehouse, _source(context(tmp_path), files=["old/{environment}/{service}", FILE]))
    assert _deployed(warehouse) == [("prod", "shop", "v1"), ("prod", "shop", "v2")]


def test_several_services_in_one_commit_share_a_run(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    sha = repo.commit(
        "both", {"env/prod/shop": "tag: 1.10\n", "env/prod/cart": "tag: 7\n", "env/staging/shop": "tag: 2\n"}
    )
    ingest(warehouse, _source(context(tmp_path)))
    assert _deployed(warehouse) == [("prod", "cart", "7"), ("prod", "shop", "1.10"), ("staging", "shop", "2")]
    assert set(table(warehouse, "deployments")["run_id"]) == {sha}


def test_only_the_first_parent_line_deploys(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    repo.git("checkout", "-q", "-b", "topic")
    repo.commit("v2", {"env/prod/shop": "tag: v2\n"})
    repo.commit("v3", {"env/prod/shop": "tag: v3\n"})
    repo.git("checkout", "-q", "main")
    merge = repo.merge("topic", author="Merger <m@x>")
    repo.git("checkout", "-q", "-b", "empty")
    repo.git("checkout", "-q", "main")
    repo.commit("nothing")
    here = context(tmp_path)
    ingest(warehouse, _source(here))
    assert _deployed(warehouse) == [("prod", "shop", "v1"), ("prod", "shop", "v3")]
    row = warehouse.records("select run_id, actor from deployments where version = 'v3'")[0]
    assert row == {"run_id": merge, "actor": here.author("m@x")}


def test_incremental_equals_whole(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    source = _source(context(tmp_path))
    for number in (1, 1, 2, 3, 2):
        repo.commit(f"v{number}", {"env/prod/shop": f"tag: v{number}\n", f"env/prod/s{number}": "tag: x\n"})
        ingest(warehouse, source)
    before = warehouse.content_hash()
    assert ingest(warehouse, source)[0].changed == 0
    assert warehouse.content_hash() == before
    whole = new_warehouse(tmp_path, "whole")
    ingest(whole, source)
    assert table(whole, "deployments").equals(table(warehouse, "deployments"))
    assert table(whole, "cursors").equals(table(warehouse, "cursors"))


def test_rewritten_branch_leaves_no_ghost(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    first = repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    repo.commit("v2", {"env/prod/shop": "tag: v2\n"})
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    repo.git("reset", "-q", "--hard", first)
    repo.commit("v3", {"env/prod/shop": "tag: v3\n"})
    ingest(warehouse, source)
    assert _deployed(warehouse) == [("prod", "shop", "v1"), ("prod", "shop", "v3")]


def test_changed_options_read_everything_anew(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\nimage: i1\n"})
    ingest(warehouse, _source(context(tmp_path)))
    ingest(warehouse, _source(context(tmp_path), version_key="image"))
    assert _deployed(warehouse) == [("prod", "shop", "i1")]


def test_file_that_is_not_yaml_is_rejected_once_and_loses_nothing(
    repo: Repo, warehouse: Warehouse, tmp_path: Path
) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\n", "env/prod/empty": "", "env/prod/other": "key: x\n"})
    broken = repo.commit("broken", {"env/prod/shop": "tag: [v2\n<<<<<<< HEAD\n"})
    repo.commit("v3", {"env/prod/shop": "tag: v3\n", "env/prod/deep": "tag: " + "[" * 100_000})
    ingest(warehouse, _source(context(tmp_path)))
    assert [row[2] for row in _deployed(warehouse)] == ["v1", "v3"]
    rejected = warehouse.records("select * from rejected")
    places = {row["place"] for row in rejected}
    assert f"{broken}:env/prod/shop" in places
    assert len(places) == 2


def test_hostile_names_stay_text(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    names = ["'; drop table deployments; --", "<script>alert(1)<", "a:b", "..x", "ünï", ":100644 x", "new\nline"]
    repo.commit("all", {f"env/pr:od/{name}": "tag: v1\n" for name in names})
    ingest(warehouse, _source(context(tmp_path)))
    assert {row[1] for row in _deployed(warehouse)} == set(names)
    assert table(warehouse, "deployments")["id"].n_unique() == len(names)


def test_links_and_folders_are_not_read(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\n", "env/prod/folder/x": "tag: v1\n"})
    (repo.path / "env/prod/link").symlink_to("shop")
    repo.commit("link")
    ingest(warehouse, _source(context(tmp_path)))
    assert _deployed(warehouse) == [("prod", "shop", "v1")]


def test_pattern_reads_flux_markers(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    sha = "0123456789abcdef0123456789abcdef01234567"
    manifest = 'image: ghcr.io/acme/shop:main-{0}-17 # {{"$imagepolicy": "flux-system:shop"}}\n'
    repo.commit("v1", {"clusters/prod/shop.yaml": "kind: Deployment\n---\n" + manifest.format(sha)})
    pattern = r"image: \S+:(?P<version>main-(?P<sha>[0-9a-f]{7,40})-\d+)"
    options = gitops.Options(
        repository=gitops.RepositoryOptions(name="acme/env", url="a"),
        files=("clusters/{environment}/{service}.yaml",),
        version_pattern=pattern,
        commit="sha",
    )
    source = gitops.open_source("envs", options, context(tmp_path))
    ingest(warehouse, source)
    row = warehouse.records("select version, sha, commit_rule from deployments")[0]
    assert row == {"version": f"main-{sha}-17", "sha": sha, "commit_rule": "sha"}


def test_pattern_with_service_group_reads_several_services(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("v1", {"prod.yaml": "images:\n- name: shop\n  newTag: v1\n- name: cart\n  newTag: v5\n"})
    repo.commit("v2", {"prod.yaml": "images:\n- name: shop\n  newTag: v2\n- name: cart\n  newTag: v5\n"})
    options = gitops.Options(
        repository=gitops.RepositoryOptions(name="acme/env", url="a"),
        files=("{environment}.yaml",),
        version_pattern=r"name: (?P<service>\S+)\n\s+newTag: (?P<version>\S+)",
        tag_format="release-{version}",
    )
    ingest(warehouse, gitops.open_source("envs", options, context(tmp_path)))
    assert _deployed(warehouse) == [
        ("prod", "cart", "release-v5"), ("prod", "shop", "release-v1"), ("prod", "shop", "release-v2"),
    ]  # fmt: skip


def test_since_leaves_out_old_deployments_but_knows_their_versions(
    repo: Repo, warehouse: Warehouse, tmp_path: Path
) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    later = repo.clock + 30
    repo.commit("again", {"env/prod/shop": "tag: v1 # same\n"})
    repo.commit("v2", {"env/prod/shop": "tag: v2\n"})
    ingest(warehouse, _source(context(tmp_path)), since=datetime.fromtimestamp(later, UTC))
    assert _deployed(warehouse) == [("prod", "shop", "v2")]


def test_fixed_names_and_free_names(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("eu", {"eu/values-live.yaml": "image:\n  tag: v1\n"})
    repo.commit("us", {"us/values-live.yaml": "image:\n  tag: v1\n"})
    options = {"files": ["{region}/values-{environment}.yaml"], "service": "shop", "version_key": "image.tag"}
    ingest(warehouse, _source(context(tmp_path), **options))
    assert _deployed(warehouse) == [("live", "shop", "v1")]


def test_empty_repository_gives_no_rows(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    ingest(warehouse, source)
    assert _deployed(warehouse) == [("prod", "shop", "v1")]


def test_repository_that_lost_its_commits_keeps_what_was_read(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    source = _source(context(tmp_path))
    ingest(warehouse, source)
    emptied(repo, warehouse, source)
    assert len(_deployed(warehouse)) == 1
    warehouse.forget(source.name)
    ingest(warehouse, source)
    assert len(_deployed(warehouse)) == 0


def test_remote_repository_gets_its_contents_in_bulk(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    for number in range(5):
        repo.commit(f"v{number}", {"env/prod/shop": f"tag: v{number}\n"})
    with daemon(tmp_path) as address:
        source = _source(context(tmp_path), f"{address}/a")
        ingest(warehouse, source)
        repo.commit("v9", {"env/prod/shop": "tag: v9\n"})
        ingest(warehouse, source)
    assert [row[2] for row in _deployed(warehouse)] == ["v0", "v1", "v2", "v3", "v4", "v9"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"files": []}, "files is empty"),
        ({"files": ["env/{service}"]}, "no {environment}"),
        ({"files": ["env/{environment}"]}, "no {service}"),
        ({"files": ["env/{environment}/{service"]}, "not a path template"),
        ({"files": ["env/{environment}/{service}/{1x}"]}, "not a name"),
        ({"version_pattern": "x"}, "exclude each other"),
        ({"tag_format": "v"}, "tag_format needs"),
        ({"commit": "guess"}, "'guess'"),
        ({"repository": {"name": "x", "url": "ext::sh"}}, "not allowed"),
        ({"bots": ["("]}, "not a regular expression"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        _source(context(tmp_path), **options)
    assert words in str(caught.value)


@pytest.mark.parametrize("pattern", ["(", "tag: (.*)", "tag: (?P<other>.*)"])
def test_pattern_needs_a_group(pattern: str) -> None:
    with pytest.raises(ConfigError, match="version_pattern"):
        version_reader(None, pattern, "envs")


def test_template_matches_parts_of_segments() -> None:
    template = read_template("apps/{service}/values-{environment}.yaml", "envs")
    assert template.folder == "apps/"
    assert template.names("apps/shop/values-prod.yaml") == {"service": "shop", "environment": "prod"}
    assert template.names("apps/a/b/values-prod.yaml") is None
    assert read_template("{environment}/{environment}-x", "envs").names("a/b-x") is None
    assert read_template("a.b/{environment}", "envs").names("aXb/c") is None


@pytest.mark.parametrize(
    ("key", "text", "version"),
    [
        ("image.tag", "image:\n  tag: 1.10\n", "1.10"),
        ("images.1.newTag", "images:\n- newTag: a\n- newTag: b\n", "b"),
        ("images.2.newTag", "images:\n- newTag: a\n", None),
        ("a.b/c.d", "a.b/c:\n  d: x\n", "x"),
        ("tag", '{"tag": "v1", "x": [1]}', "v1"),
        ("tag", "a: 1\n---\ntag: v2\n", "v2"),
        ("tag", "tag: {a: b}\n", None),
        ("tag", "tag:\n", None),
        ("tag", "tag: null\n", None),
        ("tag", "tag: 2024-01-01\n", "2024-01-01"),
        ("tag", "tag: 0o17\n", "0o17"),
        ("tag", "tag: v1\r\nother: x\r\n", "v1"),
        ("tag", "other: |\n  tag: no\ntag: yes\n", "yes"),
        ("tag", "tag: v1\n  folded\n", "v1 folded"),
        ("tag", "tag: v1\ntag: v2\n", "v2"),
        ("tag", "\ufefftag: v1\n", "v1"),
        ("tag", "v1", "v1"),
        ("tag", "  \n", None),
        ("tag", "# only a comment\n", None),
        ("tag", "two words\n", None),
        (None, "release-7\n", "release-7"),
        (None, "tag: v1\n", None),
    ],
)
def test_version_is_found_as_yaml_means_it(key: str | None, text: str, version: str | None) -> None:
    assert [found.version for found in version_reader(key, None, "x").find(text.encode())] == [version] * bool(version)


_word = st.text("abT1.-_:#'\" \\|>&*!%@,[]{}~", max_size=6)
_lines = st.lists(
    st.builds(
        "{}{}{}".format,
        st.sampled_from(["tag: ", "tag:", "x: ", "# ", "---", "  tag: ", ""]),
        _word,
        st.sampled_from(["", " # c", "\r"]),
    ),
    max_size=4,
)


@given(_lines)
def test_fast_reading_agrees_with_yaml(lines: list[str]) -> None:
    text = "\n".join(lines) + "\n"
    reader = version_reader("tag", None, "x")
    try:
        documents = list(yaml.load_all(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)))
    except yaml.YAMLError:
        documents = None
    tags = [d["tag"] for d in documents or [] if isinstance(d, dict) and isinstance(d.get("tag"), str)]
    if documents is None or not any(isinstance(document, dict) for document in documents):
        return
    assert [found.version for found in reader.find(text.encode())] == [tag for tag in tags[:1] if tag not in ("", "~")]


def test_cursor_is_compact_json(repo: Repo, warehouse: Warehouse, tmp_path: Path) -> None:
    tip = repo.commit("v1", {"env/prod/shop": "tag: v1\n"})
    ingest(warehouse, _source(context(tmp_path)))
    cursor = json.loads(next(iter(warehouse.cursors().values())))
    assert (cursor["tip"], cursor["versions"], cursor["position"]) == (tip, {"prod": {"shop": "v1"}}, 1)


@pytest.mark.parametrize("text", ["x" * (5 << 20), "a: " + "{b: " * 5000, "a: {b: " + "[" * 100_000])
def test_large_or_deep_file_is_unreadable_not_fatal(text: str) -> None:
    with pytest.raises(Unreadable, match=r"larger than|too deeply"):
        version_reader("a.b", None, "x").find(text.encode())


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("a:\n" + "- " * 50_000 + "b", None),
        ("x: &one {b: old}\ny: &one {b: new}\na: *one\n", "new"),
        ("[1]: 2\n? {k: v}\n: 3\na: {b: v1}\n", "v1"),
        ("&loop a: &loop {b: v1, c: *loop}\n", "v1"),
    ],
    ids=["deep", "repeated anchor", "keys that are no text", "loop"],
)
def test_odd_yaml_is_read(text: str, version: str | None) -> None:
    assert [found.version for found in version_reader("a.b", None, "x").find(text.encode())] == [version] * bool(
        version
    )


def test_probe_says_whether_the_branch_is_there_without_cloning(tmp_path: Path) -> None:
    Repo(tmp_path / "served" / "env", branch="live").commit("one")
    here = context(tmp_path)
    with daemon(tmp_path / "served") as address:
        for url in (f"{address}/env", "served/env"):
            (line,) = _source(here, url, branch="live").probe()
            assert line.startswith("acme/env: ")
            assert line.endswith(", branch live")
            with pytest.raises(SourceError, match="acme/env has no branch 'main'"):
                list(_source(here, url, branch="main").probe())
    assert not here.cache.exists()
