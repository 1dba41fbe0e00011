"""The story of one deployment, read back from a file that the real build published."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from dashboard.report.markdown import render
from dora.definitions import Definitions
from dora.errors import DoraError
from dora.model import Deployment, Incident, Record, Verification
from dora.period import Period
from dora.warehouse import Reader, open_published
from metrics.build import Setting
from metrics.deployment_list import deployment_list
from metrics.deployment_story import deployment_story, failed_deployments, find_deployment
from metrics.explain import explain
from metrics.plain_text import plain_text, safe_link
from metrics.question import Question, published_as_of, published_definitions
from metrics.services import ServiceName
from metrics.story import DeploymentStory, Span
from metrics.story_compare import compare
from metrics.story_recovery import ended_by, recoveries
from tests.made_up_history import OWNERS, SERVICES, START, decisions, history
from tests.metrics.test_naive_agreement import DEFINITIONS, OWN, with_own
from tests.organisations import publish_records
from tests.stories import HASH, MAIL, NAME, commit, day, deployment, ordinary, publish, reverted, rolled_back, sha

END = day(40)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return publish(tmp_path_factory.mktemp("story"), [*ordinary(), *reverted(), *rolled_back()])


def told(reader: Reader, name: str, as_of: datetime = END, names: bool = False) -> DeploymentStory:
    return deployment_story(reader, f"ci/{name}", as_of, names=names)


def published(folder: Path, more: Sequence[Record], **definitions: object) -> Reader:
    return publish(folder, [*ordinary(), *more], **definitions)


def span(story: DeploymentStory, name: str) -> Span:
    return next(item for item in story.spans if item.name == name)


def test_strongest_evidence_gives_the_verdict(reader: Reader) -> None:
    story = told(reader, "bad")
    assert (story.verdict.state, story.verdict.kind, story.verdict.confidence) == ("failed", "linked_incident", 0.95)
    assert [(row.kind, row.about) for row in story.evidence] == [
        ("linked_incident", "Prices are wrong, ask [e-mail]"),
        ("revert", 'Revert "Show prices"'),
    ]


def test_recovery_is_the_earliest_of_all_evidence(reader: Reader) -> None:
    ended = told(reader, "bad").recovery
    assert ended is not None
    assert (ended.style, ended.recovery_id, ended.seconds) == ("rolled forward with a revert", "ci/fix", 6000.0)


def test_of_evidence_that_tells_one_end_the_fix_is_named(tmp_path: Path) -> None:
    """The incident is over the moment the revert is deployed: that it is says more than that it is over."""
    over = Incident(
        source="pager", id="i2", service="shop", deployment="bad", detected_at=day(12, 30), resolved_at=day(12, 100)
    )
    ended = told(published(tmp_path, [*reverted(), over]), "bad").recovery
    assert ended is not None
    assert (ended.style, ended.recovery_id, ended.seconds) == ("rolled forward with a revert", "ci/fix", 6000.0)


def test_rollback_is_told_as_rolled_back(reader: Reader) -> None:
    ended = told(reader, "slow").recovery
    assert ended is not None
    assert (ended.style, ended.version, ended.seconds) == ("rolled back", "v14", 3600.0)


def test_every_span_names_both_clocks(reader: Reader) -> None:
    story = told(reader, "bad")
    assert {item.name: item.seconds for item in story.spans} == {
        "time to first evidence": 1200.0,
        "time to detect": 900.0,
        "time to acknowledge": 120.0,
        "time to mitigate": 5700.0,
        "time to restore": 6300.0,
        "failed deployment recovery time": 6000.0,
    }
    detect = span(story, "time to detect")
    assert (detect.start_clock, detect.end_clock) == ("impact started", "detected")


def test_span_without_a_clock_is_unknown_and_not_zero(reader: Reader) -> None:
    detect = span(told(reader, "slow"), "time to detect")
    assert (detect.seconds, detect.why_unknown) == (None, "no incident is linked to this deployment")


def test_spans_of_an_incident_without_the_start_of_its_impact_start_at_its_detection(tmp_path: Path) -> None:
    near = Incident(
        source="pager", id="i", service="shop", deployment="d5", detected_at=day(5, 30), mitigated_at=day(5, 40),
        resolved_at=day(5, 50),
    )  # fmt: skip
    story = told(published(tmp_path, [near]), "d5")
    detect = span(story, "time to detect")
    assert (detect.start_clock, detect.seconds) == ("impact started", None)
    assert detect.why_unknown == "the incident does not say when: impact started"
    for name, seconds in (("time to mitigate", 600.0), ("time to restore", 1200.0)):
        assert (span(story, name).start_clock, span(story, name).seconds) == ("detected", seconds)


def test_timeline_is_in_order_and_every_moment_has_clock_and_source(reader: Reader) -> None:
    moments = told(reader, "bad").timeline
    assert [moment.at for moment in moments] == sorted(moment.at for moment in moments)
    assert all(moment.clock and moment.source for moment in moments)
    names = [moment.name for moment in moments]
    assert [name for name in names if name in ("rehearsed", "deployed", "impact started", "detected", "recovered")] == [
        "rehearsed", "deployed", "impact started", "detected", "recovered",
    ]  # fmt: skip


def test_shipped_commit_that_the_evidence_reverts_is_marked(reader: Reader) -> None:
    marks = {commit.sha[:4]: commit.taken_back_by for commit in told(reader, "bad").commits}
    assert marks["0012"] is None
    assert (marks["0013"] or "").startswith("0014")


def test_batch_and_lead_time_are_compared_with_the_earlier_deployments(reader: Reader) -> None:
    story = told(reader, "bad")
    batch = story.batch[0]
    assert (batch.value, batch.n, batch.low, batch.median, batch.high) == (2.0, 11, 1.0, 1.0, 1.0)
    assert (story.lead_time.value, story.lead_time.median) == (11700.0, 3600.0)


def test_fewer_than_five_earlier_values_have_no_usual() -> None:
    assert compare("commits", "count", 3.0, [1.0, 2.0, 3.0, 4.0]).median is None
    assert compare("commits", "count", 3.0, [1.0, 2.0, 3.0, 4.0, 10.0]).median == 3.0


def test_pipeline_steps_checks_flags_and_incident_are_told(reader: Reader) -> None:
    story = told(reader, "bad")
    assert [(step.step, step.status, step.seconds) for step in story.steps] == [
        ("build", "succeeded", 240.0),
        ("smoke", "failed", 240.0),
    ]
    assert [check.name for check in story.checks] == ["smoke test"]
    assert [flag.state for flag in story.flags] == ["off"]
    assert [(incident.incident_id, incident.is_linked) for incident in story.incidents] == [("pager/i1", True)]


def test_a_check_that_names_a_service_of_a_shared_repository_by_its_alias_is_told(tmp_path: Path) -> None:
    """web is called site now; the check of core is not told of site."""
    services = (
        ServiceName(service="core", repository="mono"),
        ServiceName(service="site", repository="mono", aliases=("web",)),
    )
    records: list[Record] = [Deployment(source="ci", id="1", repository="mono", version="v1", finished_at=day(1))]
    for name in ("web", "site", "core"):
        records.append(Verification(source="ci", id=name, deployment=f"ci/1#{name}", name=name, finished_at=day(1)))
    reader = open_published(publish_records(tmp_path, records, Setting(Definitions(), services)))
    assert [check.name for check in told(reader, "1#site").checks] == ["site", "web"]
    assert [check.name for check in told(reader, "1#core").checks] == ["core"]
    reader.close()


def test_similar_past_failures_are_told_with_their_recovery(reader: Reader) -> None:
    similar = told(reader, "slow").similar
    assert [(row.deployment_id, row.style, row.seconds) for row in similar] == [
        ("ci/bad", "rolled forward with a revert", 6000.0)
    ]
    assert told(reader, "bad").similar == ()


def test_deployment_that_ended_another_failure_says_so(reader: Reader) -> None:
    assert [row.deployment_id for row in told(reader, "back").recovers] == ["ci/slow"]


def test_a_failure_with_several_pieces_of_evidence_is_ended_once(tmp_path: Path) -> None:
    seen = Incident(
        source="pager", id="i", service="shop", deployment="slow", fix_deployment="back", detected_at=day(20, 30),
        resolved_at=day(20, 60),
    )  # fmt: skip
    [ended] = told(published(tmp_path, [*reverted(), *rolled_back(), seen]), "back").recovers
    assert (ended.deployment_id, ended.why) == ("ci/slow", "linked_incident, rollback")


def test_a_revert_that_an_incident_names_as_its_fix_is_still_a_revert(tmp_path: Path) -> None:
    seen = Incident(
        source="pager", id="j", service="shop", deployment="bad", fix_deployment="fix", detected_at=day(12, 20)
    )
    ended = told(published(tmp_path, [*reverted(), seen]), "bad").recovery
    assert ended is not None
    assert (ended.style, ended.recovery_id, ended.seconds) == ("rolled forward with a revert", "ci/fix", 6000.0)


def test_deployment_without_evidence_did_not_fail(reader: Reader) -> None:
    story = told(reader, "d5")
    assert (story.verdict.state, story.recovery, story.spans) == ("not failed", None, ())


def test_young_deployment_is_pending_until_its_window_has_passed(reader: Reader) -> None:
    assert told(reader, "d5", day(5, 60)).verdict.state == "pending"
    assert told(reader, "d5", day(6)).verdict.state == "not failed"


def test_nothing_after_as_of_is_told(reader: Reader) -> None:
    story = told(reader, "bad", day(12, 30))
    assert [row.kind for row in story.evidence] == ["linked_incident"]
    assert story.recovery is not None
    assert (story.recovery.is_open, story.recovery.seconds) == (True, 1800.0)
    assert all(moment.at <= day(12, 30) for moment in story.timeline)


def test_deployment_outside_production_is_not_judged(reader: Reader) -> None:
    assert told(reader, "s5").verdict.state == "not judged"


def test_failed_rollout_is_not_judged(tmp_path: Path) -> None:
    made = published(tmp_path, [deployment(11, day(13), id="broken", status="failed")])
    verdict = told(made, "broken").verdict
    assert (verdict.state, "failed" in verdict.why) == ("not judged", True)


def test_evidence_outside_the_window_is_kept_with_its_reason(tmp_path: Path) -> None:
    made = published(tmp_path, [*reverted()[:-6], *rolled_back()], failure_window_seconds=3600.0)
    story = told(made, "slow")
    assert story.verdict.state == "not failed"
    assert [(row.kind, row.why_not) for row in story.evidence] == [
        ("rollback", "outside the failure window: 1.0 h after the deployment, the window is 1 h")
    ]


def test_what_evidence_might_speak_of_besides_is_told_with_its_reason(tmp_path: Path) -> None:
    """The incident names d5; d6 was live when it began."""
    about = Incident(source="pager", id="i", service="shop", deployment="d5", detected_at=day(6, 30))
    story = told(published(tmp_path, [about]), "d5")
    found = [(row.kind, other.deployment_id, other.why) for row in story.evidence for other in row.candidates]
    assert found == [("linked_incident", "ci/d6", "live when the incident began")]
    assert "Runner-up candidates" in render(story)
    assert "live when the incident began" in render(story)


def test_kind_that_the_definitions_leave_out_is_kept_with_its_reason(tmp_path: Path) -> None:
    near = Incident(source="pager", id="near", service="shop", title="Slow", detected_at=day(5, 30))
    story = told(published(tmp_path, [near]), "d5")
    assert story.verdict.state == "not failed"
    assert [row.why_not for row in story.evidence] == [
        "the definitions in use do not count evidence of the kind proximity"
    ]


def test_unresolved_version_ships_something_unknown_not_nothing(tmp_path: Path) -> None:
    made = published(tmp_path, [deployment(99, day(13), id="lost", sha="f" * 40)])
    assert any("What it shipped is unknown" in sentence for sentence in told(made, "lost").caveats)


def test_no_name_hash_or_address_is_held_without_names(reader: Reader) -> None:
    for name in ("bad", "slow", "d5", "s5", "fix"):
        text = repr(asdict(told(reader, name)))
        assert HASH not in text
        assert NAME not in text
        assert MAIL not in text


def test_names_come_from_the_people_table_and_never_as_a_hash(reader: Reader) -> None:
    story = told(reader, "bad", names=True)
    assert {commit.author for commit in story.commits} == {NAME}
    assert story.deployment.actor == NAME
    assert HASH not in repr(asdict(story))


def test_repeating_the_question_gives_the_same_story(reader: Reader) -> None:
    assert told(reader, "bad") == told(reader, "bad")


def test_unknown_id_is_one_sentence(reader: Reader) -> None:
    with pytest.raises(DoraError, match="no deployment has the id 'ci/none'"):
        told(reader, "none")


@pytest.mark.parametrize("text", ["ci/bad", "bad", "shop@v13", "v13", "shop@0013abcd", " ci/bad "])
def test_deployment_is_found_by(text: str, reader: Reader) -> None:
    assert find_deployment(reader, text) == "ci/bad"


def test_production_wins_over_other_environments(reader: Reader) -> None:
    assert find_deployment(reader, "shop@v5") == "ci/d5"


def test_text_that_means_several_lists_them(reader: Reader) -> None:
    with pytest.raises(DoraError, match=r"(?s)2 deployments.*ci/again.*ci/slow"):
        find_deployment(reader, "shop@v15")


@pytest.mark.parametrize("text", ["shop@v99", "'; drop table deployments; --", "%", "shop"])
def test_text_that_means_none_lists_the_nearest(text: str, reader: Reader) -> None:
    with pytest.raises(DoraError, match=r"(?s)nearest are:.*shop@v"):
        find_deployment(reader, text)


def test_empty_text_is_refused(reader: Reader) -> None:
    with pytest.raises(DoraError, match="no deployment named"):
        find_deployment(reader, "  ")


def test_failed_deployments_of_a_period(reader: Reader) -> None:
    asked = Question(period=Period(day(0), day(20)), as_of=END)
    assert failed_deployments(reader, asked) == ["ci/bad"]
    later = replace(asked, period=Period(day(12), day(20) + timedelta(seconds=1)))
    assert failed_deployments(reader, later) == ["ci/bad", "ci/slow"]


@pytest.mark.parametrize(("filters", "found"), [
    ({"teams": ("checkout",)}, ["ci/bad", "ci/slow"]), ({"teams": ("other",)}, []),
    ({"services": ("shop",)}, ["ci/bad", "ci/slow"]), ({"services": ("'; drop table deployments; --",)}, []),
    ({"environments": ("production",)}, ["ci/bad", "ci/slow"]), ({"environments": ("staging",)}, []),
])  # fmt: skip
def test_failed_deployments_are_filtered(filters: dict[str, tuple[str, ...]], found: list[str], reader: Reader) -> None:
    asked = Question(period=Period(day(0), END), as_of=END, **filters)  # type: ignore[arg-type]
    assert failed_deployments(reader, asked) == found


@pytest.mark.parametrize(("text", "shown"), [
    ("Fix\n\nSigned-off-by: Ana <ana@example.org>", "Fix"),
    ("Fix Reviewed-by: Ana Markovic", "Fix"),
    ("ask ana.m+x@mail.example.org now", "ask [e-mail] now"),
    ("Bump left-pad@1.2.3", "Bump left-pad@1.2.3"),
    ("Merge pull request #7 from ana/basket", "Merge pull request #7 from a fork: basket"),
    ("Merge pull request #7 from acme/basket", "Merge pull request #7 from acme/basket"),
    ("a\u202eb\x00c", "a b c"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
])  # fmt: skip
def test_free_text_is_shown_as(text: str, shown: str) -> None:
    assert plain_text(text, "acme") == shown


def test_endless_text_is_cut() -> None:
    assert len(plain_text("a@" * 1_000_000)) == 1000


@pytest.mark.parametrize(("url", "link"), [
    ("https://git.example/x?a=1", "https://git.example/x?a=1"), ("javascript:alert(1)", None), ("/x", None),
    ("https://ana:secret@git.example/x", "https://git.example/x"), ("http://[", None), ("https://a b", None),
])  # fmt: skip
def test_only_web_links_without_credentials_are_kept(url: str, link: str | None) -> None:
    assert safe_link(url) == link


def test_hostile_service_and_version_are_only_text(tmp_path: Path) -> None:
    odd = Deployment(
        source="ci", id="'; drop table deployments; --", service="shop", environment="production",
        version="<script>alert(1)</script>", finished_at=day(15),
    )  # fmt: skip
    made = published(tmp_path, [odd])
    found = find_deployment(made, "shop@<script>alert(1)</script>")
    assert deployment_story(made, found, END).deployment.version == "<script>alert(1)</script>"


def chain_of_fixes() -> list[Record]:
    """v12 on day 12 is reverted by v14 after one hour, and what v14 ships besides by v15 after three."""
    return [
        *commit(12, day(12, -30), "Add basket"),
        deployment(12, day(12), id="first"),
        *commit(13, day(12, 40), 'Revert "Add basket"', reverts=(sha(12),)),
        *commit(14, day(12, 50), "Empty the cache"),
        deployment(14, day(12, 60), id="second"),
        *commit(15, day(12, 160), 'Revert "Empty the cache"', reverts=(sha(14),)),
        deployment(15, day(12, 180), id="third"),
    ]


def test_a_fix_that_failed_hands_on_to_its_own_recovery(tmp_path: Path) -> None:
    reader = published(tmp_path, chain_of_fixes())
    story = told(reader, "first")
    ended = story.recovery
    assert ended is not None
    assert (ended.recovery_id, ended.version, ended.recovered_at, ended.seconds) == (
        "ci/third", "v15", day(12, 180), 10800.0,
    )  # fmt: skip
    assert span(story, "failed deployment recovery time").seconds == 10800.0
    assert [(fix.deployment_id, fix.version, fix.finished_at) for fix in ended.failed_fixes] == [
        ("ci/second", "v14", day(12, 60))
    ]
    said = render(story)
    assert "It was rolled forward with a revert by v15 on" in said
    assert "The first fix, v14 on" in said
    asked = Question(period=Period(day(0), END), as_of=END)
    rows = explain(reader, asked, "failed_deployment_recovery_time").rows
    assert [(row["deployment_id"], row["reason"]) for row in rows if row["role"] == "value"] == [
        ("ci/first", "the fix failed too: counts until that failure ended"),
        ("ci/second", ""),
    ]
    similar = told(reader, "second").similar
    assert [(row.deployment_id, row.seconds) for row in similar] == [("ci/first", 10800.0)]


def test_a_fix_that_is_not_yet_known_to_have_failed_ends_the_failure(tmp_path: Path) -> None:
    ended = told(published(tmp_path, chain_of_fixes()), "first", day(12, 150)).recovery
    assert ended is not None
    assert (ended.recovered_at, ended.failed_fixes) == (day(12, 60), ())


def test_a_failure_whose_fix_failed_and_is_open_is_open_too(tmp_path: Path) -> None:
    going = Incident(source="pager", id="i", service="shop", deployment="second", detected_at=day(12, 70))
    story = told(published(tmp_path, [*chain_of_fixes()[:-3], going]), "first")
    assert story.recovery is not None
    assert (story.recovery.is_open, story.recovery.recovered_at) == (True, None)
    assert [fix.version for fix in story.recovery.failed_fixes] == ["v14"]
    assert "The first fix, v14 on" in render(story)


@pytest.mark.parametrize("seed", range(5, 11))
def test_every_failure_recovers_as_in_the_list_of_deployments(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    records = history(chance)
    setting = Setting(
        with_own(DEFINITIONS[seed % len(DEFINITIONS)], OWN[seed % len(OWN)]),
        SERVICES,
        OWNERS,
        decisions(chance, records),
    )
    reader = open_published(publish_records(tmp_path, records, setting))
    as_of = published_as_of(reader)
    asked = Question(
        period=Period(START - timedelta(days=60), as_of + timedelta(days=1)), as_of=as_of,
        definitions=published_definitions(reader),
    )  # fmt: skip
    failed = deployment_list(reader, asked, "failed")
    seconds = dict(failed.select("deployment_id", "recovery_seconds").iter_rows())
    known = "select number, deployment_id, service, finished_at from deployment_facts where finished_at is not null"
    facts = [row for row in reader.records(known, {}) if row["deployment_id"] in seconds]
    assert len(facts) == len(seconds)
    for row in facts:
        definitions = asked.definitions.of(str(row["service"]))
        found = recoveries(reader, definitions, as_of, [row])
        assert list(found) == [row["deployment_id"]]
        for name, ended in found.items():
            assert ended.is_open == (seconds[name] is None)
            assert ended.is_open or ended.seconds == (seconds[name] if seconds[name] >= 0 else None)
            if ended.recovery_id:
                mended = ended_by(reader, definitions, as_of, ended.recovery_id)
                assert name in [other.deployment_id for other in mended]
                assert {other.deployment_id for other in mended} <= set(seconds)


def test_pull_requests_known_from_their_merges_are_not_called_unknown(tmp_path: Path) -> None:
    made = [*commit(0, day(0)), *commit(1, day(1))]
    merged = [*commit(0, day(0)), *commit(1, day(1), "Merge pull request #7 from acme/basket", pull_request=7)]
    for rows, sentence in (
        (merged, "are known from their merges alone: opened and review times are unknown."),
        (made, "opened, review and merge times are unknown."),
    ):
        folder = tmp_path / sentence[:3]
        folder.mkdir()
        story = told(publish(folder, [*rows, deployment(0, day(1)), deployment(1, day(2))]), "d1")
        [told_of] = [caveat for caveat in story.caveats if "ull request" in caveat]
        assert told_of.endswith(sentence)
