"""What must hold for every history: bounds, sums, order of delivery, and that the past stays as it was judged."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.model import Commit, Deployment, Incident, Record, Verification
from dora.period import Period
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from metrics.services import Ownership
from tests.in_memory import facts_of_records
from tests.made_up_history import END, SERVICES, START, history

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
quick = settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(SEEDS)
def test_shares_lie_between_none_and_all_and_parts_add_up(seed: int) -> None:
    reader = _facts(history(random.Random(seed)))
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
@given(SEEDS)
def test_order_and_repetition_of_records_change_nothing(seed: int) -> None:
    chance = random.Random(seed)
    records = history(chance)
    expected = _tables(_facts(records))
    again = [*records, *chance.sample(records, len(records) // 3)]
    chance.shuffle(again)
    assert _tables(_facts(again)) == expected
    assert _tables(_facts(records)) == expected


@quick
@given(SEEDS)
def test_the_organisation_is_its_services_pooled(seed: int) -> None:
    reader = _facts(history(random.Random(seed)))
    (whole,), parts = _ask(reader), _ask(reader, by="service")
    assert _counts([whole]) == _counts(parts)


@quick
@given(SEEDS)
def test_teams_that_hand_over_a_service_share_its_history_and_lose_none(seed: int) -> None:
    handed = START + timedelta(days=9, hours=7)
    owners = [Ownership(team="red", service=s.service, owned_until=handed) for s in SERVICES]
    owners += [Ownership(team="blue", service=s.service, owned_from=handed) for s in SERVICES]
    reader = facts_of_records(history(random.Random(seed)), Setting(Definitions(), SERVICES, owners))
    assert _counts(_ask(reader, by="team")) == _counts(_ask(reader))


@quick
@given(SEEDS, st.sampled_from(["day", "week", "month"]))
def test_buckets_add_up_to_the_period(seed: int, every: str) -> None:
    reader = _facts(history(random.Random(seed)), timezone="Europe/London")
    (group,) = _ask(reader, every=every, definitions=Definitions(timezone="Europe/London"))
    assert group.buckets is not None
    assert _counts(group.buckets) == _counts([group])


@quick
@given(SEEDS)
def test_a_later_deployment_leaves_matured_verdicts_alone_unless_it_is_evidence(seed: int) -> None:
    records = history(random.Random(seed))
    before = _verdicts(_facts(records))
    last = max(r.finished_at for r in records if isinstance(r, Deployment) and r.finished_at)
    commit = Commit(repository="acme/shop", sha="f" * 40, subject="One more", committed_at=last)
    later = Deployment(
        source="ci", id="later", service="shop", repository="acme/shop", version="v999", sha="f" * 40,
        finished_at=last + timedelta(days=3),
    )  # fmt: skip
    after = _verdicts(_facts([*records, commit, later]))
    changed = {name for name in before if after[name] != before[name]}
    checked = {f"ci/{r.deployment.removeprefix('ci/')}" for r in records if isinstance(r, Verification)}
    assert changed <= checked


@quick
@given(SEEDS)
def test_removing_what_is_evidence_never_makes_more_failures(seed: int) -> None:
    records = history(random.Random(seed))
    without = [r for r in records if not isinstance(r, Incident | Verification)]
    with_all = _failed(_facts(records))
    assert _failed(_facts(without)) <= with_all


@quick
@given(SEEDS)
def test_a_longer_window_never_makes_fewer_failures(seed: int) -> None:
    reader = _facts(history(random.Random(seed)))
    counts = []
    for hours in (1, 24, 24 * 7):
        chosen = Definitions(failure_window_seconds=hours * 3600.0)
        question = Question(period=Period(START, END), as_of=END + timedelta(days=30), definitions=chosen)
        counts.append(scorecard(reader, question).groups[0].change_fail_rate.failed)
    assert counts == sorted(counts)


@quick
@given(SEEDS)
def test_moving_every_clock_moves_no_figure(seed: int) -> None:
    records = history(random.Random(seed))
    shift = timedelta(weeks=8)
    expected = _counts(_ask(_facts(records)))
    moved = [_moved(record, shift) for record in records]
    assert _counts(_ask(_facts(moved), shift=shift)) == expected


def _facts(records: Sequence[Record], **definitions: object) -> Reader:
    return facts_of_records(records, Setting(Definitions(**definitions), SERVICES))  # type: ignore[arg-type]


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


def _verdicts(reader: Reader) -> dict[str, list[tuple[object, ...]]]:
    names = [str(row[0]) for row in reader.rows("select deployment_id from deployment_facts")]
    found: dict[str, list[tuple[object, ...]]] = {name: [] for name in names}
    for name, *rest in reader.rows(
        "select deployment_id, kind, evidence_id, recovered_at from failure_evidence order by all"
    ):
        found[str(name)].append(tuple(rest))
    return found


def _moved(record: Record, shift: timedelta) -> Record:
    clocks = {name: getattr(record, name) for name in type(record).__slots__ if name.endswith("_at")}
    return replace(record, **{name: at + shift for name, at in clocks.items() if at is not None})
