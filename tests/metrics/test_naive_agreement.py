"""The metrics against a second implementation (tests/naive.py) on made-up histories with every trap in them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import FAILURE_KINDS, Definitions
from dora.period import Period
from dora.warehouse import Reader
from metrics.build import Setting
from metrics.question import By, Question
from metrics.results import Group
from metrics.scorecard import scorecard
from tests.in_memory import facts_of_records
from tests.made_up_history import END, HANDED, OWNERS, SERVICES, START, decisions, history, with_branches
from tests.naive import Naive, NaiveService, Stretch, interval_of_batches, kaplan_meier_median, quantile

DEFINITIONS = (
    Definitions(),
    Definitions(change="all_commits", clock="authored", failure_window_seconds=3600.0),
    Definitions(change="mainline", bots=False, failure_window_seconds=None, timezone="Europe/London"),
    Definitions(change="pull_request", clock="opened", failure_kinds=("rollback", "revert", "proximity")),
    Definitions(change="pull_request", clock="merged", bots=False, rework_kinds=("rollback", "incident_fix")),
    Definitions(replay_services=2, failure_kinds=("linked_incident", "hotfix"), timezone="Asia/Kolkata"),
    Definitions(clock="merged", failure_kinds=("override", "rollback"), working_days=(7, 1, 2, 3, 4)),
    Definitions(clock="first_commit", bots=False, proximity_seconds=7200.0, failure_kinds=FAILURE_KINDS),
    Definitions(change="all_commits", clock="opened", replay_slot_seconds=86400.0, replay_services=3),
)
#: What some services define for themselves: the same kind of answer, by other rules.
OWN: tuple[dict[str, dict[str, object]], ...] = (
    {},
    {
        "shop": {
            "change": "mainline",
            "clock": "merged",
            "failure_window_seconds": 7200.0,
            "production": ("staging", "production"),
        }
    },
    {
        "cart": {
            "bots": False,
            "failure_kinds": ("revert", "proximity"),
            "rework_kinds": ("revert",),
            "hotfix_labels": (),
        },
        "web": {"clock": "authored", "proximity_seconds": 3600.0},
    },
)
AS_OF = END - timedelta(hours=20)


_ALL = [Stretch(service.service) for service in SERVICES]
GROUPS: dict[By, list[list[Stretch]]] = {
    "service": [[stretch] for stretch in _ALL],
    "organisation": [_ALL],
    "team": [
        [Stretch("cart"), Stretch("shop", since=HANDED)],
        [Stretch("api"), Stretch("shop", until=HANDED)],
        [Stretch("web")],
    ],
}
SETTINGS = {"derandomize": True, "suppress_health_check": [HealthCheck.too_slow]}


@settings(max_examples=200, **SETTINGS)  # type: ignore[arg-type]
@given(seed=st.integers(0, 2**32), chosen=st.sampled_from(DEFINITIONS), differing=st.sampled_from(OWN))
def test_both_implementations_find_the_same_lineage_ledger_and_figures(
    seed: int, chosen: Definitions, differing: dict[str, dict[str, object]]
) -> None:
    chance = random.Random(seed)
    records = history(chance)
    decided = decisions(chance, records)
    records = with_branches(chance, records)
    chosen = with_own(chosen, differing)
    services = [NaiveService(s.service, str(s.repository), s.paths, s.aliases) for s in SERVICES]
    naive = Naive(records, services, chosen, decided)
    reader = facts_of_records(records, Setting(chosen, SERVICES, OWNERS, decided))
    _same_lineage(naive, reader)
    for by, groups in GROUPS.items():
        question = Question(period=Period(START, END), as_of=AS_OF, by=by, definitions=chosen)
        for group, pooled in zip(scorecard(reader, question).groups, groups, strict=True):
            assert _measured(group) == _naively(naive, pooled)


def with_own(definitions: Definitions, differing: dict[str, dict[str, object]]) -> Definitions:
    """The definitions, with services that have their own."""
    own = ((name, replace(definitions, **values)) for name, values in differing.items())  # type: ignore[arg-type]
    return replace(definitions, services=tuple(own))


def _same_lineage(naive: Naive, reader: Reader) -> None:
    found = {
        row[0]: row[1:]
        for row in reader.rows(
            "select deployment_id, relation, backward_kind, previous_id, replaced_id, commits, list_sort(rework_kinds) "
            "from deployment_facts where is_production and status = 'succeeded' and finished_at is not null"
        )
    }
    expected = {_id(d): (
        d.relation, d.backward_kind, _id(d.previous) if d.relation != "unresolved" else found[_id(d)][2],
        _id(d.replaced), len(d.ships), sorted(d.rework),
    ) for line in naive.lines.values() for d in line}  # fmt: skip
    assert found == expected
    shipped = {
        (row[0], row[1])
        for row in reader.rows("select deployment_id, sha from listed_changes where deployment_id is not null")
    }
    assert shipped == {(_id(d), sha) for line in naive.lines.values() for d in line for sha in d.ships}
    known = "select deployment_id, kind from failure_evidence where kind not in ('out_of_order', 'replay', 'absolved')"
    evidence = sorted(reader.rows(known))
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
        "lead_interval": tuple(map(_near, lead.interval_seconds)),
        "waiting": (
            lead.undeployed["n"],
            _near(lead.undeployed["oldest_seconds"]),
            _near(lead.undeployed["median_seconds"]),
        ),
        "lead_survival": _near(lead.kaplan_meier_median_seconds),
        "failed": (failed.failed, failed.deployments, failed.pending, failed.rate),
        "recovery": (recovery.n, recovery.open, _near(recovery.median_seconds), _near(recovery.p90_seconds)),
        "recovery_survival": _near(recovery.kaplan_meier_median_seconds),
        "restore": (restore.n, restore.open, _near(restore.median_seconds)),
        "rework": (rework.rework, rework.deployments, rework.rate),
    }


def _naively(naive: Naive, group: Sequence[Stretch]) -> dict[str, object]:
    rows = naive.within(group, START, END)
    frequency, (times, negative) = naive.frequency(rows, START, END), naive.lead_times(rows)
    failed, restore, rework = naive.fail_rate(rows, AS_OF), naive.restore(group, START, END), naive.rework(rows)
    recovery, waiting = naive.recovery(rows, AS_OF), naive.waiting(group, min(END, AS_OF))
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
        "lead_interval": tuple(map(_near, interval_of_batches(naive.batches(rows)[0]) or (None, None))),
        "waiting": (len(waiting), _near(max(waiting, default=None)), _near(quantile(waiting, 0.5))),
        "lead_survival": _near(kaplan_meier_median(times, waiting)),
        "failed": tuple(failed[key] for key in ("failed", "deployments", "pending", "rate")),
        "recovery": (recovery["n"], recovery["open"], _near(recovery["median"]), _near(recovery["p90"])),
        "recovery_survival": _near(kaplan_meier_median(recovery["closed"], recovery["going"])),
        "restore": (restore["n"], restore["open"], _near(restore["median"])),
        "rework": (rework["rework"], rework["deployments"], rework["rate"]),
    }


def _near(value: object) -> float | None:
    return None if value is None else round(float(str(value)), 3)
