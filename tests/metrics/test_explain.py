"""The rows behind a number give the number: for every metric, group, window and definition, on histories with every trap."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Clock, Definitions
from dora.errors import ConfigError
from dora.model import Commit, Deployment, Incident, MainlineCommit, PullRequest, Verification
from dora.overrides import Override, Overrides
from dora.period import Period
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.catalog import METRICS
from metrics.deployment_story import deployment_story
from metrics.explain import Explanation, explain
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from tests.in_memory import facts_of_records
from tests.made_up_history import END, OWNERS, SERVICES, START, decisions, history
from tests.metrics.test_naive_agreement import DEFINITIONS, OWN, with_own

#: Filters of a question: none, services, teams that hand over, and environments.
ASKED: tuple[dict[str, tuple[str, ...]], ...] = (
    {},
    {"services": ("shop",)},
    {"services": ("api", "web")},
    {"teams": ("red",)},
    {"teams": ("blue",), "environments": ("production",)},
    {"environments": ("production-eu",)},
)
HOURS = st.integers(0, 24 * 28)


@settings(max_examples=7, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 2**32), st.sampled_from(DEFINITIONS), st.sampled_from(OWN), st.tuples(HOURS, HOURS), HOURS)
def test_the_rows_behind_a_number_give_the_number(seed, chosen, differing, ends, known):  # type: ignore[no-untyped-def]
    chance = random.Random(seed)
    records = history(chance)
    definitions = with_own(chosen, differing)
    reader = facts_of_records(records, Setting(definitions, SERVICES, OWNERS, decisions(chance, records)))
    first, last = sorted(START + timedelta(hours=end) for end in ends)
    as_of = START + timedelta(hours=known)
    for more in ASKED:
        for period in (Period(START, END), Period(first, last + timedelta(hours=1))):
            _agree(reader, Question(period=period, as_of=as_of, definitions=definitions, **more))


def test_a_metric_that_does_not_exist_is_named_with_the_nearest() -> None:
    reader = facts_of_records([], Setting(DEFINITIONS[0]))
    with pytest.raises(ConfigError, match="change_lead_time"):
        explain(reader, Question(period=Period(START, END), as_of=END), "change_lead_tme")


def test_a_rate_of_nothing_says_that_nothing_was_looked_for_as_the_metrics_do() -> None:
    live = Deployment(source="ci", id="1", service="shop", version="v1", status="succeeded", finished_at=START)
    reader = facts_of_records([live], Setting(DEFINITIONS[0]))
    question = Question(period=Period(START, END), as_of=END)
    [said] = [note for note in scorecard(reader, question).notes if "none was looked for" in note]
    assert said in explain(reader, question, "change_fail_rate").notes
    assert said not in explain(reader, question, "deployment_rework_rate").notes


def test_an_attempt_that_was_never_live_is_said_to_be_that_by_every_metric() -> None:
    for status, why in (("failed", "it failed"), ("cancelled", "it was cancelled")):
        attempt = Deployment(
            source="ci", id="1", service="shop", environment="production", status=status, finished_at=START
        )  # type: ignore[arg-type]
        reader = facts_of_records([attempt], Setting(DEFINITIONS[0]))
        question = Question(period=Period(START, END), as_of=END)
        for metric in ("change_fail_rate", "failed_deployment_recovery_time", "deployment_rework_rate"):
            [row] = explain(reader, question, metric).rows
            assert (row["role"], row["reason"]) == ("excluded", f"{why}, so it was never live")


@pytest.mark.parametrize(
    ("clock", "why"),
    [
        ("committed", "a clock is wrong"),
        ("merged", "deployed before it was merged"),
        ("opened", "deployed before its pull request was opened"),
    ],
)
def test_a_negative_lead_time_is_said_by_the_name_of_its_clock(clock: Clock, why: str) -> None:
    """c1 was deployed a day after c0; it was committed, opened and merged a day after that."""
    first, late = f"{0:040x}", START + timedelta(days=2)
    asked = {"source": "host", "repository": "shop", "number": 1, "state": "merged", "merge_sha": f"{1:040x}"}
    records = [
        Commit(repository="shop", sha=first, committed_at=START),
        Commit(repository="shop", sha=f"{1:040x}", parents=(first,), committed_at=late),
        *(MainlineCommit(repository="shop", sha=f"{n:040x}") for n in range(2)),
        PullRequest(**asked, opened_at=late, merged_at=late),  # type: ignore[arg-type]
        *(
            Deployment(
                source="ci", id=str(n), service="shop", repository="shop", environment="production", sha=f"{n:040x}",
                finished_at=START + timedelta(days=n),
            )
            for n in range(2)
        ),
    ]  # fmt: skip
    definitions = Definitions(clock=clock)
    reader = facts_of_records(records, Setting(definitions))
    question = Question(period=Period(START, END), as_of=END, definitions=definitions)
    [row] = explain(reader, question, "change_lead_time").rows
    assert (row["role"], row["reason"]) == ("excluded", f"negative: {why}")


def test_evidence_that_does_not_count_is_told_with_why_in_the_words_of_the_report() -> None:
    """v1 to v4 have evidence; a person absolved v1, v2's is late, the kind of v3's is not counted, and v4's counts."""
    live = [
        Deployment(source="ci", id=f"{n}", service="shop", environment="production", version=f"v{n}", finished_at=START + timedelta(days=3 * n))
        for n in range(1, 5)
    ]  # fmt: skip
    bad = [
        Verification(source="ci", id=f"{n}", deployment=f"{n}", status=status, finished_at=START + timedelta(days=3 * n, hours=hours))
        for n, status, hours in ((1, "failed", 1), (2, "regressed", 30), (4, "failed", 1))
    ]  # fmt: skip
    near = Incident(source="pager", id="3", service="shop", detected_at=START + timedelta(days=9, hours=1))
    absolved = Override(
        deployment="ci/1", service="shop", environment="production", version="v1", reason="it was the network"
    )
    definitions = Definitions(failure_kinds=("verification", "telemetry"))
    setting = Setting(definitions, SERVICES, [], Overrides(absolve=(absolved,)))
    reader = facts_of_records([*live, *bad, near], setting, findings=True)
    question = Question(period=Period(START, END), as_of=END, definitions=definitions)
    rows = explain(reader, question, "change_fail_rate").rows
    told = [
        "absolved: a person decided that this deployment did not fail: it was the network; verification: a person decided otherwise",
        "telemetry: outside the failure window: 30.0 h after the deployment, the window is 24 h",
        "proximity: the definitions in use do not count evidence of the kind proximity",
    ]
    assert [(row["role"], row["reason"]) for row in rows] == [
        *(("denominator", reason) for reason in told),
        ("numerator", "verification"),
    ]
    recovered = explain(reader, question, "failed_deployment_recovery_time").rows
    assert [row["reason"] for row in recovered[:3]] == [f"it did not fail; {reason}" for reason in told]
    for row in rows[:3]:
        story = deployment_story(reader, str(row["deployment_id"]), as_of=END)
        assert all(piece.why_not and piece.why_not in str(row["reason"]) for piece in story.evidence)


def _agree(reader: Reader, question: Question) -> None:
    group = scorecard(reader, question).groups[0]
    shown = _shown(group)
    told = {name: explain(reader, question, name) for name in METRICS}
    assert {name: one.value for name, one in told.items()} == pytest.approx(
        {name: value for name, (value, _) in shown.items()}
    )
    assert {name: _counted(one) for name, one in told.items()} == {name: counts for name, (_, counts) in shown.items()}
    for name in ("change_lead_time", "failed_deployment_recovery_time", "time_to_restore"):
        assert told[name].with_open == pytest.approx(getattr(group, name).kaplan_meier_median_seconds)
    for one in told.values():
        assert all(bool(row["reason"]) for row in one.rows if row["role"] == "excluded")
        times = [_time(row) for row in one.rows]
        assert times == sorted(times)


def _shown(group: Group) -> dict[str, tuple[float | None, dict[str, int]]]:
    """The figure of each metric, and how many rows of each role must stand behind it."""
    frequency, lead, fails = group.deployment_frequency, group.change_lead_time, group.change_fail_rate
    recovery, restore, rework = (
        group.failed_deployment_recovery_time,
        group.time_to_restore,
        group.deployment_rework_rate,
    )
    return {
        "deployment_frequency": (frequency.per_day, {"numerator": frequency.deployments}),
        "change_lead_time": (lead.median_seconds, {"value": lead.n, "open": lead.undeployed["n"]}),
        "change_fail_rate": (
            fails.rate,
            {"numerator": fails.failed, "denominator": fails.deployments - fails.failed},
        ),
        "failed_deployment_recovery_time": (
            recovery.median_seconds,
            {"value": recovery.n - recovery.open, "open": recovery.open},
        ),
        "time_to_restore": (restore.median_seconds, {"value": restore.n - restore.open, "open": restore.open}),
        "deployment_rework_rate": (
            rework.rate,
            {"numerator": rework.rework, "denominator": rework.deployments - rework.rework},
        ),
    }


def _counted(told: Explanation) -> dict[str, int]:
    roles = {
        "deployment_frequency": ("numerator",),
        "change_fail_rate": ("numerator", "denominator"),
        "deployment_rework_rate": ("numerator", "denominator"),
    }.get(told.metric.id, ("value", "open"))
    return {role: sum(row["role"] == role for row in told.rows) for role in roles}


def _time(row: dict[str, object]) -> datetime:
    at = row.get("finished_at") or row.get("deployed_at") or row.get("began_at") or row.get("landed_at")
    assert isinstance(at, datetime)
    return at
