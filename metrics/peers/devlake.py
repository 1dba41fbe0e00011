"""Apache DevLake: the median pull request against the deployment that first held it; an incident is of the one before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import polars as pl

from metrics.peers.facts import Facts
from metrics.peers.peer import Figure, Peer, Rule, fail_rate, frequency, lead_time, lower_median, restore, seconds

_LEAD, _FAIL = "backend/plugins/dora/tasks/change_lead_time_calculator.go", "docs/Metrics/CFR.md"
_FREQUENCY, _RESTORE = "docs/Metrics/DeploymentFrequency.md", "docs/Metrics/MTTR.md"
RULES = (
    Rule(
        code="DL1", metric="deployment_frequency", moves="lower", published=_FREQUENCY,
        peer="counts days with a deployment: the median over the weeks touched, the lower of two middle weeks",
        dora="counts deployments; the median week counts every whole or part week, empty ones included",
    ),
    Rule(
        code="DL2", metric="deployment_frequency", moves="lower", published=_FREQUENCY,
        peer="everything that one pipeline run deploys is one deployment, finished when its last part is",
        dora="every service that is deployed counts",
    ),
    Rule(
        code="DL3", metric="change_lead_time", moves="either", published=_LEAD,
        peer="the unit is the pull request: commits outside of pull requests are not counted",
        dora="the unit is the commit, unless `change = \"pull_request\"`",
    ),
    Rule(
        code="DL4", metric="change_lead_time", moves="either", published=_LEAD,
        peer="adds up three spans, first commit to opening, opening to merge, merge to deployment, each rounded up to a "
        "minute; one that would be negative is left out of the sum",
        dora="one span from the change's clock to the deployment; a negative one is a finding and not counted",
    ),
    Rule(
        code="DL5", metric="change_lead_time", moves="lower", published="docs/Metrics/LeadTimeForChanges.md",
        peer="the median is the lower of two middle values",
        dora="the median lies between them",
    ),
    Rule(
        code="DL6", metric="change_fail_rate", moves="either",
        published="backend/plugins/dora/tasks/incident_deploy_connector.go",
        peer="an incident is of the last deployment of the whole project that finished before it, whatever the service and "
        "however long ago",
        dora="an incident is of the deployment it names; being near is a kind of its own, off by default and with a window",
    ),
    Rule(
        code="DL7", metric="change_fail_rate", moves="lower", published=_FAIL,
        peer="only incidents make a failure; every deployment is judged at once",
        dora="also failed checks, rollbacks, reverts and hotfixes; a deployment younger than the window is pending",
    ),
    Rule(
        code="DL8", metric="time_to_restore", moves="lower", published=_RESTORE,
        peer="the lower median of resolved incidents, in whole minutes; open ones are left out",
        dora="open incidents are censored: the Kaplan–Meier median",
    ),
)  # fmt: skip


def figures(facts: Facts) -> Iterator[Figure]:
    """The four figures of DevLake's dashboard; a group stands for a project."""
    runs = facts.deployed().group_by("run").agg(pl.col("finished_at").max()).sort("finished_at", "run")
    asked = facts.within(runs, "finished_at")
    yield _frequency(facts, asked)
    yield _lead_time(facts)
    yield _fail_rate(facts, runs, asked)
    yield _restore(facts)


def _frequency(facts: Facts, runs: pl.DataFrame) -> Figure:
    weeks = {day - timedelta(days=day.weekday()) for day in facts.days()}
    busy = Counter(day - timedelta(days=day.weekday()) for day in set(runs["finished_at"].dt.date()))
    return frequency(lower_median(pl.Series([busy[week] for week in weeks])), runs.height, "per week")


def _lead_time(facts: Facts) -> Figure:
    asked = facts.pull_requests.filter(pl.col("deployed_at").is_not_null())
    first = asked.sort("deployed_at").unique(["repository", "number"], keep="first", maintain_order=True)
    cycles = facts.within(first, "deployed_at").select(cycle_seconds())["cycle"]
    return lead_time(lower_median(cycles), len(cycles))


def cycle_seconds() -> pl.Expr:
    """The sum of a pull request's three spans, each in whole minutes rounded up, without unknown and negative ones."""
    clocks = ("first_commit_at", "opened_at", "merged_at", "deployed_at")
    minutes = [(seconds(a, b) / 60).ceil() for a, b in pairwise(clocks)]
    known = [pl.when(span >= 0).then(span).otherwise(0.0).fill_null(0.0) for span in minutes]
    return (pl.sum_horizontal(known) * 60).alias("cycle")


def _fail_rate(facts: Facts, runs: pl.DataFrame, asked: pl.DataFrame) -> Figure:
    incidents = facts.incidents.unique("incident_id", maintain_order=True).sort("created_at")
    blamed = incidents.join_asof(runs, left_on="created_at", right_on="finished_at")["run"].drop_nulls()
    return fail_rate(asked.filter(pl.col("run").is_in(blamed.unique().to_list())).height, asked.height)


def _restore(facts: Facts) -> Figure:
    incidents = facts.within(facts.incidents.unique("incident_id", maintain_order=True), "created_at")
    minutes = incidents.select((seconds("created_at", "resolved_at") / 60).floor() * 60).to_series().drop_nulls()
    return restore(lower_median(minutes), len(minutes))


PEER = Peer(
    name="devlake",
    title="Apache DevLake",
    read="apache/incubator-devlake and apache/incubator-devlake-website, main, read 2026-11",
    rules=RULES,
    figures=figures,
)
