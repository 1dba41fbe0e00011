"""The GitHub source against a local server: pages, faults, limits, kills, and what a later run reads."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer

from dora.errors import AuthError, ConfigError, DoraError, RateLimitError, SourceError
from dora.model import Deployment, Incident, PipelineRun, PipelineStep, PullRequest, Record, Rejected, Tag
from tests.ingest.github_source import TOKEN, Watch, read_all, read_stream, source, tables
from tests.servers import (
    GitHubServer,
    answer,
    changed,
    cut,
    deployment_node,
    hang_up,
    payload,
    pull_request_node,
    replaced,
    run_answers,
    stamp,
    truncated,
)  # fmt: skip

DAY = 86400


@pytest.fixture
def server(httpserver: HTTPServer) -> GitHubServer:
    return GitHubServer(httpserver)


def with_pull_requests(server: GitHubServer, count: int) -> GitHubServer:
    server.lists["pullRequests"] = [pull_request_node(i, i * 600) for i in range(1, count + 1)]
    return server


def numbers(records: Any) -> list[int]:
    return [record.number for record in records if isinstance(record, PullRequest)]


def batches_records(batches: Any) -> list[Record]:
    return [record for batch in batches for record in batch.records]


def test_pages_are_read_newest_first_and_each_moves_the_cursor(server: GitHubServer) -> None:
    with_pull_requests(server, 230)
    batches = read_stream(source(server), "pull_requests")
    assert [len(numbers(batch.records)) for batch in batches] == [100, 100, 30]
    assert numbers(batches_records(batches)) == list(range(230, 0, -1))
    assert len({batch.cursor for batch in batches}) == 3


def test_long_pull_requests_are_whole_and_share_their_extra_requests(server: GitHubServer) -> None:
    server.lists["pullRequests"] = [
        pull_request_node(i, i * 600, commits=101 + i, reviews=99 + i) for i in range(1, 11)
    ]
    batches = read_stream(source(server), "pull_requests")
    lengths = {r.number: (len(r.commits), r.reviews) for r in batches[0].records if isinstance(r, PullRequest)}
    assert lengths == {i: (101 + i, 99 + i) for i in range(1, 11)}
    assert len(server.requests) == 2


def test_pull_request_with_hundreds_of_commits_takes_as_many_pages_as_needed(server: GitHubServer) -> None:
    server.lists["pullRequests"] = [pull_request_node(1, 600, commits=250)]
    records = batches_records(read_stream(source(server), "pull_requests"))
    assert [len(r.commits) for r in records if isinstance(r, PullRequest)] == [250]
    assert len(server.requests) == 3


def test_a_second_run_reads_only_what_was_touched_since(server: GitHubServer) -> None:
    with_pull_requests(server, 230)
    hub = source(server)
    cursor = read_stream(hub, "pull_requests")[-1].cursor
    server.requests.clear()
    server.lists["pullRequests"][9]["updatedAt"] = stamp(10 * DAY)
    again = read_stream(hub, "pull_requests", cursor)
    assert numbers(batches_records(again)) == [10, 230]
    assert len(server.requests) == 1
    assert numbers(batches_records(read_stream(hub, "pull_requests", again[-1].cursor))) == [10]


def test_what_is_touched_while_pages_are_read_is_met_by_the_next_run(server: GitHubServer) -> None:
    with_pull_requests(server, 230)
    hub, seen, cursor = source(server), [], None
    for i, batch in enumerate(hub.batches("pull_requests", None, None)):
        seen += numbers(batch.records)
        cursor = batch.cursor
        if i == 0:
            for node in server.lists["pullRequests"][:3]:
                node["updatedAt"] = stamp(20 * DAY)
            server.lists["pullRequests"].append(pull_request_node(231, 21 * DAY))
    assert set(range(1, 232)) - set(seen) == {1, 2, 3, 231}
    assert set(numbers(batches_records(read_stream(hub, "pull_requests", cursor)))) >= {1, 2, 3, 231}


def everything(server: GitHubServer) -> GitHubServer:
    """A bit of everything, over several pages of each list."""
    with_pull_requests(server, 250)
    states = (("QUEUED", "SUCCESS"), ("IN_PROGRESS",), ("FAILURE", "INACTIVE"), ())
    server.lists["deployments"] = [deployment_node(i, i * 900, *states[i % 4]) for i in range(1, 231)]
    server.lists["releases"] = [
        changed("release", id=f"RE_{i}", tagName=f"v{i}", createdAt=stamp(i * DAY), publishedAt=stamp(i * DAY))
        for i in range(1, 121)
    ]
    server.lists["issues"] = [
        changed(
            "issue", id=f"I_{i}", number=i, createdAt=stamp(i * 60), updatedAt=stamp(i * 90), closedAt=stamp(i * 90)
        )
        for i in range(1, 111)
    ]
    for i in range(9100, 9170):
        run, server.jobs[i] = run_answers(i, i * 300, (None, "success", "failure")[i % 3])
        server.runs.append(run)
    return server


def test_killed_at_any_page_the_next_run_goes_on_there_and_ends_with_the_same_tables(server: GitHubServer) -> None:
    everything(server)
    hub = source(server)
    for stream in hub.streams():
        server.requests.clear()
        whole = read_stream(hub, stream)
        undisturbed, asked = tables(batches_records(whole)), len(server.requests)
        for kill in range(1, len(whole)):
            server.requests.clear()
            before = whole[:kill]
            rest = read_stream(hub, stream, before[-1].cursor)
            assert tables(batches_records(before) + batches_records(rest)) == undisturbed
            if stream == "pull_requests":
                # What was read before the kill is not read again, but for the head of the list.
                assert len(server.requests) == asked - kill + 1


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(1, 3), max_size=6), touched=st.lists(st.integers(0, 229), max_size=6))
def test_nothing_is_missed_however_runs_are_cut_and_pull_requests_touched(
    server: GitHubServer, kills: list[int], touched: list[int]
) -> None:
    with_pull_requests(server, 230)
    hub, cursor, records = source(server), None, []
    for i, kill in enumerate([*kills, 10**6]):
        for page, batch in enumerate(hub.batches("pull_requests", cursor, None)):
            records += batch.records
            cursor = batch.cursor
            if page + 1 == kill:
                break
        for number in touched[i::7]:
            node = server.lists["pullRequests"][number]
            node["updatedAt"] = stamp(40 * DAY + i * 600 + number)
            node["title"] = f"touched {i}"
    records += batches_records(read_stream(hub, "pull_requests", cursor))
    assert tables(records) == tables(batches_records(read_stream(hub, "pull_requests")))


def test_a_repeated_run_changes_no_table_and_no_cursor(server: GitHubServer) -> None:
    hub = source(everything(server))
    cursors: dict[str, str | None] = {}
    first = read_all(hub, cursors)
    after = dict(cursors)
    assert tables(first + read_all(hub, cursors)) == tables(first)
    assert cursors == after


def test_every_kind_of_record_is_read(server: GitHubServer) -> None:
    found = {type(record) for record in read_all(source(everything(server)))}
    assert found >= {PullRequest, Deployment, Tag, Incident, PipelineRun, PipelineStep}
    assert Rejected not in found


def test_since_leaves_out_what_had_ended_before_and_reads_no_further(server: GitHubServer) -> None:
    with_pull_requests(server, 230)
    since = datetime.fromisoformat(stamp(200 * 600))
    batches = read_stream(source(server), "pull_requests", None, since)
    assert numbers(batches_records(batches)) == list(range(230, 199, -1))
    assert len(server.requests) == 1


def test_deployment_that_began_before_since_and_ended_after_is_read(server: GitHubServer) -> None:
    server.lists["deployments"] = [
        deployment_node(1, 0, "SUCCESS"), deployment_node(2, 3000, "IN_PROGRESS", "SUCCESS"), deployment_node(3, 9000)
    ]  # fmt: skip
    since = datetime.fromisoformat(stamp(3100))
    records = batches_records(read_stream(source(server), "deployments", None, since))
    assert [r.id for r in records if isinstance(r, Deployment)] == ["acme/shop#3", "acme/shop#2"]


def test_running_deployment_is_asked_for_again_when_many_newer_ones_were_read(server: GitHubServer) -> None:
    server.lists["deployments"] = [deployment_node(1, 0, "IN_PROGRESS")]
    server.lists["deployments"] += [deployment_node(i, i * DAY / 10, "SUCCESS") for i in range(2, 150)]
    hub = source(server)
    cursor = read_stream(hub, "deployments")[-1].cursor
    server.lists["deployments"][0] = deployment_node(1, 0, "IN_PROGRESS", "SUCCESS")
    server.requests.clear()
    again = read_stream(hub, "deployments", cursor)
    assert [(r.id, r.status) for r in again[0].records if isinstance(r, Deployment)] == [("acme/shop#1", "succeeded")]
    assert len(server.requests) == 2
    server.requests.clear()
    read_stream(hub, "deployments", again[-1].cursor)
    assert len(server.requests) == 1


def test_unfinished_things_are_given_up_when_they_are_gone_or_five_weeks_old(server: GitHubServer) -> None:
    server.lists["deployments"] = [
        deployment_node(1, 0),
        deployment_node(2, 100),
        deployment_node(3, 40 * DAY, "SUCCESS"),
    ]
    hub = source(server)
    cursor = read_stream(hub, "deployments")[-1].cursor
    assert json.loads(cursor or "")["acme/shop"]["unfinished"] == ["DE_1", "DE_2"]
    del server.lists["deployments"][1]
    cursor = read_stream(hub, "deployments", cursor)[-1].cursor
    assert "unfinished" not in json.loads(cursor or "")["acme/shop"]


def test_draft_becomes_a_release_once_it_is_published(server: GitHubServer) -> None:
    server.lists["releases"] = [
        changed("release", isDraft=True),
        changed("release", id="RE_9", createdAt=stamp(400 * DAY)),
    ]
    hub = source(server)
    first = read_stream(hub, "releases")
    server.lists["releases"][0] = payload("release") | {"tagName": "v0"}
    again = read_stream(hub, "releases", first[-1].cursor)
    assert "v0" in [r.name for r in batches_records(again) if isinstance(r, Tag)]


def test_jobs_of_runs_that_did_not_change_are_not_asked_for_again(server: GitHubServer) -> None:
    for i in range(1, 41):
        run, server.jobs[i] = run_answers(i, i * 3600)
        server.runs.append(run)
    hub = source(server)
    cursor = read_stream(hub, "workflows")[-1].cursor
    asked = [path for path, _ in server.requests if path.endswith("/jobs")]
    # The run at the border of two pages is on both.
    assert (len(set(asked)), len(asked)) == (40, 41)
    server.requests.clear()
    server.runs[3] |= {"updated_at": stamp(90 * 3600), "run_attempt": 2}
    again = read_stream(hub, "workflows", cursor)
    assert [r.id for r in batches_records(again) if isinstance(r, PipelineRun)] == [
        "acme/shop/runs/40",
        "acme/shop/runs/4",
    ]
    assert sum(path.endswith("/jobs") for path, _ in server.requests) == 2


def test_runs_of_one_second_that_fill_a_page_do_not_stop_the_reading(server: GitHubServer) -> None:
    for i in range(1, 101):
        run, server.jobs[i] = run_answers(i, 5000 if i > 10 else i)
        server.runs.append(run)
    records = batches_records(read_stream(source(server), "workflows"))
    assert {r.id for r in records if isinstance(r, PipelineRun)} == {f"acme/shop/runs/{i}" for i in range(1, 101)}


def test_only_matching_workflows_are_read_and_their_runs_deploy_where_they_are_told(server: GitHubServer) -> None:
    run, server.jobs[1] = run_answers(1, 0)
    server.runs = [run, run | {"id": 2, "workflow_id": 72}]
    records = batches_records(read_stream(source(server, workflow_environment={"Dep*": "live"}), "workflows"))
    assert [(r.id, r.environment) for r in records if isinstance(r, Deployment)] == [("acme/shop/runs/1", "live")]
    watch = Watch()
    assert read_stream(source(server, watch, deploy_workflows=["nothing"]), "workflows") == []
    assert watch.lines == ["hub: no workflow of acme/shop matches deploy_workflows"]


def test_streams_without_anything_to_read_are_left_out(server: GitHubServer) -> None:
    assert source(server).streams() == ["pull_requests", "deployments", "releases", "incidents", "workflows"]
    bare = source(server, incident_labels=[], deploy_workflows=[], deployments_from=["releases"])
    assert bare.streams() == ["pull_requests", "releases"]


def test_issue_with_any_of_the_labels_is_an_incident(server: GitHubServer) -> None:
    server.lists["issues"] = [
        changed("issue", id=f"I_{i}", number=i, labels={"nodes": [{"name": label}]})
        for i, label in enumerate(("incident", "outage", "question"))
    ]
    records = batches_records(read_stream(source(server, incident_labels=["incident", "outage"]), "incidents"))
    assert [r.id for r in records] == ["acme/shop#0", "acme/shop#1"]  # type: ignore[attr-defined]


LIMITED = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}
RENAMED_LIMIT = {"errors": [{"type": "RATE_LIMIT", "code": "graphql_rate_limit", "message": "already exceeded"}]}
HIDDEN_LIMIT = {"data": None, "errors": [{"message": "You have exceeded a secondary rate limit."}]}
TIMEOUT = {"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}
HALF = {"data": {"repository": {"items": None}}, "errors": [{"path": ["repository", "items"], "message": "timed out"}]}


@pytest.mark.parametrize(
    ("fault", "waited"),
    [
        (replaced({}, 429, Retry_After=7), 7),
        (replaced({"message": "You have exceeded a secondary rate limit."}, 403), 60),
        (replaced({"message": "limit"}, 403, X_RateLimit_Remaining=0, X_RateLimit_Reset=1_750_000_030), 31),
        (replaced(LIMITED, 200, X_RateLimit_Remaining=0, X_RateLimit_Reset=1_750_000_030), 31),
        (replaced(RENAMED_LIMIT, 200, X_RateLimit_Remaining=12, X_RateLimit_Reset=1_750_000_030), 31),
        (replaced(HIDDEN_LIMIT), 60),
        (replaced("<html>", 502), 1),
        (replaced(TIMEOUT), 1),
        (replaced(HALF), 1),
        (replaced([]), 1),
        (replaced({}), 1),
        (cut, 1),
        (hang_up, 1),
        (truncated, 1),
    ],
)
def test_trouble_on_page_two_is_waited_out_and_nothing_is_lost(server: GitHubServer, fault: Any, waited: float) -> None:
    with_pull_requests(server, 230)
    server.faults[1] = fault
    watch = Watch()
    assert numbers(batches_records(read_stream(source(server, watch), "pull_requests"))) == list(range(230, 0, -1))
    assert sum(watch.waits) == waited
    assert watch.lines


def test_limit_that_lasts_too_long_ends_the_run_where_the_next_goes_on(server: GitHubServer) -> None:
    with_pull_requests(server, 230)
    server.faults[1] = replaced({}, 429, Retry_After=3600)
    hub, read = source(server), []
    with pytest.raises(
        RateLimitError, match="hub: the rate limit on acme/shop pull_requests lifts at 2025-06-15 16:06:40"
    ):
        read.extend(hub.batches("pull_requests", None, None))
    rest = read_stream(hub, "pull_requests", read[-1].cursor)
    assert set(numbers(batches_records(read + rest))) == set(range(1, 231))


def test_page_that_github_cannot_make_in_time_is_asked_for_in_smaller_pieces(server: GitHubServer) -> None:
    with_pull_requests(server, 120)
    server.faults = dict.fromkeys(range(5), replaced("", 502))
    batches = read_stream(source(server), "pull_requests")
    assert [len(numbers(batch.records)) for batch in batches] == [50, 50, 20]


def test_server_that_stays_broken_is_an_error_not_an_endless_wait(server: GitHubServer) -> None:
    with_pull_requests(server, 5)
    server.faults = dict.fromkeys(range(1000), replaced("", 502))
    with pytest.raises(SourceError, match=r"acme/shop pull_requests could not be read after 5 attempts \(status 502\)"):
        read_stream(source(server), "pull_requests")


def partly(errors: list[Any], change: Any) -> Any:
    """The answer with errors beside its data, and the data changed."""

    def fault(request: Any, response: Any) -> Any:
        value = json.loads(response.get_data())
        change(value["data"]["repository"]["items"]["nodes"])
        return answer({**value, "errors": errors})

    return fault


def test_node_that_github_could_not_read_is_rejected_and_the_others_kept(server: GitHubServer) -> None:
    with_pull_requests(server, 5)
    path = ["repository", "items", "nodes"]
    errors = [{"path": [*path, 1], "message": "lost"}, {"path": [*path, 2, "commits"], "message": "timed out"}]

    def change(nodes: list[Any]) -> None:
        nodes[1] = None
        nodes[2]["commits"] = None

    server.faults[0] = partly(errors, change)
    records = batches_records(read_stream(source(server), "pull_requests"))
    assert numbers(records) == [5, 2, 1]
    assert [(r.place, r.reason) for r in records if isinstance(r, Rejected)] == [
        ("acme/shop: entry 1 after the start", "lost"),
        ("acme/shop#3", "timed out"),
    ]


@pytest.mark.parametrize(
    "values",
    [{"updatedAt": "soon"}, {"title": None}, {"number": "7; drop table"}, {"commits": "x"}, {"labels": {"nodes": [5]}}],
)
def test_node_of_a_wrong_shape_is_rejected_and_names_nobody(server: GitHubServer, values: Any) -> None:
    with_pull_requests(server, 3)
    server.faults[0] = partly([], lambda nodes: nodes[1].update(values))
    records = batches_records(read_stream(source(server), "pull_requests"))
    assert numbers(records) == [3, 1]
    rejected = [r for r in records if isinstance(r, Rejected)]
    assert [r.reason.startswith("unexpected shape") for r in rejected] == [True]
    assert "ann" not in (rejected[0].content or "")


def test_checks_that_the_token_may_not_read_do_not_cost_the_pull_request(server: GitHubServer) -> None:
    with_pull_requests(server, 1)
    path = ["repository", "items", "nodes", 0, "statusCheckRollup"]
    error = {"type": "FORBIDDEN", "path": path, "message": "Resource not accessible"}
    server.faults[0] = partly([error], lambda nodes: nodes[0].update(statusCheckRollup=None))
    records = batches_records(read_stream(source(server), "pull_requests"))
    assert [(r.number, r.checks) for r in records if isinstance(r, PullRequest)] == [(1, None)]


def test_long_entry_whose_rest_cannot_be_read_is_rejected_not_shortened(server: GitHubServer) -> None:
    server.lists["pullRequests"] = [pull_request_node(1, 600, commits=130), pull_request_node(2, 1200)]
    server.faults[1] = replaced({"data": {"n0": None}, "errors": [{"path": ["n0"], "message": "lost"}]})
    records = batches_records(read_stream(source(server), "pull_requests"))
    assert numbers(records) == [2]
    assert [r.place for r in records if isinstance(r, Rejected)] == ["acme/shop#1"]


def test_missing_repository_is_told_of_after_the_others_were_read(server: GitHubServer) -> None:
    with_pull_requests(server, 3)
    hub = source(server, repositories=["acme/nowhere", "acme/shop"])
    read: list[Any] = []
    with pytest.raises(SourceError, match=r"acme/nowhere pull_requests not found.*set GITHUB_TOKEN with read access"):
        read.extend(hub.batches("pull_requests", None, None))
    assert numbers(batches_records(read)) == [3, 2, 1]


def test_repository_that_is_not_allowed_is_told_of_after_the_others_were_read(server: GitHubServer) -> None:
    with_pull_requests(server, 3)
    server.repositories = ["acme/closed", "acme/shop"]
    error = {"type": "FORBIDDEN", "path": ["repository", "items"], "message": "single sign-on"}
    server.faults[0] = replaced({"data": {"repository": {"items": None}}, "errors": [error]})
    hub = source(server, repositories=["acme/closed", "acme/shop"])
    read: list[Any] = []
    with pytest.raises(AuthError, match=r"access to acme/closed pull_requests refused \(single sign-on\)"):
        read.extend(hub.batches("pull_requests", None, None))
    assert numbers(batches_records(read)) == [3, 2, 1]


def test_refused_token_is_not_tried_on_every_repository(server: GitHubServer) -> None:
    server.faults = dict.fromkeys(range(9), replaced({"message": "Bad credentials"}, 401))
    with pytest.raises(AuthError):
        read_stream(source(server, repositories=["acme/shop", "acme/web"]), "pull_requests")
    assert len(server.requests) == 1


def test_renamed_repository_is_told_of_with_its_new_name(server: GitHubServer) -> None:
    with pytest.raises(SourceError, match="acme/store is now called acme/shop"):
        read_stream(source(server, repositories=["acme/store"]), "workflows")


def test_all_repositories_of_an_owner_are_read(server: GitHubServer) -> None:
    server.repositories = [f"acme/r{i}" for i in range(120)]
    with_pull_requests(server, 1)
    records = batches_records(read_stream(source(server, owner="acme"), "pull_requests"))
    assert [r.repository for r in records if isinstance(r, PullRequest)] == server.repositories


def test_refused_token_is_said_without_showing_it(server: GitHubServer) -> None:
    server.faults[0] = replaced({"message": f"Bad credentials: {TOKEN}"}, 401)
    with pytest.raises(AuthError, match=r"hub: credentials refused for acme/shop pull_requests \(401\)") as refused:
        read_stream(source(server), "pull_requests")
    assert TOKEN not in str(refused.value)


def test_permission_that_the_token_lacks_is_said(server: GitHubServer) -> None:
    error = {"type": "FORBIDDEN", "path": ["repository", "items"], "message": f"not for {TOKEN}"}
    server.faults[0] = replaced({"data": {"repository": {"items": None}}, "errors": [error]})
    with pytest.raises(AuthError, match=r"access to acme/shop deployments refused \(not for \*\*\*\)"):
        read_stream(source(server), "deployments")


def test_server_too_old_for_the_query_is_said(server: GitHubServer) -> None:
    error = {"path": ["query"], "extensions": {"code": "undefinedField"}, "message": "Field 'x' doesn't exist"}
    server.faults[0] = replaced({"errors": [error]})
    with pytest.raises(SourceError, match="it may be too old"):
        read_stream(source(server), "releases")


def test_token_goes_into_the_header_only(server: GitHubServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with_pull_requests(server, 1)
    watch = Watch()
    batches = read_stream(source(server, watch), "pull_requests")
    assert {headers["Authorization"] for headers in server.headers} == {f"token {TOKEN}"}
    assert TOKEN not in repr((server.requests, batches, watch.lines, caplog.text))


def test_token_that_an_app_is_given_is_in_no_log(server: GitHubServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    with_pull_requests(server, 1)
    read_stream(source(server, secret=private_key(), **APP), "pull_requests")
    assert "connectionpool" in caplog.text
    assert "ghs_madeUp" not in caplog.text


@pytest.mark.parametrize("fault", [replaced({}, 429, Retry_After=7), replaced({}, 502), cut, hang_up, truncated])
@pytest.mark.parametrize("at", range(6))
def test_trouble_anywhere_in_the_runs_of_a_workflow_costs_nothing(server: GitHubServer, at: int, fault: Any) -> None:
    for i in range(1, 41):
        run, server.jobs[i] = run_answers(i, i * 3600)
        server.runs.append(run)
    undisturbed = tables(batches_records(read_stream(source(server), "workflows")))
    pages = [i for i, (path, _) in enumerate(server.requests) if path.endswith("/runs")]
    server.faults[(0, 1, 2, pages[1], pages[1] + 1, len(server.requests) - 1)[at] + len(server.requests)] = fault
    assert tables(batches_records(read_stream(source(server), "workflows"))) == undisturbed


def test_probe_says_whose_the_token_is_and_what_can_be_read_in_one_request(server: GitHubServer) -> None:
    server.repositories = ["acme/shop", "acme/web"]
    server.renamed = {"acme/store": "acme/shop"}
    assert list(source(server, repositories=["acme/store", "acme/web"]).probe()) == [
        "signed in as ann, 4,987 of 5,000 points left until 2025-01-01 01:00 UTC",
        "acme/store is now called acme/shop; write that name in repositories",
        "2 of 2 repositories can be read: acme/store, acme/web",
    ]
    assert list(source(server, owner="acme").probe())[1:] == ["acme has 2 repositories that are no forks"]
    assert len(server.requests) == 2


def test_probe_of_a_server_without_limits_says_so(server: GitHubServer) -> None:
    server.faults[0] = replaced({"data": {"viewer": {"login": "ann"}, "rateLimit": None, "n0": None}})
    found = source(server).probe()
    assert next(found) == "signed in as ann, no rate limit"


def test_probe_names_what_cannot_be_read_after_what_can(server: GitHubServer) -> None:
    names = ["acme/shop", *(f"acme/r{i}" for i in range(120))]
    read: list[str] = []
    with pytest.raises(SourceError, match=r"acme/r0, .* and 115 more not found.*set GITHUB_TOKEN with read access"):
        read.extend(source(server, repositories=names).probe())
    assert read[1:] == ["1 of 100 repositories can be read: acme/shop"]
    assert len(server.requests) == 2
    with pytest.raises(SourceError, match="nobody not found"):
        list(source(server, owner="nobody").probe())


def test_probe_with_a_refused_token_is_an_error_without_it(server: GitHubServer) -> None:
    server.faults[0] = replaced({"message": f"Bad credentials: {TOKEN}"}, 401)
    with pytest.raises(AuthError, match="credentials refused") as refused:
        list(source(server).probe())
    assert TOKEN not in str(refused.value)


@pytest.mark.parametrize("data", [{"viewer": None}, {"viewer": {"login": 5}, "rateLimit": None}, {"hello": 1}])
def test_probe_of_something_else_than_github_is_said(server: GitHubServer, data: Any) -> None:
    server.faults[0] = replaced({"data": data})
    with pytest.raises(SourceError, match="check that base_url"):
        list(source(server).probe())


def test_enterprise_servers_keep_graphql_beside_the_rest_interface(server: GitHubServer) -> None:
    server.url += "/api/v3"
    run, server.jobs[1] = run_answers(1, 0)
    server.runs = [run]
    read_all(source(server))
    assert {path.partition("/repos")[0] for path, _ in server.requests} == {"/api/graphql", "/api/v3"}


def private_key() -> str:
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()


APP: dict[str, Any] = {"app_id": 3, "installation_id": 8, "private_key_env": "APP_KEY"}


@pytest.mark.parametrize("written", ["on many lines", "on one line"])
def test_app_signs_in_once_and_reads_with_its_installation_token(server: GitHubServer, written: str) -> None:
    with_pull_requests(server, 130)
    key = private_key() if written == "on many lines" else private_key().replace("\n", "\\n")
    hub = source(server, secret=key, **APP)
    assert len(numbers(batches_records(read_stream(hub, "pull_requests")))) == 130
    assert [path for path, _ in server.requests] == ["/app/installations/8/access_tokens", "/graphql", "/graphql"]
    assert server.headers[1]["Authorization"] == "token ghs_madeUpInstallationToken0001"


def test_broken_answer_while_an_app_signs_in_is_asked_for_again(server: GitHubServer) -> None:
    with_pull_requests(server, 1)
    server.faults[0] = replaced({"message": "unwell"}, 502)
    assert numbers(batches_records(read_stream(source(server, secret=private_key(), **APP), "pull_requests"))) == [1]


def test_unreadable_app_key_is_said_without_showing_it(server: GitHubServer) -> None:
    with pytest.raises(AuthError, match="must be the whole PEM text") as refused:
        source(server, secret="no key at all", **APP)
    assert "no key at all" not in str(refused.value)


def test_variable_without_a_value_is_named(server: GitHubServer) -> None:
    with pytest.raises(AuthError, match="hub: GITHUB_TOKEN is not set"):
        source(server, secret="")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"repositories": []}, "neither repositories nor owner"),
        ({"repositories": ["shop"]}, "'shop' is no GitHub repository"),
        ({"repositories": ["acme/../x"]}, "is no GitHub repository"),
        ({"repositories": ["acme/.."]}, "is no GitHub repository"),
        ({"repositories": ["--upload/x"]}, "is no GitHub repository"),
        ({"base_url": "http://hub.example"}, "must begin with https"),
        ({"base_url": "https://me:word@hub.example"}, "base_url holds credentials"),
        ({"app_id": 3}, "app_id needs installation_id and private_key_env"),
        ({"deploy_workflows": []}, "say which in deploy_workflows"),
        ({"streams": ["pull_requests"]}, "which streams leaves out"),
        ({"streams": ["pull_request"]}, "did you mean 'pull_requests'"),
        ({"label": "x"}, "unknown key 'label'"),
    ],
)
def test_wrong_options_are_told_before_anything_is_asked(server: GitHubServer, options: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        source(server, **options)
    assert server.requests == []


@pytest.mark.parametrize("value", [{"data": {"repository": {"items": {}}}}, {"data": {"repository": 5}}])
def test_graphql_answer_without_a_list_is_said(server: GitHubServer, value: Any) -> None:
    server.faults[0] = replaced(value)
    with pytest.raises(SourceError, match="the answer for acme/shop pull_requests is no list"):
        read_stream(source(server), "pull_requests")


@pytest.mark.parametrize("cursor", ["{", "[]", "5", '{"acme/shop": 5}', '{"acme/shop": {"done": "soon"}}'])
def test_cursor_that_cannot_be_read_is_an_error_that_says_what_to_do(server: GitHubServer, cursor: str) -> None:
    with pytest.raises(DoraError, match="--full"):
        read_stream(source(server), "pull_requests", cursor)


def test_answer_of_something_else_than_github_is_said(server: GitHubServer) -> None:
    server.faults = dict.fromkeys(range(9), replaced({"welcome": "to the intranet"}))
    with pytest.raises(SourceError, match="check that base_url"):
        read_stream(source(server), "workflows")


def test_backfill_costs_few_requests_for_each_merged_pull_request(server: GitHubServer) -> None:
    server.lists["pullRequests"] = [
        pull_request_node(i, i * 600, commits=101 if i % 150 == 0 else 2, reviews=120 if i % 200 == 0 else 1)
        for i in range(1, 1001)
    ]
    merged = numbers(batches_records(read_stream(source(server), "pull_requests")))
    assert len(merged) == 1000
    assert len(server.requests) / len(merged) <= 0.03


def test_client_library_is_not_loaded_before_a_github_source_is_opened() -> None:
    code = "import sys, ingest.source as s; s.source_module('github', 'x'); print('github' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_times_are_aware_utc(server: GitHubServer) -> None:
    with_pull_requests(server, 1)
    record = batches_records(read_stream(source(server), "pull_requests"))[0]
    assert isinstance(record, PullRequest)
    assert record.merged_at == datetime(2025, 1, 1, 0, 10, tzinfo=UTC)
