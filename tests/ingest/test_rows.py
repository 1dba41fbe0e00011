"""A loosely typed row becomes a record, or says why not."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dora.model import Commit, Deployment, Incident, Person, PipelineStep, PullRequest, TelemetrySample, Verification
from ingest.columns import convert, frame_of
from ingest.rows import RowError, record_from_row, record_of, rejected
from ingest.values import KINDS, Rules

RULES = Rules(source="files", author=lambda who: f"{sum(who.encode()):020x}")
NOON = datetime(2025, 1, 31, 12, tzinfo=UTC)


def deployment(**row: object) -> Deployment:
    made = record_of(Deployment, {"service": "shop", "finished_at": "2025-01-31T12:00:00Z", **row}, RULES)
    assert isinstance(made, Deployment)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "2025-01-31T12:00:00Z", "2025-01-31 12:00:00", "2025-01-31T13:00:00+01:00", "2025-01-31T12:00:00.000000000Z",
        "2025-01-31 07:00:00 -0500", "2025-01-31 12:00:00 UTC", "20250131T120000Z", "1738324800", "1738324800000",
        "1738324800.0", 1738324800, 1738324800000, 1738324800.0, 1738324800000000, NOON, datetime(2025, 1, 31, 12),
        "  2025-01-31T12:00:00Z\t",
    ],
)  # fmt: skip
def test_every_common_form_of_a_time_is_the_same_instant(text: object) -> None:
    assert deployment(finished_at=text).finished_at == NOON


@pytest.mark.parametrize("text", ["yesterday", "2025-02-30", "31/01/2025", "12:00", "20250131120000", True, [], "1e400", "0001-01-01T00:00+14:00", 1e30, float("inf")])  # fmt: skip
def test_what_is_no_time_names_column_and_value(text: object) -> None:
    with pytest.raises(RowError, match=r"^finished_at .* is not a time; write one as 2025-01-31T12:00:00Z$"):
        deployment(finished_at=text)


def test_a_naive_time_is_local_to_the_configured_zone() -> None:
    rules = Rules(source="files", zone=ZoneInfo("Europe/London"))
    made = record_of(Deployment, {"service": "shop", "finished_at": "2025-07-01 13:00"}, rules)
    assert isinstance(made, Deployment)
    assert made.finished_at == datetime(2025, 7, 1, 12, tzinfo=UTC)
    made = record_of(Deployment, {"service": "shop", "finished_at": date(2025, 7, 1)}, rules)
    assert isinstance(made, Deployment)
    assert made.finished_at == datetime(2025, 6, 30, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("success", "succeeded"), ("Successful", "succeeded"), ("OK", "succeeded"), ("passed", "succeeded"),
        ("failure", "failed"), ("ERROR", "failed"), ("canceled", "cancelled"), ("aborted", "cancelled"),
        ("in_progress", "running"), ("In Progress", "running"), ("queued", "pending"), ("waiting", "pending"),
        ("", "succeeded"), (None, "succeeded"),
    ],
)  # fmt: skip
def test_synonyms_of_a_status_become_ours(word: object, status: str) -> None:
    assert deployment(status=word).status == status


def test_an_unknown_status_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RowError, match="status 'great' is not one of succeeded, failed, cancelled, running, pending"):
        deployment(status="great")


@pytest.mark.parametrize("service", ["../../etc/x", "'; drop table deployments; --", "<script>alert(1)</script>", "a,b\n\"c\""])  # fmt: skip
def test_hostile_looking_names_are_data(service: str) -> None:
    assert deployment(service=service).service == service


def test_half_a_surrogate_pair_becomes_a_replacement_that_can_be_stored() -> None:
    assert deployment(service="a\ud800b").service == "a?b"


def test_empty_and_nan_take_the_default() -> None:
    made = deployment(environment=" ", version=float("nan"), url="")
    assert (made.environment, made.version, made.url) == ("production", None, None)


def test_a_version_stays_text() -> None:
    assert (deployment(version="1.10").version, deployment(version=110).version) == ("1.10", "110")


def test_lists_are_json_or_split_at_semicolons() -> None:
    key = {"repository": "r", "number": "7"}
    for text in ('["a", "b;c"]', ["a", "b;c"]):
        assert record_of(PullRequest, {**key, "labels": text}, RULES).labels == ("a", "b;c")  # type: ignore[attr-defined]
    assert record_of(PullRequest, {**key, "labels": " a ;b;; "}, RULES).labels == ("a", "b")  # type: ignore[attr-defined]
    made = record_of(
        Commit, {"repository": "r", "sha": "A" * 40, "reverts_pull_requests": "1;2", "is_bot": "yes"}, RULES
    )
    assert isinstance(made, Commit)
    assert (made.sha, made.reverts_pull_requests, made.is_bot) == ("a" * 40, (1, 2), True)


@pytest.mark.parametrize("number", ["1_000", "x", "1.5", True, "99999999999999999999", [1], "٣٣x"])
def test_what_is_no_whole_number_is_refused(number: object) -> None:
    with pytest.raises(RowError, match=r"^number "):
        record_of(PullRequest, {"repository": "r", "number": number}, RULES)


def test_whole_numbers_may_come_as_floats_from_a_spreadsheet() -> None:
    assert record_of(PullRequest, {"repository": "r", "number": 7.0}, RULES).number == 7  # type: ignore[attr-defined]


def test_a_deployment_needs_a_service_or_repository_and_a_time() -> None:
    with pytest.raises(RowError, match="service or repository is empty"):
        record_of(Deployment, {"finished_at": "2025-01-01"}, RULES)
    with pytest.raises(RowError, match="finished_at or created_at or started_at is empty"):
        record_of(Deployment, {"repository": "r"}, RULES)


def test_a_finished_deployment_without_an_end_ends_when_it_began() -> None:
    assert record_of(Deployment, {"service": "s", "created_at": NOON}, RULES).finished_at == NOON  # type: ignore[attr-defined]
    running = record_of(Deployment, {"service": "s", "created_at": NOON, "status": "running"}, RULES)
    assert running.finished_at is None  # type: ignore[attr-defined]


def test_an_id_made_from_content_survives_the_end_of_the_deployment() -> None:
    begun = {"service": "s", "created_at": "2025-01-31T12:00:00Z", "version": "1"}
    first = record_of(Deployment, {**begun, "status": "running"}, RULES)
    second = record_of(Deployment, {**begun, "finished_at": "2025-01-31T12:05:00Z"}, RULES)
    other = record_of(Deployment, {**begun, "version": "2"}, RULES)
    assert first.id == second.id != other.id  # type: ignore[attr-defined]


def test_finished_before_created_is_legal_data() -> None:
    assert deployment(created_at="2026-01-01").finished_at == NOON


def test_a_missing_key_is_named() -> None:
    with pytest.raises(RowError, match=r"^id is empty"):
        record_of(Incident, {"title": "down"}, RULES)
    with pytest.raises(RowError, match=r"^deployment is empty"):
        record_of(Verification, {"name": "smoke"}, RULES)


def test_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(RowError, match="unknown column 'finishd_at'; did you mean 'finished_at'"):
        deployment(finishd_at="2025-01-01")


def test_people_become_hashes_and_hashes_stay() -> None:
    hashed = deployment(actor="alice@example.com").actor
    assert hashed is not None
    assert "alice" not in hashed
    assert deployment(actor=hashed).actor == hashed
    alone = Rules(source="files")
    assert record_of(Deployment, {"service": "s", "finished_at": NOON, "actor": "alice"}, alone).actor is None  # type: ignore[attr-defined]


def test_credentials_in_a_url_are_removed() -> None:
    assert deployment(url="https://me:secret@ci.example/1").url == "https://ci.example/1"


def test_the_state_of_a_pull_request_follows_from_its_times() -> None:
    key: dict[str, object] = {"repository": "r", "number": 1}
    times: list[dict[str, object]] = [{}, {"merged_at": NOON}, {"closed_at": NOON}]
    states = [getattr(record_of(PullRequest, {**key, **more}, RULES), "state", None) for more in times]
    assert states == ["open", "merged", "closed"]


def test_a_rejected_row_is_cut_and_holds_neither_names_nor_credentials() -> None:
    content = {"actor": "alice@example.com", "url": "https://me:secret@ci.example/", "title": "x" * 5000}
    made = rejected(RULES, "deployments", "f.csv:2", "why", content)
    assert made.content is not None
    assert len(made.content) == 2000
    assert "alice" not in made.content
    assert "secret" not in made.content


def test_a_stored_row_comes_back_as_the_record_it_was() -> None:
    made = deployment(id="1", created_at="2025-01-31 11:00")
    row = frame_of("deployments", [made]).to_dicts()[0]
    assert record_from_row(Deployment, row) == made


def test_columns_of_numbers_give_the_same_records_as_single_rows() -> None:
    for epochs in ([1738324800, 0, -5], [1738324800000, 99999999999], [1738324800000000], [2**62]):
        done = convert("deployments", {"service": ["s"] * len(epochs), "finished_at": epochs}, len(epochs), RULES)
        got = {n: done.frame.row(place, named=True)["finished_at"] for place, n in enumerate(done.good)}
        for n, epoch in enumerate(epochs):
            if n in got:
                assert got[n].replace(tzinfo=UTC) == deployment(finished_at=epoch).finished_at
            else:
                with pytest.raises(RowError):
                    deployment(finished_at=epoch)


TABLES = {kind.TABLE: kind for kind in (Commit, PullRequest, Deployment, PipelineStep, Incident, Verification, TelemetrySample, Person)}  # fmt: skip
CELLS = st.sampled_from(
    [
        "", " ", "a", "a;b", ";", "a;;b", "[1]", '["x"]', "[", "1", "1.0", "-7", "1e3", "1_0", "nan", "inf", "true", "No",
        "success", "FAILED", "in progress", "human", "count", "merged", "abcdef1", "ABCDEF1234", "f" * 20, "alice@x",
        "https://u:p@h/x", "2025-01-31T12:00:00Z", "2025-03-30 01:30:00", "2025-10-26 01:30:00", "2025-06-01",
        "2025-01-31 12:00:00.5+01:00", "2025-01-31T12:00:60Z", "9999-12-31T23:59:59-10:00", "0000-01-01T00:00:00Z",
        "1738324800", "1738324800000", "99999999999", "9999999999999", "999999999", "7258118400", "7258118401", "١٢", "\x1c", "\u00a0x\u00a0", "İ", "99999999999999999999", "2025-13-01T00:00:00Z",
    ]
) | st.text(max_size=5).filter(lambda text: all(not 0xD800 <= ord(c) < 0xE000 for c in text))  # fmt: skip


@given(st.data())
def test_whole_columns_give_the_same_records_as_single_rows(data: st.DataObject) -> None:
    table = data.draw(st.sampled_from(sorted(TABLES)))
    zone = ZoneInfo(data.draw(st.sampled_from(["UTC", "Europe/London", "Asia/Kathmandu"])))
    rules = Rules(source="files", zone=zone, author=RULES.author)
    names = data.draw(st.lists(st.sampled_from(sorted(KINDS[table])), unique=True, min_size=1))
    rows = data.draw(st.lists(st.tuples(*(CELLS for _ in names)), max_size=6))
    values: dict[str, list[object]] = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    done = convert(table, values, len(rows), rules)
    got = {n: done.frame.row(place, named=True) for place, n in enumerate(done.good)}
    for n, row in enumerate(rows):
        try:
            made = record_of(TABLES[table], dict(zip(names, row, strict=True)), rules)
        except RowError as error:
            expected: object = str(error)
            found: object = done.bad.get(n)
        else:
            expected, found = made, record_from_row(TABLES[table], got[n])
        assert found == expected
