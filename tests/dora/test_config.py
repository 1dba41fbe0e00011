"""dora.toml: every mistake names file and key and the way out; secrets stay out of every message."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dora.cli.publishing import ownerships_of
from dora.config import Config, find_config, load_config
from dora.environment import without_secrets
from dora.errors import ConfigError
from tests.dora.processes import dora


def load(folder: Path, text: str) -> Config:
    (folder / "dora.toml").write_text(text, encoding="utf-8")
    return load_config(str(folder / "dora.toml"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[organization]", ["unknown key 'organization'", "did you mean 'organisation'"]),
        ("[[services]]\nname = 'a'", ["unknown key 'services'", "did you mean 'service'"]),
        ("[organisation]\nnam = 'x'", ["[organisation]: unknown key 'nam'", "did you mean 'name'"]),
        ("[definitions]\nfailure_windw = '1d'", ["[definitions]: unknown key", "did you mean 'failure_window'"]),
        ("[definitions]\nfailure_window_seconds = 1.0", ["unknown key 'failure_window_seconds'", "'failure_window'"]),
        ("[definitions]\nfailure_window = 'soon'", ["[definitions]: failure_window: 'soon' is not a length", "24h"]),
        ("[definitions]\nfailure_window = 24", ["[definitions]: failure_window: '24'", "24h"]),
        ("[definitions]\nchange = 'comit'", ["change is 'comit'", "did you mean 'commit'"]),
        ("[definitions]\nfailure_kinds = ['rolback']", ["failure_kinds holds 'rolback'", "did you mean 'rollback'"]),
        ("[definitions]\nfailure_kinds = []", ["[definitions]: failure_kinds is empty", "one or more of", "rollback"]),
        ("[definitions]\nworking_days = []", ["working_days is empty; name one or more of 1, 2"]),
        ("[definitions]\nworking_days = [1, 8]", ["working_days holds 8", "valid are 1, 2"]),
        ("[definitions]\nproduction = []", ["[definitions]: production is empty", "name one or more environments"]),
        ("[[service]]\nname = 'a'\n[service.definitions]\nproduction = []", ["[service.definitions] of 'a'", "production is empty"]),
        ("[definitions]\nproduction = 'production'", ["production must be a list"]),
        ("[definitions]\ntimezone = 'Europe/Londn'", ["timezone 'Europe/Londn' is not known", "'Europe/London'"]),
        ("[definitions]\ntimezone = '../../etc/passwd'", ["timezone '../../etc/passwd' is not known"]),
        ("[definitions]\ntimezone = ''", ["timezone '' is not known"]),
        ("[definitions]\nbots = 'no'", ["bots must be true or false"]),
        ("definitions = 3", ["definitions must be a table", "[definitions]"]),
        ("[team]\nname = 'a'", ["team must be a list of tables", "[[team]]"]),
        ("team = ['a']", ["[[team]]"]),
        ("[[team]]\nservices = ['a']", ["[[team]] number 1: name is missing"]),
        ("[[team]]\nname = 'a'\n[[team]]\nname = 'a'", ["two [[team]] tables are named 'a'"]),
        ("[[team]]\nname = ' '", ["[[team]]", "empty name"]),
        ("[[service]]\nname = 'a'\n[service.definitions]\nclok = 'x'", ["[service.definitions] of 'a'", "unknown key 'clok'"]),
        ("[[service]]\nname = 'a'\n[service.definitions]\nreplay_services = 3", ["many services at once"]),
        ("[[service]]\nname = 'a'\npaths = ['src/**', '!docs/**']", ["[[service]] 'a': paths: '!docs/**'", "list the paths that are its own"]),
        ("[[team]]\nname = 'no team'", ["[[team]] 'no team'", "give the team another one"]),
        ("[definitions]\nservices = []", ["unknown key 'services'"]),
        ("[[service]]\nname = 'a'\n[[service]]\nname = 'a'", ["two [[service]] tables are named 'a'"]),
        ("[[service]]\nname = 'a'\naliases = ['a', 'x']\n[[service]]\nname = 'b'\naliases = ['x']", ["'b' and 'a' both go by 'x'"]),
        ("[[service]]\nname = 'a'\naliases = ['b']\n[[service]]\nname = 'b'", ["'a' and 'b' both go by 'b'"]),
        ("[[team]]\nname = 'a'\nowns = [{service = 's', since = 'x'}]", ["[[team]] 'a': owns 's'", "'x' is not a date"]),
        (
            "[[team]]\nname = 'a'\nowns = [{service = 's', since = '2025-02-01', until = '2025-01-01'}]",
            ["[[team]] 'a': owns 's'", "is not before"],
        ),
        ("[[source]]\nname = 'a'", ["[[source]] number 1", "type is missing"]),
        ("[[source]]\ntype = 'git'\n[[source]]\ntype = 'git'", ["two [[source]] tables are named 'git'"]),
        ("[[source]]\ntype = 'git'\nname = 3", ["[[source]] number 1: name must be text"]),
        ("[[source]]\ntype = 'git'\nname = 'a/b'", ["[[source]] number 1: name 'a/b' has a slash"]),
        ("[organisation]\nname = '${DORA_NOT_SET_ANYWHERE}'", ["organisation.name", "DORA_NOT_SET_ANYWHERE is not set"]),
        ("[organisation", ["not valid TOML"]),
        ("a = 1\na = 2", ["not valid TOML"]),
    ],
)  # fmt: skip
def test_mistake_names_file_key_and_way_out(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        load(tmp_path, text)
    message = str(raised.value)
    assert message.startswith(str(tmp_path / "dora.toml"))
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_what_only_a_source_needs_is_asked_for_when_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DORA_CLONES", raising=False)
    text = "[[source]]\ntype = 'git'\nrepositories = [{name = 'a', url = '${DORA_CLONES}/a'}]"
    [table] = load(tmp_path, text).sources
    with pytest.raises(ConfigError, match=r"number 1 'git'.repositories.url: .*DORA_CLONES is not set"):
        _ = table.options
    monkeypatch.setenv("DORA_CLONES", "/clones")
    assert table.options == {"repositories": [{"name": "a", "url": "/clones/a"}]}


def test_file_that_is_not_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_bytes(b"name = '\xff\xfe'")
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_config(str(tmp_path / "dora.toml"))


def test_unknown_source_type_and_option_name_the_nearest(tmp_path: Path) -> None:
    for line, words in (
        ("type = 'gitt'", ["'gitt'", "'git'"]),
        ("type = 'files'\nfoldr = 'x'", ["'foldr'", "'folder'"]),
    ):
        (tmp_path / "dora.toml").write_text(f"[[source]]\nname = 'mine'\n{line}\n")
        done = dora(tmp_path, "ingest", code=2)
        assert all(word in done.stderr for word in [*words, str(tmp_path / "dora.toml"), "[[source]]"]), done.stderr
        assert done.stdout == ""
        assert not (tmp_path / "dora.duckdb").exists()


def test_configuration_is_looked_for_upwards_then_by_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DORA_CONFIG", raising=False)
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "dora.toml").write_text("")
    monkeypatch.chdir(inner)
    assert find_config(None) == tmp_path / "dora.toml"
    monkeypatch.setenv("DORA_CONFIG", str(tmp_path / "other.toml"))
    with pytest.raises(ConfigError, match=r"other\.toml: no such configuration file"):
        find_config(None)


def test_secret_is_in_no_message(tmp_path: Path) -> None:
    secret = "s3cr3t-t0ken-value"
    wrong = (
        'organisation = "${MY_TOKEN}"',
        '[definitions]\ntimezone = "${MY_TOKEN}"',
        '[[source]]\ntype = "${MY_TOKEN}"',
        '[[source]]\ntype = "git"\nrepositories = [{ name = "r", url = "https://x:${MY_TOKEN}@127.0.0.1:9/r.git" }]',
        '[[source]]\ntype = "files"\nfolder = "records"\ntimezone = "${MY_TOKEN}"',
    )
    for text in wrong:
        (tmp_path / "dora.toml").write_text(text)
        done = dora(tmp_path, "ingest", more={"MY_TOKEN": secret}, code=None)
        assert done.returncode in (2, 3), text
        assert secret not in done.stdout + done.stderr, text
    for path in tmp_path.iterdir():
        assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_values_of_variables_are_shown_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DORA_TEST_NAME", "the-value")
    load(tmp_path, '[organisation]\nname = "${DORA_TEST_NAME}"')
    assert without_secrets("say the-value") == "say ${DORA_TEST_NAME}"


def test_read_only_configuration_keeps_the_warehouse_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fixed").mkdir()
    (tmp_path / "fixed" / "dora.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    os.chmod(tmp_path / "fixed", 0o555)
    try:
        assert load_config("fixed/dora.toml").warehouse_path == tmp_path / "dora.duckdb"
    finally:
        os.chmod(tmp_path / "fixed", 0o755)


def test_a_failure_window_may_last_forever(tmp_path: Path) -> None:
    text = "[definitions]\nfailure_window = 'forever'\n[[service]]\nname = 'a'\n[service.definitions]\nfailure_window = '2h'"
    (tmp_path / "dora.toml").write_text(text)
    definitions = load_config(str(tmp_path / "dora.toml")).definitions
    assert definitions.failure_window_seconds is None
    assert dict(definitions.services)["a"].failure_window_seconds == 7200


def test_days_of_ownership_are_those_of_the_time_zone(tmp_path: Path) -> None:
    for zone, hour in (("UTC", 0), ("America/New_York", 5)):
        config = load(
            tmp_path,
            f"[definitions]\ntimezone = '{zone}'\n[[team]]\nname = 'a'\nowns = [{{service = 's', since = '2025-03-01'}}]",
        )
        [owned] = ownerships_of(config)
        assert owned.owned_from == datetime(2025, 3, 1, hour, tzinfo=UTC)
