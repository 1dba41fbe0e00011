"""What the data cannot tell: counted over all subjects, shown with examples, and laid to the metrics that it touches."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dora.definitions import Definitions
from dora.model import Commit, Deployment, FlagChange, Incident, PullRequest, Record, Verification
from dora.period import Period
from dora.warehouse import Builder
from metrics.build import Setting
from metrics.catalog import METRICS
from metrics.quality import BY_CHANGE, OF_ALL, OF_QUEUES, OF_SERVICES, Finding, caveats, findings, record
from metrics.quality_effects import NEXT_STEPS, TITLES, TOUCHES
from metrics.question import Question
from metrics.scorecard import scorecard
from metrics.services import ServiceName
from tests import made_up_history
from tests.in_memory import facts_of_records
from tests.made_up_history import END, START, history
from tests.metrics.test_naive_agreement import DEFINITIONS, with_own

LEAD = "change_lead_time"
YEAR = timedelta(days=365)
AT = datetime(2025, 1, 3, 10, tzinfo=UTC)


def test_every_finding_has_a_title_and_tells_which_metrics_it_touches() -> None:
    names = {
        *OF_SERVICES,
        *BY_CHANGE,
        *OF_ALL,
        *OF_QUEUES,
        "paths_match_nothing",
        "production_matches_nothing",
        "production_matches_everything",
    }
    assert set(TITLES) == set(TOUCHES) == names
    assert set(NEXT_STEPS) == names
    assert {touch.metric for touches in TOUCHES.values() for touch in touches} <= set(METRICS)


def test_counts_go_over_all_subjects_and_examples_over_five() -> None:
    found = _findings([_commit(0), *(_deployment(n, version="nightly") for n in range(700))])["unresolved_version"]
    assert (found.found, found.services, len(found.examples)) == (700, 1, 5)
    assert found.examples[0] == "ci/0: no tag or commit nightly in the repository"
    rates = {effect.metric: (effect.rows, effect.of, effect.direction) for effect in found.effects}
    assert rates["change_fail_rate"] == (700, 700, "lower")


def test_the_worst_example_comes_first_and_says_by_how_much() -> None:
    """d1 finished on the 3rd at 10:01 and ships c1, committed at 11:31, and c2, committed at 12:31: 2.5 h at most."""
    commits = [_commit(n, committed_at=AT + timedelta(minutes=31 + 60 * n)) for n in range(3)]
    found = _findings([*commits, _deployment(0, sha=f"{0:040x}"), _deployment(1, sha=f"{2:040x}")])[
        "negative_lead_time"
    ]
    assert (found.found, found.largest_seconds) == (2, 9000)
    assert found.examples[0] == f"{2:040x}: committed 2.5 hours after it was deployed"


def test_a_clock_that_is_half_a_minute_wrong_is_told_in_seconds() -> None:
    """d1 finished on the 3rd at 10:01 and ships c1, committed 30 s later."""
    commits = [_commit(0), _commit(1, committed_at=AT + timedelta(seconds=90))]
    found = _findings([*commits, _deployment(0, sha=f"{0:040x}"), _deployment(1, sha=f"{1:040x}")])
    assert found["negative_lead_time"].examples[0] == f"{1:040x}: committed 30 seconds after it was deployed"


def test_changes_that_a_version_nobody_knows_delays_are_counted() -> None:
    """c1 went live with d1, whose version names no commit; d2 seems to ship c1 and c2."""
    records = [
        _commit(0),
        _commit(1),
        _commit(2),
        _deployment(0, sha=f"{0:040x}"),
        _deployment(1, version="x", sha=None),
    ]
    found = _findings([*records, _deployment(2, sha=f"{2:040x}")])["unresolved_version"]
    lead = next(effect for effect in found.effects if effect.metric == "change_lead_time")
    assert (lead.rows, lead.of, lead.direction) == (2, 2, "higher")


def test_patterns_that_match_no_environment_or_all_of_them_are_findings() -> None:
    both = [_deployment(0, environment="blue"), _deployment(1, environment="test")]
    assert "production_matches_nothing" in _findings(both)
    assert "production_matches_everything" in _findings(both, production=("*",))
    assert not {"production_matches_nothing", "production_matches_everything"} & set(
        _findings(both, production=("blue",))
    )


@pytest.mark.parametrize("names", [("prod-eu", "production_1", "eu-live"), ("PROD1", "live.eu")])
def test_regions_that_say_themselves_that_they_are_production_are_not_everything(names: Sequence[str]) -> None:
    regions = [_deployment(n, environment=name) for n, name in enumerate(names)]
    assert "production_matches_everything" not in _findings(regions, production=("*",))


@pytest.mark.parametrize("other", ["nonprod", "preprod", "pre-production", "delivery", "products"])
def test_a_name_that_only_holds_the_letters_of_production_is_another_environment(other: str) -> None:
    both = [_deployment(0, environment="production"), _deployment(1, environment=other)]
    assert "production_matches_everything" in _findings(both, production=("*",))


def test_times_after_now_are_findings_and_others_are_not() -> None:
    reader = facts_of_records(
        [_commit(0, committed_at=AT), _deployment(0, sha=f"{0:040x}")], Setting(Definitions(), SERVICES)
    )
    assert isinstance(reader, Builder)
    for now, expected in ((AT - timedelta(hours=2), 2), (AT + timedelta(days=1), 0)):
        record(reader, Definitions(), now)
        assert sum(f.found for f in findings(reader) if f.finding == "future_time") == expected


def test_every_kind_of_record_with_a_time_after_now_is_a_finding() -> None:
    later = AT + timedelta(days=2)
    records: list[Record] = [
        Incident(source="pager", id="7", service="shop", detected_at=AT, resolved_at=later),
        PullRequest(source="host", repository="shop", number=3, opened_at=AT, merged_at=later),
        FlagChange(source="flags", id="1", flag="new-basket", changed_at=later),
    ]
    reader = facts_of_records(records, Setting(Definitions(), SERVICES))
    assert isinstance(reader, Builder)
    record(reader, Definitions(), AT + timedelta(days=1))
    told = [
        example.split(": ", 1) for one in findings(reader) if one.finding == "future_time" for example in one.examples
    ]
    assert {subject: text.rsplit(" ", 4)[0] for subject, text in told} == {
        "pager/7": "a moment of this incident is",
        "shop#3": "a moment of this pull request is",
        "flag new-basket": "changed",
    }


def test_only_what_succeeded_in_production_is_laid_to_the_metrics() -> None:
    """A known service in staging and an unknown one, of whose four deployments one went live; all are of tomorrow."""
    records: list[Record] = [_commit(n) for n in range(2)]
    records += [_deployment(n, sha=f"{n:040x}", environment="staging") for n in range(2)]
    for number, more in enumerate(({}, {"status": "failed"}, {"environment": "staging"}, {"environment": None})):
        told = {"environment": "production", "service": "cart", "repository": None} | more
        records.append(replace(_deployment(9 + number, version="1"), **told))  # type: ignore[arg-type]
    reader = facts_of_records(records, Setting(Definitions(), SERVICES))
    assert isinstance(reader, Builder)
    record(reader, Definitions(), AT - timedelta(hours=1))
    found = {one.finding: one for one in findings(reader)}
    assert (found["future_time"].found, found["future_time"].effects) == (2, ())
    assert {effect.rows for effect in found["unknown_service"].effects} == {1}


def test_what_is_shipped_by_a_commit_and_a_deployment_of_the_future_is_counted_once() -> None:
    records = [_commit(0), _commit(1), _commit(2, committed_at=AT), _deployment(0, sha=f"{0:040x}")]
    reader = facts_of_records([*records, _deployment(1, sha=f"{2:040x}")], Setting(Definitions(), SERVICES))
    assert isinstance(reader, Builder)
    record(reader, Definitions(), AT - timedelta(hours=1))
    touched = {e.metric: (e.rows, e.of) for f in findings(reader) if f.finding == "future_time" for e in f.effects}
    assert touched == {"change_lead_time": (2, 2), "change_fail_rate": (2, 2)}


@pytest.mark.parametrize("chosen", range(len(DEFINITIONS)))
def test_negative_lead_times_are_those_that_the_metric_leaves_out(chosen: int) -> None:
    """For every clock and change, some of them of one service alone; and what the metric has in all is what it counts."""
    chance = random.Random(chosen)
    definitions = with_own(DEFINITIONS[chosen], {"api": {"clock": "merged"}, "web": {"change": "pull_request"}})
    setting = Setting(definitions, made_up_history.SERVICES)
    every = ({}, {"clock": "merged"}, {"clock": "opened", "change": "pull_request"}, {"bots": False})
    for settings in every[chosen % 2 :: 2]:
        theirs = replace(definitions, **settings)
        reader = facts_of_records(history(chance), replace(setting, definitions=theirs), findings=True)
        question = Question(period=Period(START - YEAR, END + YEAR), as_of=END + YEAR, definitions=theirs)
        lead = scorecard(reader, question).groups[0].change_lead_time
        found = {one.finding: one for one in findings(reader)}
        rows = {name: effect.rows for name, one in found.items() for effect in one.effects if effect.metric == LEAD}
        assert rows.get("negative_lead_time", 0) == lead.negative
        [of] = {e.of for one in found.values() for e in one.effects if e.metric == LEAD and e.things == "rows"}
        assert of == lead.n + lead.negative + rows.get("change_without_clock", 0)


def test_failures_are_counted_as_far_as_the_definitions_count_their_kind() -> None:
    """A check tells that one failed; where checks are no evidence, no failure is known."""
    checked = Verification(source="ci", id="v", deployment="1", status="failed", finished_at=AT + timedelta(hours=1))
    lost = Incident(source="pager", id="1", service="shop", detected_at=AT)
    records = [_deployment(0, version="1"), _deployment(1, version="2"), checked, lost]
    for kinds, expected in ((("verification",), 1), (("revert",), 0)):
        found = _findings(records, failure_kinds=kinds)["unlinked_incident"]
        assert [e.of for e in found.effects if e.metric == "failed_deployment_recovery_time"] == [expected]


def test_where_nothing_tells_of_most_failures_that_stands_beside_the_headline() -> None:
    incident = Incident(source="pager", id="1", service="shop", detected_at=AT)
    for more, told in (([], 1), ([incident], 0)):
        setting = Setting(Definitions())
        reader = facts_of_records([_commit(0), _deployment(0, version="1"), *more], setting, findings=True)
        found = caveats(reader, ASKED)
        assert len(found) == told
        assert all("only moves back, reverts and hotfixes show that one failed" in sentence for sentence in found)


def test_patterns_that_tell_no_production_apart_stand_beside_the_headline() -> None:
    both = [_deployment(0, environment="blue"), _deployment(1, environment="test")]
    told = []
    for patterns in (("live", "prod-*"), ("*",), ("blue",)):
        definitions = Definitions(production=patterns)
        found = caveats(facts_of_records(both, Setting(definitions, SERVICES), findings=True), ASKED)
        told.append([sentence for sentence in found if "production" in sentence])
    assert told == [
        [
            "no environment counts as production by live, prod-*; the environments are blue, test; "
            "set [definitions] production, or that of the service, to a name that `dora doctor` lists, then `dora build`"
        ],
        [
            "every environment counts as production by *; the environments are blue, test; "
            "narrow [definitions] production, or that of the service, then `dora build`"
        ],
        [],
    ]


@pytest.mark.parametrize(
    ("patterns", "asked", "told"),
    [
        (
            "nosuch",
            ("c",),
            ["no environment of c counts as production by nosuch; the environments of c are live, test"],
        ),
        ("*", ("c",), ["every environment of c counts as production by *; the environments of c are live, test"]),
        ("nosuch", (), ["no environment of c counts as production by nosuch; the environments of c are live, test"]),
        ("nosuch", ("a",), []),
        ("live", ("c",), []),
    ],
)
def test_patterns_of_a_service_stand_beside_the_figures_that_include_it(
    patterns: str, asked: tuple[str, ...], told: list[str]
) -> None:
    reader = facts_of_records(_in_live_and_test("ac"), _setting_of("ac", "c", patterns), findings=True)
    found = caveats(reader, replace(ASKED, services=asked))
    assert [sentence.rsplit("; ", 1)[0] for sentence in found if "production" in sentence] == told


def test_patterns_that_only_other_services_follow_do_not_stand_beside_the_figures() -> None:
    """Both deploy to live, which only c's own patterns take for production: a has no figure, c has."""
    setting = _setting_of("ac", "c", "live", production=("nosuch",))
    reader = facts_of_records(_in_live_and_test("ac"), setting, findings=True)
    found = {asked: caveats(reader, replace(ASKED, services=(asked,))) for asked in "ac"}
    assert [len([sentence for sentence in found[asked] if "nosuch" in sentence]) for asked in "ac"] == [1, 0]


def test_of_many_services_with_such_patterns_five_are_named_and_the_rest_counted() -> None:
    reader = facts_of_records(_in_live_and_test("abcdefg"), _setting_of("abcdefg", "abcdefg", "nosuch"), findings=True)
    found = [sentence for sentence in caveats(reader, ASKED) if "nosuch" in sentence or "besides" in sentence]
    assert [sentence.split()[3] for sentence in found[:5]] == [*"abcde"]
    assert found[5:] == ["services with such patterns besides these: 2; `dora metrics --quality` counts all"]


def test_production_that_is_everything_touches_every_figure_over_deployments() -> None:
    found = _findings(_in_live_and_test(["shop"]), production=("*",))["production_matches_everything"]
    assert {effect.metric for effect in found.effects} == {
        "deployment_frequency", "change_lead_time", "change_fail_rate", "deployment_rework_rate",
    }  # fmt: skip


def test_a_quiet_repository_is_laid_to_the_lead_time_and_not_to_the_frequency() -> None:
    commits = [_commit(n, committed_at=AT + timedelta(days=n - 40)) for n in range(10)]
    late = [_deployment(n, finished_at=AT + timedelta(days=n - 10), version="x") for n in range(10)]
    found = _findings([*commits, *late])["stale_source"]
    assert found.examples[0].startswith("shop (commits)")
    assert [effect.metric for effect in found.effects] == ["change_lead_time"]


def test_a_source_that_stopped_is_told_from_one_that_is_merely_slow() -> None:
    daily = [_deployment(n, finished_at=AT + timedelta(days=n)) for n in range(10)]
    weekly = [
        Incident(source="pager", id=str(n), service="shop", detected_at=AT + timedelta(days=7 * n - 30))
        for n in range(6)
    ]
    late = [PullRequest(source="host", repository="shop", number=1, state="merged", merged_at=AT + timedelta(days=16))]
    assert _findings([*daily, *weekly, *late])["stale_source"].examples == (
        "ci (deployments): nothing new for 7 days; usually every day",
    )


def test_a_clock_is_missed_by_each_services_own_definitions() -> None:
    """shop's lead time starts when a pull request was opened, and c1 has none; the organisation's at the commit."""
    records = [_commit(0), _commit(1), _deployment(0, sha=f"{0:040x}"), _deployment(1, sha=f"{1:040x}")]
    assert "change_without_clock" not in _findings(records)
    found = _findings(records, services=(("shop", Definitions(clock="opened")),))["change_without_clock"]
    assert (found.found, found.examples) == (1, (f"{1:040x}: no moment it was opened",))


def test_a_stage_nobody_knows_is_counted_among_pull_requests() -> None:
    """Three changes shipped, two of them by a pull request, of which one was never reviewed."""
    records: list[Record] = [_commit(n) for n in range(4)]
    records += [_deployment(0, sha=f"{0:040x}"), _deployment(1, sha=f"{3:040x}")]
    known = {"first_commit_at": AT - timedelta(days=3), "opened_at": AT - timedelta(days=2)}
    for number, reviewed in ((1, AT - timedelta(days=1)), (2, None)):
        records.append(
            PullRequest(
                source="host", repository="shop", number=number, state="merged", merged_at=AT - timedelta(hours=9),
                merge_sha=f"{number:040x}", first_review_at=reviewed, **known,
            )
        )  # fmt: skip
    found = _findings(records)["missing_stage"]
    assert [(effect.rows, effect.of, effect.things) for effect in found.effects] == [(1, 2, "pull requests")]


def test_without_records_nothing_is_found() -> None:
    assert _findings([]) == {}


SERVICES = (ServiceName(service="shop", repository="shop"),)
ASKED = Question(period=Period(AT - YEAR, AT + YEAR), as_of=AT + YEAR)


def _in_live_and_test(services: Iterable[str]) -> list[Deployment]:
    """One deployment of each service to each."""
    return [
        replace(
            _deployment(number, environment=environment), service=service, repository=service, id=environment + service
        )
        for number, environment in enumerate(("live", "test"))
        for service in services
    ]


def _setting_of(services: Iterable[str], own: Iterable[str], patterns: str, **definitions: object) -> Setting:
    """Services of which some have these patterns of their own."""
    common = Definitions(**definitions)  # type: ignore[arg-type]
    known = tuple(ServiceName(service=name, repository=name) for name in services)
    return Setting(with_own(common, {name: {"production": (patterns,)} for name in own}), known)


def _findings(records: Sequence[Record], **definitions: object) -> dict[str, Finding]:
    chosen = Definitions(**definitions)  # type: ignore[arg-type]
    return {
        found.finding: found for found in findings(facts_of_records(records, Setting(chosen, SERVICES), findings=True))
    }


def _commit(number: int, committed_at: datetime = AT - timedelta(days=1)) -> Commit:
    parents = (f"{number - 1:040x}",) if number else ()
    return Commit(repository="shop", sha=f"{number:040x}", parents=parents, committed_at=committed_at)


def _deployment(
    number: int, sha: str | None = None, version: str | None = None, environment: str = "production",
    finished_at: datetime | None = None,
) -> Deployment:  # fmt: skip
    return Deployment(
        source="ci", id=str(number), service="shop", repository="shop", environment=environment, sha=sha,
        version=version, finished_at=finished_at or AT + timedelta(minutes=number),
    )  # fmt: skip
