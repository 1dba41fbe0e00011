"""Analyses and scorecard look at the same history: what both count agrees, and services add up to the organisation."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.definitions import Definitions
from dora.model import FlagChange, Record
from dora.period import Period
from dora.warehouse import Reader
from metrics.analyses.catalog import ANALYSES
from metrics.build import Setting
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from metrics.services import Ownership
from tests.in_memory import facts_of_records
from tests.made_up_history import END, SERVICES, START, history

Rows = Sequence[dict[str, object]]
SEEDS = st.integers(0, 2**32)
#: Columns that are counted in rows of one service each; pull requests and incidents' flags may be shared.
COUNTS = {
    "any_time": ("deployments", "in_working_hours"),
    "hours": ("deployments", "failed", "matured"),
    "recovery_style": ("failures", "presumed", "recovery_n"),
    "flags": ("flag_changes", "switched_off", "deployments", "incidents", "with_flag_change"),
    "canary": ("rollouts", "caught_in_rollout", "caught_after", "escaped"),
    "database": ("deployments", "failed", "matured"),
    "success": ("attempts", "succeeded", "failed", "cancelled", "unwatched"),
    "clocks": ("n", "open", "missing", "impossible"),
}
OF_INCIDENTS = defaultdict(tuple, clocks=COUNTS["clocks"], flags=("incidents", "with_flag_change"))
quick = settings(max_examples=5, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(SEEDS)
def test_what_the_scorecard_counts_too_is_the_same(seed: int) -> None:
    reader = _facts(seed)
    (card,) = scorecard(reader, _question()).groups
    frequency, failed, recovery = (
        card.deployment_frequency, card.change_fail_rate, card.failed_deployment_recovery_time,
    )  # fmt: skip
    ended = _by(_rows(reader, "recovery_style"), "style")
    assert _sum(_rows(reader, "any_time"), "deployments") == frequency.deployments
    for name in ("hours", "database"):
        rows = _rows(reader, name)
        assert (_sum(rows, "failed"), _sum(rows, "matured")) == (failed.failed, failed.deployments)
    assert _sum(_rows(reader, "success"), "succeeded", "unwatched") == frequency.succeeded_attempts
    assert ended["open"]["failures"] == recovery.open
    assert cast(int, ended["all"]["recovery_n"]) + recovery.open == recovery.n
    assert ended["all"]["recovery_median_seconds"] == pytest.approx(recovery.median_seconds)
    assert _sum(_rows(reader, "canary"), "caught_after", "escaped") == ended["all"]["failures"]
    _check_clocks(_by(_rows(reader, "clocks"), "clock")["time_to_restore"], card)


def _check_clocks(row: dict[str, object], card: Group) -> None:
    restore = card.time_to_restore
    assert (row["n"], row["open"]) == (restore.n, restore.open)
    assert row["ended_median_seconds"] == pytest.approx(restore.median_seconds)
    assert row["kaplan_meier_median_seconds"] == pytest.approx(restore.kaplan_meier_median_seconds)


@quick
@given(SEEDS)
def test_services_and_teams_add_up_to_the_organisation(seed: int) -> None:
    handed = START + timedelta(days=9, hours=7)
    owners = [Ownership(team="red", service=s.service, owned_until=handed) for s in SERVICES]
    owners += [Ownership(team="blue", service=s.service, owned_from=handed) for s in SERVICES]
    reader = _facts(seed, owners)
    for name, columns in COUNTS.items():
        asked = [_rows(reader, name, by) for by in ("organisation", "service", "team")]
        for column in columns:
            whole, services, teams = (_sum(rows, column) for rows in asked)
            assert teams == whole, (name, column)
            # An incident of several services is one of each of them, and one of their team.
            assert services >= whole if column in OF_INCIDENTS[name] else services == whole, (name, column)


@quick
@given(SEEDS)
def test_every_share_lies_in_its_interval_and_every_row_has_its_own_name(seed: int) -> None:
    reader = _facts(seed)
    for name, analysis in ANALYSES.items():
        answer = analysis.answer(reader, _question("service"))
        assert len({answer.key(row) for row in answer.rows}) == len(answer.rows), name
        for row in answer.rows:
            for column in (c for c in row if c.endswith("_interval") and ("share" in c or "rate" in c)):
                value, ends = row[column.removesuffix("_interval")], cast("tuple[float, float]", row[column])
                assert value is None or ends[0] - 1e-9 <= cast(float, value) <= ends[1] + 1e-9, (name, column)


def _facts(seed: int, owners: Sequence[Ownership] = ()) -> Reader:
    chance = random.Random(seed)
    return facts_of_records([*history(chance), *_flags(chance)], Setting(Definitions(), SERVICES, list(owners)))


def _flags(chance: random.Random) -> Iterator[Record]:
    """Flags of known and unknown services, in production, staging or everywhere."""
    for number in range(40):
        yield FlagChange(
            source="flags", id=str(number), flag=chance.choice(("one", "two")),
            service=chance.choice(("api", "cart", "shop", "web", "nobody", None)),
            environment=chance.choice((None, "production", "staging")), state=chance.choice(("on", "off", "10 %", None)),
            changed_at=START + timedelta(minutes=chance.randrange(28 * 24 * 60)),
        )  # fmt: skip


def _question(by: str = "organisation") -> Question:
    return Question(period=Period(START, END), as_of=END, by=by)  # type: ignore[arg-type]


def _rows(reader: Reader, name: str, by: str = "organisation") -> Rows:
    return [dict(row) for row in ANALYSES[name].answer(reader, _question(by)).rows]


def _sum(rows: Rows, *columns: str) -> int:
    """Of the rows that add up: `all` repeats the styles of recovery."""
    return sum(cast(int, row[c] or 0) for row in rows for c in columns if row.get("style") != "all")


def _by(rows: Rows, column: str) -> dict[str, dict[str, object]]:
    return {str(row[column]): row for row in rows}
