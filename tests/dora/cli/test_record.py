"""`dora record`: events pushed one by one, from several processes, in any order."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from dora.warehouse import open_published
from tests.dora.processes import command, environment, said

CDEVENTS = Path(__file__).parents[2] / "payloads" / "cdevents"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dora.toml").write_text("")
    return tmp_path


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    reader = open_published(folder / "dora.published.duckdb")
    try:
        return reader.rows(sql)
    finally:
        reader.close()


START = ("deployment", "id=d1", "service=shop", "version=v1", "status=running", "started_at=2025-01-01T10:00:00Z")
FINISH = (
    "deployment",
    "id=d1",
    "service=shop",
    "sha=" + "a" * 40,
    "status=succeeded",
    "finished_at=2025-01-01T10:05:00Z",
)


@pytest.mark.parametrize("turned", [False, True], ids=["in order", "turned"])
def test_start_and_finish_are_one_complete_row(folder: Path, turned: bool) -> None:
    events = [(*START, "updated_at=2025-01-01T10:00:00Z"), (*FINISH, "updated_at=2025-01-01T10:05:00Z")]
    for event in reversed(events) if turned else events:
        said(folder, "record", *event)
    sql = "select id, status, version, sha, started_at::varchar, finished_at::varchar from deployments"
    assert rows(folder, sql) == [("d1", "succeeded", "v1", "a" * 40, "2025-01-01 10:00:00", "2025-01-01 10:05:00")]


def test_start_and_finish_without_times_are_one_row(folder: Path) -> None:
    said(folder, "record", "deployment", "id=d1", "service=shop", "status=running")
    done = said(folder, "record", "deployment", "id=d1", "service=shop", "status=succeeded")
    assert done.stdout == ""
    assert "recorded 1" in done.stderr
    (row,) = rows(folder, "select status, started_at is null, finished_at is null from deployments")
    assert row == ("succeeded", False, False)


def test_a_later_event_need_not_repeat_what_an_earlier_one_told(folder: Path) -> None:
    alone = said(folder, "record", "deployment", "id=d1", "status=succeeded", code=1).stderr
    assert "deployments recorded/d1: service or repository is empty, and no earlier event of this id tells it" in alone
    said(folder, "record", "deployment", "id=d1", "service=shop", "status=running")
    said(folder, "record", "deployment", "id=d1", "status=succeeded")
    assert rows(folder, "select id, service, status from deployments") == [("d1", "shop", "succeeded")]
    unnamed = said(folder, "record", "incident", "service=shop", code=1).stderr
    assert "id is empty; add id=... to the incident" in unnamed
    assert "; add service=... to the deployment" in said(folder, "record", "deployment", "version=v1", code=1).stderr


def test_a_regression_seen_in_the_telemetry_is_evidence(folder: Path) -> None:
    said(folder, "record", "deployment", "id=d1", "service=shop", "finished_at=2025-01-01T10:00:00Z")
    told = ("deployment=d1", "name=error-rate", "status=regressed", "finished_at=2025-01-01T11:00:00Z")
    said(folder, "record", "verification", *told, "--source", "watch")
    assert rows(folder, "select deployment_id, kind, evidence_at::varchar from failure_evidence") == [
        ("recorded/d1", "telemetry", "2025-01-01 11:00:00")
    ]
    shown = json.loads(said(folder, "deploys", "show", "recorded/d1", "--format", "json").stdout)
    assert [(check["name"], check["status"]) for check in shown["checks"]] == [("error-rate", "regressed")]


def test_cdevents_come_in_by_standard_input(folder: Path) -> None:
    files = sorted(CDEVENTS.glob("*.json"))
    lines = "\n".join(json.dumps(json.loads(path.read_text())) for path in files)
    said(folder, "record", "-", given=lines)
    counted = {
        table: rows(folder, f"select count(*) from {table}")[0][0]
        for table in ("deployments", "incidents", "pipeline_runs")
    }
    assert all(count for count in counted.values()), counted
    said(folder, "record", "-", given=files[0].read_text())
    said(folder, "record", "-", given=json.dumps([json.loads(path.read_text()) for path in files]))
    assert {table: rows(folder, f"select count(*) from {table}")[0][0] for table in counted} == counted


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"a": 1}', "[" * 100_000, "\x00", '{"specversion": "1.0", "type": "x"}']
)
def test_event_that_cannot_be_read_is_one_sentence_and_stores_nothing(folder: Path, text: str) -> None:
    done = said(folder, "record", "-", given=text, code=1)
    assert done.stderr.startswith("dora: ")
    assert done.stderr.count("\n") == 1
    assert [path.name for path in folder.iterdir()] == ["dora.toml"]


@pytest.mark.parametrize("pair", ["service", "=x", "finished_at=soon", "status=perhaps", "wrong=1"])
def test_wrong_pair_is_named(folder: Path, pair: str) -> None:
    done = said(folder, "record", "deployment", "service=shop", pair, code=None)
    assert done.returncode in (1, 2)
    assert pair.partition("=")[0] in done.stderr or "=x" in done.stderr


def test_author_is_kept_as_a_hash_only(folder: Path) -> None:
    said(folder, "record", "deployment", "service=shop", "actor=ana@example.org", "status=succeeded")
    ((actor,),) = rows(folder, "select actor from deployments")
    assert actor
    assert "ana" not in str(actor)
    assert b"ana@example.org" not in (folder / "dora.duckdb").read_bytes()


def test_bytes_that_are_no_text_are_stored_as_text(folder: Path) -> None:
    words = [part.encode() for part in command("record", "deployment", "service=shop", "version=")]
    words[-1] += b"\xff\xfe"
    done = subprocess.run(words, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(rows(folder, "from deployments")) == 1


def test_ten_processes_at_once_lose_nothing(folder: Path) -> None:
    started = [
        subprocess.Popen(
            command("record", "deployment", f"id=d{number}", "service=shop", "--wait", "100"),
            cwd=folder, env=environment(), stderr=subprocess.PIPE, text=True,
        )
        for number in range(10)
    ]  # fmt: skip
    for process in started:
        told = process.communicate(timeout=110)[1]
        assert process.returncode == 0, told
    assert rows(folder, "select count(*), count(distinct id) from deployments") == [(10, 10)]
    assert rows(folder, "select count(*) from deployment_facts") == [(10,)]


def test_a_service_unknown_to_the_configuration_is_stored_and_said(folder: Path) -> None:
    (folder / "dora.toml").write_text('[[service]]\nname = "shop"\naliases = ["web-shop"]\n')
    told = said(folder, "record", "deployment", "service=shopp", "version=v1").stderr
    assert "has the name or alias 'shopp'" in told
    assert "did you mean 'shop'?" in told
    assert rows(folder, "select service from deployments") == [("shopp",)]
    for known in ("shop", "web-shop"):
        assert "warning" not in said(folder, "record", "deployment", f"service={known}", "version=v1").stderr
    assert "'cart'" in said(folder, "record", "incident", "id=i1", "service=cart", "detected_at=now").stderr


def test_any_service_is_right_where_none_is_configured(folder: Path) -> None:
    assert "warning" not in said(folder, "record", "deployment", "service=shop", "version=v1").stderr
