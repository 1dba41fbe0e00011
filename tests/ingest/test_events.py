"""A pushed event becomes records, and later events complete earlier ones."""

from __future__ import annotations

import base64
import itertools
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dora.errors import DoraError
from dora.model import Deployment, Incident, PipelineRun, PipelineStep, PullRequest, Record, Verification
from ingest.events import EVENTS, merge, merge_all, records_of_event

NOW = datetime(2025, 3, 2, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads" / "cdevents"


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2025-03-01T{clock}:00+00:00")


def event(name: str) -> Record:
    [record] = records_of_event(None, (PAYLOADS / f"{name}.json").read_bytes(), "ci", NOW)
    return record


def plain(kind: str, **row: object) -> Record:
    [record] = records_of_event(kind, row, "ci", NOW)
    return record


def test_pairs_make_a_deployment_that_finished_now() -> None:
    [record] = records_of_event("deployment", ["service=shop", "version=1.10", "status=success", "id=7"], "ci", NOW)
    assert record == Deployment(source="ci", id="7", updated_at=NOW, service="shop", version="1.10", finished_at=NOW)


def test_a_value_may_hold_an_equals_sign_and_hostile_text() -> None:
    [record] = records_of_event(
        "deployment", ["service='; drop table deployments; --", "url=https://x/?a=b"], "ci", NOW
    )
    assert isinstance(record, Deployment)
    assert (record.service, record.url) == ("'; drop table deployments; --", "https://x/?a=b")


def test_the_word_now_is_the_current_time_in_any_clock() -> None:
    record = plain("incident", id="1", resolved_at="now")
    assert isinstance(record, Incident)
    assert (record.resolved_at, record.detected_at) == (NOW, None)


@pytest.mark.parametrize(
    ("kind", "row", "clock"),
    [
        ("deployment", {"service": "s", "status": "queued"}, "created_at"),
        ("deployment", {"service": "s", "status": "running"}, "started_at"),
        ("deployment", {"service": "s", "status": "failure"}, "finished_at"),
        ("incident", {"id": 1}, "detected_at"),
        ("verification", {"deployment": "1", "status": "failed"}, "finished_at"),
        ("flag_change", {"flag": "f"}, "changed_at"),
        ("telemetry_sample", {"service": "s", "series": "errors", "value": 3}, "sampled_at"),
    ],
)
def test_an_event_without_a_clock_happens_now(kind: str, row: dict[str, object], clock: str) -> None:
    assert getattr(plain(kind, **row), clock) == NOW


def test_every_kind_of_event_can_be_recorded() -> None:
    rows: dict[str, dict[str, object]] = {
        "pull_request": {"repository": "r", "number": 1},
        "pipeline_run": {"id": 1},
        "pipeline_step": {"run_id": 1},
    }
    for kind, row in rows.items():
        assert isinstance(plain(kind, **row), EVENTS[kind])


def test_an_object_an_array_and_lines_of_json_are_the_same() -> None:
    rows = [{"id": "1", "service": "a"}, {"id": "2", "service": "b"}]
    texts = [json.dumps(rows), "\n".join(map(json.dumps, rows)), "\ufeff" + json.dumps(rows, indent=2)]
    for payload in [rows, *texts, texts[1].encode()]:
        records = records_of_event("deployment", payload, "ci", NOW)
        assert [getattr(record, "id", None) for record in records] == ["1", "2"]


@pytest.mark.parametrize(
    ("kind", "payload", "sentence"),
    [
        ("deploy", {}, "'deploy' is not an event that can be recorded; did you mean 'deployment'"),
        ("deployment", [], "the event is empty"),
        ("deployment", "", "the event is empty"),
        ("deployment", ["service"], "'service' is not a key=value pair"),
        ("deployment", ["servce=x"], "unknown column 'servce'; did you mean 'service'"),
        ("deployment", {"service": "s", "finished_at": "yesterday"}, "finished_at 'yesterday' is not a time"),
        ("deployment", {"version": "1"}, "service or repository is empty"),
        ("incident", {"title": "x"}, "id is empty"),
        ("deployment", '{"service": "s"', "not valid JSON from line 1"),
        ("deployment", '{"service": "s"}\n{"service": ', "not valid JSON from line 2"),
        ("deployment", "[" * 100_000, "not valid JSON"),
        ("deployment", "[1]", "must be a JSON object, got int"),
        ("incident", '[{"id": 1}, {"idd": 2}]', "event 2 of 2: unknown column 'idd'"),
        (None, {"service": "s"}, "say what the event is"),
        (None, {"specversion": "0.3", "type": "x"}, "specversion '0.3' is not CloudEvents 1.0"),
        (None, {"specversion": "1.0", "type": "x"}, "data is missing"),
        (None, {"specversion": "1.0", "type": "x", "data_base64": "!"}, "data_base64 is not base64"),
        (None, {"context": {"type": "dev.cdevents.servce.deployed.0.3.0"}, "subject": {}}, "did you mean 'service'"),
        (None, {"context": {"type": "dev.cdevents.service.deployed.0.3.0"}, "subject": {"id": "s"}}, "context.timestamp is missing"),
        (None, {"context": {"type": "dev.cdevents.service.deployed.0.3.0"}}, "subject is missing"),
        (None, {"context": {"type": "dev.cdevents.x"}, "subject": {}}, "is not a CDEvents type"),
    ],
)  # fmt: skip
def test_an_event_that_cannot_be_read_names_the_field(kind: str | None, payload: object, sentence: str) -> None:
    with pytest.raises(DoraError) as caught:
        records_of_event(kind, payload, "ci", NOW)
    assert sentence in str(caught.value)


def test_people_in_events_are_hashed_or_left_out() -> None:
    row = {"service": "s", "actor": "alice@example.com"}
    assert getattr(plain("deployment", **row), "actor", "") is None
    [record] = records_of_event("deployment", row, "ci", NOW, author=lambda _who: "0" * 20)
    assert getattr(record, "actor", "") == "0" * 20


def test_a_deployed_service_of_cdevents_is_a_deployment() -> None:
    expected = Deployment(
        source="ci", id="ev-1", updated_at=at("10:00"), service="shop", environment="production", version="1.10.0",
        digest="sha256:" + "ab" * 32, finished_at=at("10:00"), mechanism="cdevents",
    )  # fmt: skip
    assert event("service_deployed_0.3") == expected


def test_the_cloudevents_envelope_changes_nothing() -> None:
    assert event("cloudevent_1.0") == event("service_deployed_0.3")
    whole = json.loads((PAYLOADS / "cloudevent_1.0.json").read_text())
    whole["data_base64"] = base64.b64encode(json.dumps(whole.pop("data")).encode()).decode()
    assert records_of_event(None, whole, "ci", NOW) == [event("service_deployed_0.3")]


def test_a_cloudevent_may_carry_our_own_columns_and_gives_the_time() -> None:
    whole = {
        "specversion": "1.0",
        "id": "x",
        "source": "/ci",
        "type": "com.acme.deployed",
        "time": "2025-03-01T10:00:00Z",
    }
    [record] = records_of_event("deployment", {**whole, "data": {"id": "1", "service": "s"}}, "ci", NOW)
    assert record == Deployment(source="ci", id="1", service="s", updated_at=at("10:00"), finished_at=at("10:00"))


def test_upgrades_and_rollbacks_are_deployments_and_removals_are_nothing() -> None:
    upgraded, rolled_back = event("service_upgraded_0.5"), event("service_rolledback_0.6")
    assert isinstance(upgraded, Deployment)
    assert (upgraded.sha, upgraded.environment) == ("9f" * 20, "staging")
    assert upgraded.finished_at == datetime(2025, 3, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert getattr(rolled_back, "version", "") == "1.9.0"
    assert records_of_event(None, (PAYLOADS / "service_removed_0.5.json").read_text(), "ci", NOW) == []


def test_the_events_of_an_incident_complete_each_other_in_any_order() -> None:
    events = [event(f"incident_{name}_0.5") for name in ("detected", "reported", "resolved")]
    for order in itertools.permutations(events):
        [incident] = merge_all(order)
        assert isinstance(incident, Incident)
        assert (incident.detected_at, incident.resolved_at) == (at("10:05"), at("12:02"))
        assert (incident.service, incident.version, incident.severity) == ("shop", "1.10.0", "high")
        assert incident.title == "checkout answers slowly, says support"
        assert incident.url == "https://tickets.example/7"


def test_the_events_of_a_run_complete_each_other_in_any_order() -> None:
    events = [event(f"pipelinerun_{name}_0.5") for name in ("queued", "started", "finished")]
    for order in itertools.permutations(events):
        assert merge_all(order) == [
            PipelineRun(
                source="ci", id="run-41", updated_at=at("09:59"), pipeline="release", status="succeeded",
                created_at=at("09:50"), started_at=at("09:51"), finished_at=at("09:59"), url="https://ci.example/runs/41",
            )
        ]  # fmt: skip


def test_a_task_run_is_a_step_of_its_run_with_its_error() -> None:
    assert merge(event("taskrun_started_0.4"), event("taskrun_finished_0.5")) == PipelineStep(
        source="ci", run_id="run-41", id="task-9", updated_at=at("09:53"), step="migrate", status="failed",
        started_at=at("09:52"), finished_at=at("09:53"), signature="lock timeout on orders",
    )  # fmt: skip


def test_a_test_run_verifies_the_deployment_it_links_to() -> None:
    assert event("testcaserun_finished_0.5") == Verification(
        source="ci", id="smoke-3", updated_at=at("10:03"), deployment="ev-1", name="buy a shoe", status="failed",
        finished_at=at("10:03"),
    )  # fmt: skip


def test_a_merged_change_is_a_merged_pull_request() -> None:
    record = event("change_merged_0.5")
    assert isinstance(record, PullRequest)
    assert (record.repository, record.number, record.state) == ("acme/shop", 42, "merged")


def test_an_older_event_that_comes_late_does_not_take_back_the_end() -> None:
    begun = plain("deployment", id="1", service="s", environment="staging", status="running", updated_at="2025-03-01T10:00Z", started_at="2025-03-01T10:00Z")  # fmt: skip
    ended = plain("deployment", id="1", repository="r", updated_at="2025-03-01T10:05Z", finished_at="2025-03-01T10:05Z")
    expected = Deployment(
        source="ci", id="1", updated_at=at("10:05"), service="s", repository="r", environment="staging",
        status="succeeded", started_at=at("10:00"), finished_at=at("10:05"),
    )  # fmt: skip
    assert merge(begun, ended) == merge(ended, begun) == expected


def test_of_two_events_at_one_instant_the_final_status_stays() -> None:
    begun, ended = (plain("deployment", id="1", service="s", status=status) for status in ("running", "failed"))
    assert getattr(merge(begun, ended), "status", "") == getattr(merge(ended, begun), "status", "") == "failed"


def test_a_success_that_is_told_again_keeps_its_first_finish() -> None:
    first, again = (
        plain("deployment", id="1", service="s", status="succeeded", finished_at=f"2025-03-01T{clock}:00Z")
        for clock in ("12:00", "18:00")
    )
    for told in (merge(first, again), merge(again, first), merge(first, plain("deployment", id="1", service="s"))):
        assert isinstance(told, Deployment)
        assert told.finished_at == at("12:00")
    failed = plain("deployment", id="1", service="s", status="failed", finished_at="2025-03-01T13:00Z", updated_at=NOW.replace(day=3).isoformat())  # fmt: skip
    assert getattr(merge(first, failed), "finished_at", None) == at("13:00")


@pytest.mark.parametrize(
    "late",
    [
        {"status": "running", "started_at": "2025-03-01T09:50:00Z"},
        {"status": "pending"},
        {"status": "failed", "finished_at": "2025-03-01T09:00:00Z"},
        {"status": "cancelled", "started_at": "2025-03-01T09:00:00Z"},
    ],
)
def test_what_was_before_a_success_does_not_take_it_back_and_is_kept_otherwise(late: dict[str, object]) -> None:
    succeeded = plain("deployment", id="1", service="s", status="succeeded", finished_at="2025-03-01T10:00:00Z")
    event = plain("deployment", id="1", version="v1", updated_at="2025-03-03T00:00:00Z", **late)
    told = merge(succeeded, event)
    assert isinstance(told, Deployment)
    assert isinstance(event, Deployment)
    assert (told.status, told.finished_at, told.version) == ("succeeded", at("10:00"), "v1")
    assert (told.started_at, told.created_at) == (event.started_at, event.created_at)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_success_is_taken_back_by_what_ended_later(status: str) -> None:
    succeeded = plain("deployment", id="1", service="s", status="succeeded", finished_at="2025-03-01T10:00:00Z")
    told = merge(succeeded, plain("deployment", id="1", status=status, updated_at="2025-03-03T00:00:00Z"))
    assert (getattr(told, "status", ""), getattr(told, "finished_at", None)) == (status, NOW)
