"""`dora blame` and `dora absolve`: what people decided outlives builds, full reads and new ids, and is missed aloud."""

from __future__ import annotations

from pathlib import Path

import pytest

from dora.warehouse import open_published
from tests.dora.processes import said

CONFIG = """
[[team]]
name = "web"
services = ["shop", "shpo"]
[[service]]
name = "shop"
[[source]]
type = "files"
name = "hand"
folder = "records"
"""
HEAD = "id,service,environment,version,status,finished_at\n"
LOST = "the decision about hand/2 (shop v2, production, 2025-01-02 10:00:00) is about no production deployment"


def _deployments(folder: Path, rows: str) -> None:
    (folder / "records").mkdir(exist_ok=True)
    lines = [
        f"{key},shop,production,{version},succeeded,2025-01-0{version[1]}T10:00:00Z"
        for key, version in (row.split() for row in rows.split(","))
    ]
    (folder / "records" / "deployments.csv").write_text(HEAD + "\n".join(lines) + "\n")


def _decided(folder: Path) -> list[tuple[object, ...]]:
    reader = open_published(folder / "dora.published.duckdb")
    try:
        return reader.rows(
            "select d.version, e.deployment_id, e.kind from failure_evidence e join deployment_facts d using (deployment_id) "
            "where e.decided_by = 'human' order by all"
        )
    finally:
        reader.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three deployments, the second blamed and the third absolved."""
    (tmp_path / "dora.toml").write_text(CONFIG)
    _deployments(tmp_path, "1 v1,2 v2,3 v3")
    said(tmp_path, "ingest")
    said(tmp_path, "blame", "shop@v2", "--reason", "prices were wrong")
    said(tmp_path, "absolve", "shop@v3", "--reason", "it was the network")
    return tmp_path


def test_decisions_outlive_a_build_and_a_full_read(folder: Path) -> None:
    wanted = [("v2", "hand/2", "override"), ("v3", "hand/3", "absolved")]
    assert _decided(folder) == wanted
    assert "warning: the decision" not in said(folder, "build").stderr
    assert _decided(folder) == wanted
    said(folder, "ingest", "--full")
    assert _decided(folder) == wanted


def test_decisions_find_their_deployments_under_new_ids_even_when_others_have_the_old_ones(folder: Path) -> None:
    _deployments(folder, "2 v1,3 v2,4 v3")
    assert "warning: the decision" not in said(folder, "ingest", "--full").stderr
    assert _decided(folder) == [("v2", "hand/3", "override"), ("v3", "hand/4", "absolved")]


def test_decisions_outlive_a_new_name_of_their_service(folder: Path) -> None:
    renamed = CONFIG.replace('name = "shop"', 'name = "web-shop"\naliases = ["shop"]')
    (folder / "dora.toml").write_text(renamed)
    assert "warning: the decision" not in said(folder, "build").stderr
    assert _decided(folder) == [("v2", "hand/2", "override"), ("v3", "hand/3", "absolved")]


def test_a_decision_about_nothing_is_told_by_ingest_build_and_doctor(folder: Path) -> None:
    _deployments(folder, "1 v1,3 v3")
    assert f"warning: {LOST}" in said(folder, "ingest", "--full").stderr
    assert _decided(folder) == [("v3", "hand/3", "absolved")]
    assert f"warning: {LOST}" in said(folder, "build").stderr
    assert f"warning  decisions: {LOST}" in said(folder, "doctor", "--offline").stdout


def test_a_decision_holds_for_a_region_before_and_after_regions_are_one(folder: Path) -> None:
    rows = (folder / "records" / "deployments.csv").read_text()
    others = rows.removeprefix(HEAD).replace("production", "production-us").replace("T10", "T11")
    others = "".join(f"r{line}\n" for line in others.splitlines())
    (folder / "records" / "deployments.csv").write_text(rows + others)
    said(folder, "ingest")
    (folder / "dora.toml").write_text(CONFIG + '[definitions]\nregions = "last"\n')
    assert "warning: the decision" not in said(folder, "build").stderr
    assert _decided(folder) == [("v2", "hand/r2", "override"), ("v3", "hand/r3", "absolved")]
    said(folder, "blame", "hand/r1", "--reason", "slow")
    (folder / "dora.toml").write_text(CONFIG)
    assert "warning: the decision" not in said(folder, "build").stderr
    assert ("v1", "hand/r1", "override") in _decided(folder)


def test_a_team_of_an_unknown_service_is_told_at_ingest(folder: Path) -> None:
    assert "warning: a team owns 'shpo', but no [[service]] has that name" in said(folder, "ingest").stderr


def test_a_decision_that_another_takes_back_or_that_names_no_known_incident_is_told(folder: Path) -> None:
    told = said(folder, "blame", "shop@v3", "--incident", "INC-9").stderr
    about = "the decision about hand/3 (shop v3, production, 2025-01-03 10:00:00)"
    assert f"warning: {about} names incident 'INC-9', which no record has" in told
    taken_back = f"warning: {about} blames what another one absolves, which wins, so that it has no effect"
    assert taken_back in told
    assert said(folder, "blame", "shop@v3", "--reason", "really").stderr.count(taken_back) == 1


def test_a_decision_that_names_an_incident_of_before_is_told(folder: Path) -> None:
    header, day = "id,service,environment,detected_at,resolved_at\n", "2025-01-0{}T08:00:00Z"
    rows = [f"INC-{n},shop,production,{day.format(n)},{day.format(n + 1)}" for n in (1, 3)]
    (folder / "records" / "incidents.csv").write_text(header + "\n".join(rows) + "\n")
    said(folder, "ingest")
    told = said(folder, "blame", "shop@v3", "--incident", "INC-1").stderr
    assert "names incident 'INC-1', which was resolved before: its recovery is in no figure" in told
    assert "INC-3" not in said(folder, "blame", "shop@v3", "--incident", "INC-3").stderr.partition("warning")[2]


def test_a_region_is_known_by_its_own_id_too_and_means_the_deployment_that_counts(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text('[definitions]\nregions = "last"\n' + CONFIG)
    (tmp_path / "records").mkdir()
    rows = [f"{place}{n},shop,production-{place},v{n},succeeded,2025-01-0{n}T1{hour}:00:00Z\n" for n in (1, 2) for hour, place in enumerate(("eu", "us"))]  # fmt: skip
    (tmp_path / "records" / "deployments.csv").write_text(HEAD + "".join(rows))
    said(tmp_path, "ingest")
    meant = "hand/eu2 is a region of hand/us2, the deployment that counts"
    shown = said(tmp_path, "deploys", "show", "hand/eu2")
    assert meant in shown.stderr
    assert "hand/us2" in shown.stdout
    assert "region" not in said(tmp_path, "deploys", "show", "us2").stderr
    assert "region" not in said(tmp_path, "deploys", "show", "shop@v2").stderr
    assert meant in said(tmp_path, "blame", "eu2", "--reason", "prices were wrong").stderr
    assert _decided(tmp_path) == [("v2", "hand/us2", "override")]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ("[[", "not valid TOML"),
        ("[[blame]]\nservice = 'shop'\n", "deployment, environment, reason is missing"),
        ("blame = []\n", "write each decision as a [[blame]] table"),
    ],
)
def test_a_broken_file_of_decisions_gets_none_added(folder: Path, broken: str, says: str) -> None:
    file = folder / "dora.overrides.toml"
    file.write_text(broken)
    done = said(folder, "blame", "shop@v1", "--reason", "prices were wrong", code=2)
    assert f"{file}: " in done.stderr
    assert says in done.stderr
    assert "blame: shop v1" not in done.stderr
    assert file.read_text() == broken


def test_an_absolution_wins_over_a_later_blame_and_the_help_says_so(folder: Path) -> None:
    told = said(folder, "blame", "shop@v3", "--reason", "it was not the network").stderr
    assert "which wins, so that it has no effect" in told
    listed = said(folder, "deploys", "--failed", "--from", "2025", "--format", "csv").stdout
    assert "hand/2" in listed
    assert "hand/3" not in listed
    for name, words in {
        "blame": "the one that absolves it wins",
        "absolve": "It wins over a decision to blame it",
    }.items():
        assert words in " ".join(said(folder, name, "--help").stdout.split())
