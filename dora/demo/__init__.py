"""A seeded made-up organisation, to look around in and to test on.

`make_demo` writes two years of six teams and forty services as real git repositories and files; `make_sample`
writes a small set of files alone. Both write a dora.toml beside them and use neither network nor clock, except
that the demonstration ends today when no end is given. Nothing in them is about a real organisation or person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from dora.demo import records
from dora.demo.config import config_text, folder_of
from dora.demo.environments import make_environments
from dora.demo.events import History
from dora.demo.history import make_history
from dora.demo.organisation import TEAMS, Team
from dora.demo.pipelines import Run, pipelines
from dora.demo.records_files import cut_last_line, write_csv, write_hand_kept, write_ndjson
from dora.demo.repositories import write_repository
from dora.demo.telemetry import telemetry_samples
from dora.errors import DoraError
from dora.model import (
    Commit,
    Deployment,
    FlagChange,
    Incident,
    MainlineCommit,
    PipelineRun,
    PipelineStep,
    PullRequest,
    Record,
    Tag,
    TelemetrySample,
    Verification,
)  # fmt: skip

Progress = Callable[[str], None]
DAYS = 730
SAMPLE_DAYS = 92
SAMPLE_UNTIL = datetime(2026, 1, 1, tzinfo=UTC)


def make_demo(
    folder: Path,
    seed: int = 2026,
    until: datetime | None = None,
    progress: Progress = lambda _line: None,
    days: int = DAYS,
) -> Path:
    """Write the demonstration into a new or empty folder and return the path of its dora.toml.

    The history covers the `days` before `until` (aware; default: the start of today, UTC). The same seed, span
    and `until` give the same files and commits. A folder that holds something else is a `DoraError`; nothing is written there.
    """
    _check_empty(folder)
    end = until.astimezone(UTC).replace(microsecond=0) if until else _today()
    progress(f"making up {days} days of {len(TEAMS)} teams")
    history = make_history(seed, end - timedelta(days=days), end)
    rng = Random(f"{seed}:records")
    environments = make_environments(history, rng)
    (folder / "repositories").mkdir(parents=True)
    progress(f"writing {len(history.repositories) + 1} git repositories")
    for made in (*history.repositories.values(), environments):
        write_repository(made, folder / folder_of(made.name))
    progress("writing deployments, pull requests, incidents, pipelines and telemetry")
    telemetry = telemetry_samples(history, rng)
    _write_records(folder / "records", history, rng, telemetry, pipelines(history, rng))
    write_hand_kept(
        folder / "records" / "deployments-hand-kept.csv", end - timedelta(days=70), end - timedelta(days=20)
    )
    cut_last_line(folder / "records" / "incidents.ndjson")
    return _write_config(folder, end, sorted(history.repositories), TEAMS)


def make_sample(folder: Path, seed: int = 2026, until: datetime = SAMPLE_UNTIL) -> Path:
    """Write a small set of CSV and NDJSON files, commits included, and return the path of its dora.toml."""
    folder.mkdir(parents=True, exist_ok=True)
    teams = sample_teams()
    history = make_history(seed, until - timedelta(days=SAMPLE_DAYS), until, teams)
    rng = Random(f"{seed}:records")
    telemetry = telemetry_samples(history, rng, days=10, services=("trending",))
    _write_records(folder / "records", history, rng, telemetry, pipelines(history, rng, teams, days=30))
    for kind, rows in (
        (Commit, records.commits(history)),
        (MainlineCommit, records.mainline_commits(history)),
        (Tag, records.tags(history)),
    ):
        write_csv(folder / "records" / f"{kind.TABLE}.csv", kind, rows)
    return _write_config(folder, until, [], teams)


def sample_teams() -> tuple[Team, ...]:
    """Three of the teams, with one or two of their services, without a GitOps repository."""
    kept = {"Checkout": ("basket",), "Catalogue": ("prices", "reviews"), "Discovery": ("trending",)}
    return tuple(
        replace(team, services=kept[team.name], gitops=False, members=3) for team in TEAMS if team.name in kept
    )


def _write_records(
    folder: Path, history: History, rng: Random, telemetry: Iterable[TelemetrySample], pipeline_runs: Iterable[Run]
) -> None:
    folder.mkdir(exist_ok=True)
    records.name_rollouts(history)
    tables: tuple[tuple[type[Record], Iterable[Record]], ...] = (
        (Deployment, records.deployments(history)),
        (PullRequest, records.pull_requests(history, rng)),
        (Verification, records.verifications(history, rng)),
        (FlagChange, records.flag_changes(history)),
        (TelemetrySample, telemetry),
    )
    for kind, rows in tables:
        write_csv(folder / f"{kind.TABLE}.csv", kind, rows)
    write_ndjson(folder / f"{Incident.TABLE}.ndjson", Incident, records.incidents(history, rng))
    runs = list(pipeline_runs)
    write_csv(folder / f"{PipelineRun.TABLE}.csv", PipelineRun, (run for run, _ in runs))
    write_csv(folder / f"{PipelineStep.TABLE}.csv", PipelineStep, _all_steps(runs))


def _all_steps(runs: list[Run]) -> Iterator[PipelineStep]:
    for _, steps in runs:
        yield from steps


def _write_config(folder: Path, until: datetime, repositories: list[str], teams: tuple[Team, ...]) -> Path:
    path = folder / "dora.toml"
    path.write_text(config_text(until, repositories, teams), encoding="utf-8")
    return path


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DoraError(f"{folder}: not an empty folder; name a new one, or remove it first")


def _today() -> datetime:
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
