"""The metrics against a second implementation (tests/naive.py) on made-up histories with every trap in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.explain import explain
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from tests.in_memory import facts_of_records
from tests.made_up_history import END, SERVICES, START, history
from tests.naive import Naive, NaiveService, kaplan_meier_median, quantile

DEFINITIONS = (
    Definitions(),
    Definitions(change="all_commits", clock="authored", failure_window_seconds=3600.0),
    Definitions(change="mainline", bots=False, failure_window_seconds=None, timezone="Europe/London"),
    Definitions(change="pull_request", clock="opened", failure_kinds=("rollback", "revert", "proximity")),
    Definitions(change="pull_request", clock="merged", bots=False, rework_kinds=("rollback", "incident_fix")),
    Definitions(replay_services=2, failure_kinds=("linked_incident", "hotfix"), timezone="Asia/Kolkata"),
)
AS_OF = END - timedelta(hours=20)


SETTINGS = {"deadline": None, "derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


@settings(max_examples=200, **SETTINGS)  # type: ignore[arg-type]
@given(seed=st.integers(0, 2**32), chosen=st.sampled_from(DEFINITIONS))
def test_both_implementations_find_the_same_lineage_ledger_and_figures(seed: int, chosen: Definitions) -> None:
    records = history(random.Random(seed))
    naive = Naive(records, [NaiveService(s.service, str(s.repository), s.paths) for s in SERVICES], chosen)
    reader = facts_of_records(records, Setting(chosen, SERVICES))
    _same_lineage(naive, reader)
    for by, names in (("service", [[s.service] for s in SERVICES]), ("organisation", [[s.service for s in SERVICES]])):
        question = Question(period=Period(START, END), as_of=AS_OF, by=by, definitions=chosen)  # type: ignore[arg-type]
        for group, pooled in zip(scorecard(reader, question).groups, names, strict=True):
            assert _measured(group) == _naively(naive, pooled)


@settings(max_examples=25, **SETTINGS)  # type: ignore[arg-type]
@given(seed=st.integers(0, 2**32), chosen=st.sampled_from(DEFINITIONS))
def test_the_rows_behind_a_number_give_the_number(seed: int, chosen: Definitions) -> None:
    reader = facts_of_records(history(random.Random(seed)), Setting(chosen, SERVICES))
    question = Question(period=Period(START, END), as_of=AS_OF, definitions=chosen)
    group = scorecard(reader, question).groups[0]
    shown = {
        "deployment_frequency": group.deployment_frequency.per_day,
        "change_lead_time": group.change_lead_time.median_seconds,
        "change_fail_rate": group.change_fail_rate.rate,
        "failed_deployment_recovery_time": group.failed_deployment_recovery_time.median_seconds,
        "time_to_restore": group.time_to_restore.median_seconds,
        "deployment_rework_rate": group.deployment_rework_rate.rate,
    }
    assert {name: explain(reader, question, name).value for name in shown} == pytest.approx(shown)


def _same_lineage(naive: Naive, reader: Reader) -> None:
    found = {
        row[0]: row[1:]
        for row in reader.rows(
            "select deployment_id, relation, backward_kind, previous_id, replaced_id, commits, list_sort(rework_kinds) "
            "from deployment_facts where is_production and status = 'succeeded'"
        )
    }
    expected = {_id(d): (
        d.relation, d.backward_kind, _id(d.previous) if d.relation != "unresolved" else found[_id(d)][2],
        _id(d.replaced), len(d.ships), sorted(d.rework),
    ) for line in naive.lines.values() for d in line}  # fmt: skip
    assert found == expected
    shipped = {
        (row[0], row[1])
        for row in reader.rows("select deployment_id, sha from change_facts where deployment_id is not null")
    }
    assert shipped == {(_id(d), sha) for line in naive.lines.values() for d in line for sha in d.ships}
    evidence = sorted(
        reader.rows("select deployment_id, kind from failure_evidence where kind not in ('out_of_order', 'replay')")
    )
    assert evidence == sorted((_id(d), e.kind) for line in naive.lines.values() for d in line for e in d.evidence)


def _id(deployed: object) -> str | None:
    record = getattr(deployed, "record", None)
    return f"{record.source}/{record.id}" if record else None


def _measured(group: Group) -> dict[str, object]:
    frequency, lead, failed = group.deployment_frequency, group.change_lead_time, group.change_fail_rate
    recovery, restore, rework = (
        group.failed_deployment_recovery_time,
        group.time_to_restore,
        group.deployment_rework_rate,
    )
    return {
        "deployments": frequency.deployments,
        "days": frequency.days_with_deployment,
        "weeks": frequency.weeks_with_deployment,
        "per_week": frequency.median_per_week,
        "working_day": frequency.median_per_working_day,
        "by_weekday": frequency.by_weekday,
        "relations": dict(frequency.relations),
        "commits": frequency.commits,
        "lead": (lead.n, lead.negative, _near(lead.median_seconds), _near(lead.p75_seconds), _near(lead.p90_seconds)),
        "failed": (failed.failed, failed.deployments, failed.pending, failed.rate),
        "recovery": (recovery.n, recovery.open, _near(recovery.median_seconds), _near(recovery.p90_seconds)),
        "recovery_survival": _near(recovery.kaplan_meier_median_seconds),
        "restore": (restore.n, restore.open, _near(restore.median_seconds)),
        "rework": (rework.rework, rework.deployments, rework.rate),
    }


def _naively(naive: Naive, names: Sequence[str]) -> dict[str, object]:
    rows = naive.within(names, START, END)
    frequency, (times, negative) = naive.frequency(rows, START, END), naive.lead_times(rows)
    failed, restore, rework = naive.fail_rate(rows, AS_OF), naive.restore(names, START, END), naive.rework(rows)
    recovery = naive.recovery(rows, AS_OF)
    return {
        "deployments": frequency["deployments"],
        "days": frequency["days_with_deployment"],
        "weeks": frequency["weeks_with_deployment"],
        "per_week": frequency["median_per_week"],
        "working_day": frequency["median_per_working_day"],
        "by_weekday": frequency["by_weekday"],
        "relations": frequency["relations"],
        "commits": frequency["commits"],
        "lead": (len(times), negative, *(_near(quantile(times, q)) for q in (0.5, 0.75, 0.9))),
        "failed": tuple(failed[key] for key in ("failed", "deployments", "pending", "rate")),
        "recovery": (recovery["n"], recovery["open"], _near(recovery["median"]), _near(recovery["p90"])),
        "recovery_survival": _near(kaplan_meier_median(recovery["closed"], recovery["going"])),
        "restore": (restore["n"], restore["open"], _near(restore["median"])),
        "rework": (rework["rework"], rework["deployments"], rework["rate"]),
    }


def _near(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 3)
