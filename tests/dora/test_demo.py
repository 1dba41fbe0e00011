"""The made-up organisation: seeded, offline, readable by the real sources, and of the character it claims."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dora.config import load_config
from dora.demo import make_demo, make_sample
from dora.errors import DoraError
from dora.warehouse import Reader, open_published

ROOT = Path(__file__).parents[2]
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 120


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shorter demonstration, ingested by the command line; the folder of its dora.toml."""
    folder = tmp_path_factory.mktemp("demo") / "demo"
    make_demo(folder, until=UNTIL, days=DAYS)
    dora(folder, "ingest")
    return folder


@pytest.fixture(scope="module")
def reader(demo: Path) -> Reader:
    return open_published(demo / "dora.published.duckdb")


def dora(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DORA_CACHE": str(folder.parent / "cache")}
    environment.pop("DORA_CONFIG", None)
    command = [sys.executable, "-m", "dora", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def by_team(folder: Path, start: str, end: str) -> dict[str, dict[str, dict[str, float]]]:
    answer = json.loads(dora(folder, "metrics", "--by", "team", "--from", start, "--to", end, "--format", "json"))
    return {group["name"]: group for group in answer["groups"]}


def files_of(folder: Path) -> dict[str, bytes]:
    """Everything that the generator wrote."""
    made = [folder / "dora.toml", *folder.glob("records/*"), *folder.glob("repositories/**/*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in made if path.is_file()}


def test_same_seed_and_end_give_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    make_demo(tmp_path / "again", until=UNTIL, days=DAYS)
    assert files_of(tmp_path / "again") == files_of(demo)


def test_another_seed_gives_another_history(tmp_path: Path) -> None:
    one, two = make_sample(tmp_path / "one", seed=1), make_sample(tmp_path / "two", seed=2)
    assert (one.parent / "records/deployments.csv").read_bytes() != (
        two.parent / "records/deployments.csv"
    ).read_bytes()


def test_git_finds_the_written_repositories_sound_and_the_named_merges_in_them(demo: Path) -> None:
    repository = demo / "repositories" / "platform.git"
    git = ["git", "--git-dir", str(repository)]
    assert subprocess.run([*git, "fsck", "--full", "--strict"], capture_output=True).returncode == 0
    known = set(subprocess.run([*git, "rev-list", "main"], capture_output=True, text=True).stdout.split())
    with (demo / "records/pull_requests.csv").open() as rows:
        merges = {row["merge_sha"] for row in csv.DictReader(rows) if row["repository"] == "example/platform"} - {""}
    assert len(merges) > 100
    assert merges <= known


def test_configuration_says_that_it_is_made_up_and_names_forty_services(demo: Path) -> None:
    config = load_config(str(demo / "dora.toml"))
    assert config.organisation.made_up
    assert "made-up" in config.organisation.name
    assert (len(config.teams), len(config.services)) == (6, 40)


def test_one_service_changes_hands_and_is_owned_without_a_gap(demo: Path) -> None:
    owners = [(team.name, row) for team in load_config(str(demo / "dora.toml")).teams for row in team.owns]
    assert sorted((name, row.service) for name, row in owners) == [
        ("Catalogue", "gift-cards"),
        ("Checkout", "gift-cards"),
    ]
    moments = {name: (row.since, row.until) for name, row in owners}
    assert moments["Catalogue"][1] == moments["Checkout"][0]


def test_only_the_planted_rows_are_rejected(reader: Reader) -> None:
    places = [str(row[0]) for row in reader.rows("select place from rejected order by place")]
    assert [place.split(":")[0] for place in places] == ["deployments-hand-kept.csv"] * 4 + ["incidents.ndjson"]


def test_every_table_of_records_has_rows(reader: Reader) -> None:
    tables = (
        "commits", "mainline_commits", "commit_paths", "tags", "pull_requests", "deployments", "pipeline_runs",
        "pipeline_steps", "incidents", "verifications", "telemetry_samples", "flag_changes", "people", "rejected",
    )  # fmt: skip
    assert [name for name in tables if reader.rows(f"select count(*) from {name}") == [(0,)]] == []


def test_failures_show_in_every_way_the_ledger_knows(reader: Reader) -> None:
    kinds = {str(row[0]) for row in reader.rows("select distinct kind from failure_evidence")}
    assert kinds >= {"linked_incident", "verification", "rollback", "revert", "hotfix", "out_of_order", "replay"}


def test_some_failures_are_still_open_and_some_incidents_have_no_deployment(reader: Reader) -> None:
    assert reader.rows("select count(*) from incident_facts where resolved_at is null") == [(2,)]
    assert reader.rows("select count(*) > 0 from incident_facts where deployment_id is null") == [(True,)]


def test_one_outage_touches_several_services(reader: Reader) -> None:
    query = "select max(n) from (select count(*) as n from incidents group by title, detected_at)"
    assert int(str(reader.rows(query)[0][0])) >= 3


def test_nothing_happens_after_the_end(reader: Reader) -> None:
    columns = {
        "deployments": "finished_at", "incidents": "resolved_at", "flag_changes": "changed_at", "tags": "tagged_at",
        "pull_requests": "closed_at", "telemetry_samples": "sampled_at", "pipeline_runs": "finished_at",
    }  # fmt: skip
    for table, column in columns.items():
        query = f"select max({column}) from {table}"
        latest = reader.rows(query)[0][0]
        assert isinstance(latest, datetime)
        assert latest < UNTIL.replace(tzinfo=None), table


def test_teams_differ_as_their_characters_say(demo: Path) -> None:
    teams = by_team(demo, "2026-02-15", "2026-06-01")
    per_day = {name: team["deployment_frequency"]["per_day"] for name, team in teams.items()}
    lead = {name: team["change_lead_time"]["median_seconds"] for name, team in teams.items()}
    rate = {name: team["change_fail_rate"]["rate"] for name, team in teams.items()}
    assert sorted(lead, key=lambda name: lead[name]) == [
        "Discovery", "Checkout", "Platform", "Catalogue", "Payments", "Back office",
    ]  # fmt: skip
    assert lead["Checkout"] < 86400 < 30 * 86400 < lead["Back office"]
    assert (
        per_day["Checkout"] > 2 > 1.5 > per_day["Catalogue"] > 0.5 > per_day["Payments"] > 0.2 > per_day["Back office"]
    )
    assert rate["Checkout"] < 0.05 < rate["Platform"] < rate["Discovery"] < rate["Back office"]


def test_people_are_handles_of_a_domain_kept_for_examples(demo: Path) -> None:
    people = set()
    for name, column in (("pull_requests", "author"), ("deployments", "actor"), ("pipeline_runs", "actor")):
        with (demo / f"records/{name}.csv").open() as rows:
            people |= {row[column] for row in csv.DictReader(rows)}
    assert len(people) > 40
    assert [
        who for who in people if not re.fullmatch(r"(dev-\d\d|release-[a-z-]+-\d|[a-z-]+-bot)@example\.com", who)
    ] == []


def test_a_folder_with_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DoraError, match="not an empty folder"):
        make_demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_the_generator_needs_no_heavy_library() -> None:
    code = "import sys, dora.demo; print([m for m in ('duckdb', 'polars', 'streamlit', 'numpy') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_checked_in_sample_is_what_the_generator_writes(tmp_path: Path) -> None:
    make_sample(tmp_path / "sample")
    assert files_of(ROOT / "sample_data") == files_of(tmp_path / "sample")


def test_sample_is_small_and_gives_the_figures_of_its_readme(tmp_path: Path) -> None:
    folder = make_sample(tmp_path / "sample").parent
    assert sum(len(content) for content in files_of(folder).values()) < 300_000
    dora(folder, "ingest")
    assert open_published(folder / "dora.published.duckdb").rows("select count(*) from rejected") == [(0,)]
    teams = by_team(folder, "2025-10-01", "2026-01-01")
    shown = re.findall(r"^\| (\w+) \|[^|]+\| (\d+) \|[^|]+\| (\d+) of (\d+) \| (\d) \|$", readme(), re.MULTILINE)
    measured = [
        (
            name,
            team["deployment_frequency"]["deployments"],
            team["change_fail_rate"]["failed"],
            team["change_fail_rate"]["deployments"],
            team["failed_deployment_recovery_time"]["open"],
        )
        for name, team in sorted(teams.items())
    ]
    assert measured == [(name, *map(int, figures)) for name, *figures in shown]


def readme() -> str:
    return (ROOT / "sample_data/README.md").read_text(encoding="utf-8")
