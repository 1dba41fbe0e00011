"""What must hold for every history: bounds, sums, order of delivery, and that the past stays as it was judged."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.frames import frames_of
from dora.model import Commit, Deployment, Incident, Record, Verification
from dora.period import Period
from dora.warehouse import Reader, open_published, open_warehouse
from metrics.build import Setting, build
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from metrics.services import Ownership, ServiceName
from tests.in_memory import facts_of_records
from tests.made_up_history import END, ENVIRONMENTS, OWNERS, SERVICES, START, decisions, history, with_branches

SEEDS = st.integers(0, 2**32)
FACTS = (
    "services",
    "deployment_facts",
    "change_facts",
    "pull_request_facts",
    "failure_evidence",
    "incident_facts",
    "quality_facts",
)
quick = settings(max_examples=7, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(SEEDS)
def test_shares_lie_between_none_and_all_and_parts_add_up(seed: int) -> None:
    reader = _facts(_history(random.Random(seed)))
    for group in [*_ask(reader, by="service"), *_ask(reader)]:
        failed, rework, frequency = group.change_fail_rate, group.deployment_rework_rate, group.deployment_frequency
        assert 0 <= failed.failed <= failed.deployments
        assert 0 <= rework.rework <= rework.deployments == frequency.deployments
        assert failed.deployments + failed.pending == frequency.deployments
        assert sum(frequency.relations.values()) == sum(frequency.by_weekday) == frequency.deployments
        assert frequency.succeeded_attempts == frequency.deployments <= frequency.attempts
        for rate, interval in ((failed.rate, failed.interval), (rework.rate, rework.interval)):
            assert rate is None or 0 <= interval[0] <= rate <= interval[1] <= 1  # type: ignore[operator]


@quick
@given(SEEDS, st.integers(2, 5))
def test_a_deployment_fails_once_whatever_the_number_of_its_incidents(seed: int, times: int) -> None:
    """Every incident told again under other ids: the rate is that of one telling, and stays a share."""
    records = _history(random.Random(seed))
    told = [replace(r, id=f"{r.id}-{n}") for r in records if isinstance(r, Incident) for n in range(times)]
    kinds = ("linked_incident", "proximity")
    once, often = _facts(records, failure_kinds=kinds), [*records, *told]
    expected = [_share(group) for group in _ask(once, by="service", definitions=Definitions(failure_kinds=kinds))]
    found = [
        _share(g)
        for g in _ask(_facts(often, failure_kinds=kinds), by="service", definitions=Definitions(failure_kinds=kinds))
    ]
    assert found == expected
    assert all(rate is None or 0 <= rate <= 1 for _, _, rate in found)


@quick
@given(SEEDS)
def test_runners_up_are_few_other_deployments_of_the_same_line(seed: int) -> None:
    reader = _facts(_history(random.Random(seed)))
    known = {row[0]: row[1:] for row in reader.rows("select deployment_id, service, environment from deployment_facts")}
    rows = reader.rows("select deployment_id, candidates from failure_evidence where candidates is not null")
    for blamed, told in rows:
        others = [other["deployment_id"] for other in json.loads(str(told))]
        assert 1 <= len(set(others)) == len(others) <= 5
        assert blamed not in others
        assert {known[other] for other in others} == {known[blamed]}


@quick
@given(SEEDS)
def test_stages_add_up_to_the_whole_and_none_is_negative(seed: int) -> None:
    reader = _facts(_history(random.Random(seed)))
    stages = "coding_seconds, pickup_seconds, review_seconds, deploy_seconds"
    for *parts, whole in reader.rows(
        f"select {stages}, (epoch_us(deployed_at) - epoch_us(first_commit_at)) / 1e6 from pull_request_facts"
    ):
        known = [float(str(part)) for part in parts if part is not None]
        assert all(part >= 0 for part in known)
        assert len(known) < len(parts) or sum(known) == pytest.approx(float(str(whole)))


@quick
@given(SEEDS, st.integers(1, 27 * 24))
def test_a_period_is_the_sum_of_its_two_parts_wherever_it_is_cut(seed: int, hours: int) -> None:
    reader, cut = _facts(_history(random.Random(seed))), START + timedelta(hours=hours)
    for by in ("organisation", "service", "team"):
        parts = [_over(reader, period, by) for period in (Period(START, cut), Period(cut, END))]
        assert _counts([*parts[0], *parts[1]]) == _counts(_over(reader, Period(START, END), by))


@quick
@given(SEEDS)
def test_order_and_repetition_of_records_change_nothing(seed: int) -> None:
    chance = random.Random(seed)
    records = _history(chance)
    expected = _tables(_facts(records, findings=True))
    again = [*records, *chance.sample(records, len(records) // 3)]
    chance.shuffle(again)
    assert _tables(_facts(again, findings=True)) == expected
    assert _tables(_facts(records, findings=True)) == expected


@settings(max_examples=3, derandomize=True, suppress_health_check=list(HealthCheck))
@given(SEEDS)
def test_records_that_arrive_in_any_parts_make_the_same_facts(tmp_path: Path, seed: int) -> None:
    """Through the real file: delivered in parts of any size, some of them twice, as against all at once."""
    chance = random.Random(seed)
    records = _history(chance)
    setting = Setting(Definitions(), SERVICES, OWNERS, decisions(random.Random(seed), records))
    expected = _tables(facts_of_records(records, setting, findings=True))
    warehouse = open_warehouse(tmp_path / f"{seed}.duckdb")
    try:
        at = 0
        while at < len(records):
            size = chance.choice((7, 40, 150))
            for _ in range(chance.choice((1, 1, 2))):
                warehouse.commit("made", "all", frames_of(records[at : at + size]), str(at))
            at += size
        warehouse.publish(tmp_path / f"{seed}.published.duckdb", lambda builder: build(builder, setting))
    finally:
        warehouse.close()
    published = open_published(tmp_path / f"{seed}.published.duckdb")
    try:
        assert _tables(published) == expected
    finally:
        published.close()


@quick
@given(SEEDS)
def test_the_organisation_is_its_services_pooled(seed: int) -> None:
    """But for incidents of a repository that services share: each is one of the organisation, and one of every service."""
    records = [r for r in _history(random.Random(seed)) if not isinstance(r, Incident) or r.repository != "acme/mono"]
    reader = _facts(records)
    (whole,), parts = _ask(reader), _ask(reader, by="service")
    assert _counts([whole]) == _counts(parts)


@quick
@given(SEEDS)
def test_teams_that_hand_over_a_service_share_its_history_and_lose_none(seed: int) -> None:
    handed = START + timedelta(days=9, hours=7)
    owners = [Ownership(team="red", service=s.service, owned_until=handed) for s in SERVICES]
    owners += [Ownership(team="blue", service=s.service, owned_from=handed) for s in SERVICES]
    reader = facts_of_records(_history(random.Random(seed)), Setting(Definitions(), SERVICES, owners))
    assert _counts(_ask(reader, by="team")) == _counts(_ask(reader))


@quick
@given(SEEDS, st.sampled_from(["day", "week", "month"]))
def test_buckets_add_up_to_the_period(seed: int, every: str) -> None:
    reader = _facts(_history(random.Random(seed)), timezone="Europe/London")
    (group,) = _ask(reader, every=every, definitions=Definitions(timezone="Europe/London"))
    assert group.buckets is not None
    assert _counts(group.buckets) == _counts([group])


@quick
@given(SEEDS, st.sampled_from(SERVICES))
def test_a_later_deployment_changes_earlier_verdicts_only_by_evidence_that_names_it(
    seed: int, whose: ServiceName
) -> None:
    """A later deployment of any commit, forward or back, of any service, into any environment.

    An incident that names what only it shipped is laid to it, and to nothing near any more.
    """
    chance = random.Random(seed)
    records = _history(chance)
    decided = decisions(random.Random(seed), records)
    commits = [r for r in records if isinstance(r, Commit) and r.repository == whose.repository]
    last = max(r.finished_at for r in records if isinstance(r, Deployment) and r.finished_at)
    later = Deployment(
        source="ci", id="later", service=whose.service, version="v999", sha=chance.choice(commits).sha,
        environment=chance.choice(ENVIRONMENTS), finished_at=last + timedelta(days=chance.choice((0, 3)), hours=1),
    )  # fmt: skip
    before = _verdicts(facts_of_records(records, Setting(Definitions(), SERVICES, overrides=decided)))
    after = _verdicts(facts_of_records([*records, later], Setting(Definitions(), SERVICES, overrides=decided)))
    for name, verdict in before.items():
        new = after[name] - verdict
        assert all("ci/later" in row for row in new)
        ended = {(kind, evidence) for kind, evidence, *_ in new}
        named = {("proximity", evidence) for _, evidence, *_ in after.get("ci/later", ())}
        assert all(row[:2] in named or (row[:2] in ended and row[3] is None) for row in verdict - after[name])


@quick
@given(SEEDS)
def test_removing_what_is_evidence_never_makes_more_failures(seed: int) -> None:
    records = _history(random.Random(seed))
    decided = decisions(random.Random(seed), records)
    without = [r for r in records if not isinstance(r, Incident | Verification)]
    with_all = _failed(facts_of_records(records, Setting(Definitions(), SERVICES, overrides=decided)))
    assert _failed(facts_of_records(without, Setting(Definitions(), SERVICES, overrides=decided))) <= with_all


@quick
@given(SEEDS)
def test_a_longer_window_never_makes_fewer_failures(seed: int) -> None:
    reader = _facts(_history(random.Random(seed)))
    counts = []
    for hours in (1, 24, 24 * 7):
        chosen = Definitions(failure_window_seconds=hours * 3600.0)
        question = Question(period=Period(START, END), as_of=END + timedelta(days=30), definitions=chosen)
        counts.append(scorecard(reader, question).groups[0].change_fail_rate.failed)
    assert counts == sorted(counts)


@quick
@given(SEEDS)
def test_moving_every_clock_moves_no_figure(seed: int) -> None:
    records = _history(random.Random(seed))
    shift = timedelta(weeks=8)
    expected = _counts(_ask(_facts(records)))
    moved = [_moved(record, shift) for record in records]
    assert _counts(_ask(_facts(moved), shift=shift)) == expected


def _history(chance: random.Random) -> list[Record]:
    return with_branches(chance, history(chance))


def _facts(records: Sequence[Record], findings: bool = False, **definitions: object) -> Reader:
    """Their facts, with owners and with what people decided."""
    chosen = Definitions(**definitions)  # type: ignore[arg-type]
    setting = Setting(chosen, SERVICES, OWNERS, decisions(random.Random(5), records))
    return facts_of_records(records, setting, findings)


def _over(reader: Reader, period: Period, by: str) -> tuple[Group, ...]:
    question = Question(period=period, as_of=END + timedelta(days=40), by=by)  # type: ignore[arg-type]
    return scorecard(reader, question).groups


def _share(group: Group) -> tuple[int, int, float | None]:
    found = group.change_fail_rate
    return found.failed, found.deployments, found.rate


def _ask(reader: Reader, shift: timedelta = timedelta(), **more: object) -> tuple[Group, ...]:
    question = Question(period=Period(START + shift, END + shift), as_of=END + shift, **more)  # type: ignore[arg-type]
    return scorecard(reader, question).groups


def _counts(groups: Sequence[Group]) -> dict[str, int]:
    return {
        "deployments": sum(g.deployment_frequency.deployments for g in groups),
        "commits": sum(g.deployment_frequency.commits for g in groups),
        "changes": sum(g.change_lead_time.n for g in groups),
        "failed": sum(g.change_fail_rate.failed for g in groups),
        "matured": sum(g.change_fail_rate.deployments for g in groups),
        "recoveries": sum(g.failed_deployment_recovery_time.n for g in groups),
        "open": sum(g.failed_deployment_recovery_time.open for g in groups),
        "incidents": sum(g.time_to_restore.n for g in groups),
        "rework": sum(g.deployment_rework_rate.rework for g in groups),
    }


def _failed(reader: Reader) -> int:
    return _ask(reader)[0].change_fail_rate.failed


def _tables(reader: Reader) -> dict[str, list[str]]:
    return {table: sorted(str(row) for row in reader.rows(f"from {table}")) for table in FACTS}


def _verdicts(reader: Reader) -> dict[str, set[tuple[object, ...]]]:
    """Deployment -> its rows in the ledger: kind, evidence, the deployment that ended it, when it ended."""
    names = [str(row[0]) for row in reader.rows("select deployment_id from deployment_facts")]
    found: dict[str, set[tuple[object, ...]]] = {name: set() for name in names}
    for name, kind, evidence, recovery, ended in reader.rows(
        "select deployment_id, kind, evidence_id, recovery_id, recovered_at from failure_evidence"
    ):
        found[str(name)].add((kind, evidence, recovery, ended))
    return found


def _moved(record: Record, shift: timedelta) -> Record:
    clocks = {name: getattr(record, name) for name in type(record).__slots__ if name.endswith("_at")}
    return replace(record, **{name: at + shift for name, at in clocks.items() if at is not None})
