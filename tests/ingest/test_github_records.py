"""GitHub's nodes -> records, worked out by hand from tests/payloads/github."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from dora.model import Deployment, Incident, Person, PipelineRun, PipelineStep, PullRequest, Rejected, Tag
from ingest.bots import bot_test
from ingest.sources.github_records import deployment, incident, pull_request, release
from ingest.sources.github_runs import workflow_run
from ingest.sources.github_values import Origin
from tests.servers import changed, payload, run_answers

ORIGIN = Origin("hub", "acme/shop", lambda login: f"hash of {login}", bot_test((), "test"))
SHA = "c0ffee0000000000000000000000000000000001"


def at(day: int, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2025, 3, day, hour, minute, second, tzinfo=UTC)


def statuses(*entries: tuple[str, str]) -> dict[str, Any]:
    """Statuses in the order given, which is not the order of their times."""
    nodes = [{"state": s, "createdAt": f"2025-03-03T{t}Z", "logUrl": None, "environmentUrl": None} for s, t in entries]
    return {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": nodes}


def deployed(*entries: tuple[str, str], **values: Any) -> Deployment:
    record = deployment(changed("deployment", statuses=statuses(*entries), **values), ORIGIN)[0]
    assert isinstance(record, Deployment)
    return record


def test_pull_request_is_read_whole() -> None:
    record, *people = pull_request(payload("pull_request"), ORIGIN)
    assert record == PullRequest(
        source="hub", repository="acme/shop", number=1, updated_at=at(3, 9, 0, 30), title="Sell more",
        author="hash of ann", is_bot=False, state="merged", base_branch="main", head_branch="sell-more",
        labels=("hotfix", "checkout"), first_commit_at=datetime(2025, 2, 27, 16, tzinfo=UTC), opened_at=at(1, 10),
        ready_at=at(1, 12), first_review_at=at(2, 8), approved_at=at(2, 15), merged_at=at(3, 9), closed_at=at(3, 9),
        merge_sha=SHA, commits=("aaaa000000000000000000000000000000000001", "aaaa000000000000000000000000000000000002"),
        additions=30, deletions=4, changed_files=3, reviews=2, checks="success", checks_seconds=600.0,
        url="https://github.example/acme/shop/pull/1",
    )  # fmt: skip
    assert people == [Person(author="hash of ann", name="ann")]


def test_pull_request_opened_ready_was_ready_at_once_and_a_draft_never() -> None:
    for draft, ready in ((False, at(1, 10)), (True, None)):
        record = pull_request(changed("pull_request", ready={"nodes": []}, isDraft=draft), ORIGIN)[0]
        assert record.ready_at == ready  # type: ignore[attr-defined]


def test_pull_request_of_a_deleted_account_has_no_author() -> None:
    records = pull_request(changed("pull_request", author=None), ORIGIN)
    assert [type(record) for record in records] == [PullRequest]
    assert records[0].author is None  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("typename", "login", "bot"),
    [("Bot", "ship-it", True), ("User", "renovate-acme", True), ("User", "acme-bot", False), ("User", "abbot", False)],
)
def test_bot_is_known_by_its_kind_or_its_login(typename: str, login: str, bot: bool) -> None:
    record = pull_request(changed("pull_request", author={"__typename": typename, "login": login}), ORIGIN)[0]
    assert record.is_bot is bot  # type: ignore[attr-defined]


def test_login_that_the_options_name_is_a_bot() -> None:
    told = replace(ORIGIN, is_bot=bot_test(("-bot <",), "test"))
    node = changed("pull_request", author={"__typename": "User", "login": "acme-bot"})
    assert pull_request(node, told)[0].is_bot is True  # type: ignore[attr-defined]


def test_duration_of_checks_is_unknown_while_one_runs_or_some_are_not_listed() -> None:
    node = payload("pull_request")
    node["statusCheckRollup"]["contexts"]["nodes"][0]["completedAt"] = None
    assert pull_request(node, ORIGIN)[0].checks_seconds is None  # type: ignore[attr-defined]
    node = payload("pull_request")
    node["statusCheckRollup"]["contexts"]["pageInfo"]["hasNextPage"] = True
    assert pull_request(node, ORIGIN)[0].checks_seconds is None  # type: ignore[attr-defined]


def test_deployment_stays_succeeded_when_a_later_one_made_it_inactive() -> None:
    record, wait, person = deployment(payload("deployment"), ORIGIN)
    assert record == Deployment(
        source="hub", id="acme/shop#4711", updated_at=at(5, 9), repository="acme/shop", environment="production",
        version="v1.2.0", sha=SHA, commit_rule="sha", status="succeeded", created_at=at(3, 9, 1, 10),
        started_at=at(3, 9, 21), finished_at=at(3, 9, 30), actor="hash of github-actions", actor_kind="bot",
        run_id="acme/shop/runs/9001", mechanism="deploy", url="https://github.example/acme/shop/actions/runs/9001/job/502",
    )  # fmt: skip
    assert wait == PipelineStep(
        source="hub", run_id="acme/shop/runs/9001", id="approval/production", updated_at=at(3, 9, 20), manual=True,
        step="approval: production", created_at=at(3, 9, 1, 20), started_at=at(3, 9, 1, 20), finished_at=at(3, 9, 20),
    )  # fmt: skip
    assert person == Person(author="hash of github-actions", name="github-actions", is_bot=True)


@pytest.mark.parametrize(
    ("entries", "status", "finished"),
    [
        ((("SUCCESS", "10:05:00"), ("SUCCESS", "10:02:00")), "succeeded", at(3, 10, 2)),
        ((("FAILURE", "10:05:00"), ("IN_PROGRESS", "10:01:00")), "failed", at(3, 10, 5)),
        ((("ERROR", "10:05:00"),), "failed", at(3, 10, 5)),
        ((("FAILURE", "10:01:00"), ("SUCCESS", "10:09:00")), "succeeded", at(3, 10, 9)),
        ((("FAILURE", "10:01:00"), ("INACTIVE", "10:09:00")), "failed", at(3, 10, 1)),
        ((("INACTIVE", "10:09:00"), ("IN_PROGRESS", "10:01:00")), "cancelled", at(3, 10, 9)),
        ((("IN_PROGRESS", "10:01:00"), ("QUEUED", "10:00:00")), "running", None),
        ((("QUEUED", "10:00:00"),), "pending", None),
        ((("WAITING", "10:00:00"),), "pending", None),
        ((), "pending", None),
    ],
)
def test_deployment_outcome_follows_its_statuses(entries: Any, status: str, finished: datetime | None) -> None:
    record = deployed(*entries)
    assert (record.status, record.finished_at) == (status, finished)


def test_deployment_of_a_branch_has_a_commit_but_no_version() -> None:
    record = deployed(ref={"name": "main", "prefix": "refs/heads/"})
    assert (record.version, record.sha) == (None, SHA)


def test_deployment_whose_number_outgrew_the_field_keeps_its_node_id() -> None:
    assert deployed(databaseId=None).id == "acme/shop#DE_1"


def test_release_is_a_tag_and_only_when_chosen_a_deployment() -> None:
    tag = Tag(repository="acme/shop", name="v1.2.0", sha=SHA, tagged_at=at(3, 9, 30))
    assert release(payload("release"), ORIGIN, None) == [tag]
    records = release(payload("release"), ORIGIN, "live")
    assert records == [
        tag,
        Deployment(
            source="hub", id="acme/shop@v1.2.0", updated_at=at(3, 11, 0, 5), repository="acme/shop", environment="live",
            version="v1.2.0", sha=SHA, commit_rule="tag", created_at=at(3, 10), finished_at=at(3, 11),
            actor="hash of ben", actor_kind="human", mechanism="release",
            url="https://github.example/acme/shop/releases/tag/v1.2.0",
        ),
        Person(author="hash of ben", name="ben"),
    ]  # fmt: skip


def test_draft_is_nothing_and_prerelease_no_deployment() -> None:
    assert release(changed("release", isDraft=True), ORIGIN, "live") == []
    assert [type(r) for r in release(changed("release", isPrerelease=True), ORIGIN, "live")] == [Tag]


def test_release_with_a_plain_tag_carries_the_commit_time() -> None:
    node = changed("release", tag={"target": {"__typename": "Commit"}})
    assert release(node, ORIGIN, None)[0].tagged_at == at(3, 9)  # type: ignore[attr-defined]


def test_release_whose_tag_is_gone_is_rejected_but_still_a_deployment() -> None:
    records = release(changed("release", tag=None, tagCommit=None), ORIGIN, "live")
    assert [type(record) for record in records] == [Rejected, Deployment, Person]


def test_incident_is_read_whole() -> None:
    assert incident(payload("issue"), ORIGIN, ("sev*",)) == [
        Incident(
            source="hub", id="acme/shop#77", updated_at=at(3, 14), repository="acme/shop", title="Checkout is down",
            severity="sev-1", detected_at=at(3, 12), resolved_at=at(3, 14), deployment="acme/shop#4711", pull_request=1,
            fix_pull_request=3, labels=("incident", "sev-1"), url="https://github.example/acme/shop/issues/77",
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "pull_request_number", "sha"),
    [
        ("**Caused by:** https://github.example/acme/shop/pull/12", 12, None),
        ("- caused by 1a2b3c4d", None, "1a2b3c4d"),
        ("It was not caused by #3 at all", None, None),
        ("", None, None),
    ],
)
def test_incident_names_its_cause_on_a_line_of_its_own(
    body: str, pull_request_number: int | None, sha: str | None
) -> None:
    record = incident(changed("issue", body=body), ORIGIN, ())[0]
    assert isinstance(record, Incident)
    assert (record.pull_request, record.sha, record.deployment) == (pull_request_number, sha, None)


def test_fix_from_another_repository_is_not_taken_for_one_of_ours() -> None:
    closer = {"__typename": "PullRequest", "number": 3, "repository": {"nameWithOwner": "acme/other"}}
    assert incident(changed("issue", closing={"nodes": [{"closer": closer}]}), ORIGIN, ())[0].fix_pull_request is None  # type: ignore[attr-defined]


def test_workflow_run_ends_with_the_last_job_of_its_last_attempt() -> None:
    records = workflow_run(
        payload("workflow_runs")["workflow_runs"][0], payload("workflow_jobs")["jobs"], ORIGIN, "live"
    )
    run = records[0]
    assert run == PipelineRun(
        source="hub", id="acme/shop/runs/9001", updated_at=at(3, 9, 40), repository="acme/shop", pipeline="Deploy",
        branch="main", sha=SHA, event="push", attempt=2, status="succeeded", created_at=at(3, 9, 1),
        started_at=at(3, 9, 20), finished_at=at(3, 9, 30), actor="hash of ben", actor_kind="human",
        url="https://github.example/acme/shop/actions/runs/9001",
    )  # fmt: skip
    assert records[-1] == Deployment(
        source="hub", id="acme/shop/runs/9001", updated_at=at(3, 9, 40), repository="acme/shop", environment="live",
        sha=SHA, commit_rule="sha", status="succeeded", created_at=at(3, 9, 1), started_at=at(3, 9, 20),
        finished_at=at(3, 9, 30), actor="hash of ben", actor_kind="human", run_id="acme/shop/runs/9001",
        mechanism=".github/workflows/deploy.yml", url="https://github.example/acme/shop/actions/runs/9001",
    )  # fmt: skip


def test_jobs_and_steps_keep_their_times_and_what_went_wrong() -> None:
    records = workflow_run(payload("workflow_runs")["workflow_runs"][0], payload("workflow_jobs")["jobs"], ORIGIN, None)
    steps = [record for record in records if isinstance(record, PipelineStep)]
    assert [(s.id, s.step, s.position, s.status, s.signature) for s in steps] == [
        ("501", "", 0, "failed", "failure"),
        ("501/1", "Check out", 1, "succeeded", None),
        ("501/2", "Migrate", 2, "failed", "timed_out"),
        ("501/3", "Switch", 3, "cancelled", "skipped"),
        ("502", "", 0, "succeeded", None),
        ("502/1", "Check out", 1, "succeeded", None),
        ("502/2", "Migrate", 2, "succeeded", None),
        ("503", "", 0, "cancelled", "skipped"),
    ]
    assert (steps[2].started_at, steps[2].finished_at) == (at(3, 9, 2, 10), at(3, 9, 10))
    assert {step.run_id for step in steps} == {"acme/shop/runs/9001"}


def test_job_that_waits_for_approval_is_manual_and_its_run_unfinished() -> None:
    run, jobs = run_answers(5, 0, None)
    jobs[0] |= {"status": "waiting", "conclusion": None, "started_at": "2025-01-01T00:00:00Z", "steps": []}
    records = workflow_run(run | {"status": "waiting"}, jobs, ORIGIN, None)
    assert [(r.status, r.manual) for r in records if isinstance(r, PipelineStep)] == [("pending", True)]
    assert (records[0].status, records[0].finished_at) == ("pending", None)  # type: ignore[attr-defined]


def test_skipped_run_is_no_deployment() -> None:
    run, jobs = run_answers(5, 0, "skipped")
    assert not [r for r in workflow_run(run, jobs, ORIGIN, "live") if isinstance(r, Deployment)]


def test_names_are_left_out_when_they_are_not_kept() -> None:
    nameless = replace(ORIGIN, names=False)
    assert [type(record) for record in pull_request(payload("pull_request"), nameless)] == [PullRequest]


def test_half_a_character_in_a_title_becomes_a_question_mark() -> None:
    record = pull_request(changed("pull_request", title="<script>\ud800"), ORIGIN)[0]
    assert record.title == "<script>?"  # type: ignore[attr-defined]
