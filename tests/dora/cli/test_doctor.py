"""`dora doctor`: what it tells a person, and what it tells a machine."""

from __future__ import annotations

import json
import os
from pathlib import Path

from dora.cli.doctor import MOST_ALIKE
from dora.warehouse import open_warehouse
from tests.dora.processes import dora, ingested, said
from tests.repositories import Repo

SHOP = '[[service]]\nname = "shop"\n'


def test_many_services_with_one_problem_are_counted_for_a_person_and_listed_for_a_machine(tmp_path: Path) -> None:
    ingested(tmp_path, "".join(f"d{n},service-{n:02},v1,2025-01-01T10:00\n" for n in range(MOST_ALIKE + 2)))
    told = said(tmp_path, "doctor", "--offline").stdout
    assert told.count("services: service-") == MOST_ALIKE
    assert "services: 2 more like these" in told
    checks = json.loads(said(tmp_path, "doctor", "--offline", "--json").stdout)["checks"]
    assert sum(check["area"] == "services" for check in checks) == MOST_ALIKE + 2


def test_deployments_of_no_known_service_are_not_mistaken_for_a_wrong_pattern(tmp_path: Path) -> None:
    ingested(tmp_path, "d1,cart,v1,2025-01-01T10:00\n", SHOP)
    told = said(tmp_path, "doctor", "--offline", code=1).stdout
    assert "PROBLEM  environments: all deployments are of no known service" in told
    assert "no environment counts as production" not in told


def test_a_deployment_counts_once_whatever_services_take_its_environment_for(tmp_path: Path) -> None:
    ingested(
        tmp_path, "".join(f"d{n},{name},v1,2025-01-01T10:00\n" for n, name in enumerate("abac")), _judged("nosuch")
    )
    told = said(tmp_path, "doctor", "--offline").stdout
    assert (
        "environments: production: 4 deployments; production for a, b, neither production nor rehearsal for c\n" in told
    )


def test_many_services_that_take_an_environment_for_one_thing_are_counted(tmp_path: Path) -> None:
    ingested(
        tmp_path, "".join(f"d{n},{name},v1,2025-01-01T10:00\n" for n, name in enumerate("abcde")), _judged("nosuch")
    )
    told = said(tmp_path, "doctor", "--offline").stdout
    assert "5 deployments; production for 4 of 5 services, neither production nor rehearsal for c\n" in told


def test_services_that_agree_on_an_environment_are_told_as_one(tmp_path: Path) -> None:
    """c, judged by its own definitions, and a deploy to production; the organisation's own word for it is no third."""
    ingested(tmp_path, "d1,a,v1,2025-01-01T10:00\nd2,c,v1,2025-01-01T10:00\n", _judged("*"))
    assert "environments: production: 2 deployments, production\n" in said(tmp_path, "doctor", "--offline").stdout


def test_one_of_a_thing_is_told_as_one(tmp_path: Path) -> None:
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\nd2,shop,v2,soon\n", SHOP)
    told = said(tmp_path, "doctor", "--offline").stdout
    assert "dora.toml: 1 source, 1 service, 0 teams" in told
    assert "production: 1 deployment, production" in told
    assert "shop: 1 production deployment, 0 changes shipped" in told
    assert "-> set `repository` of its [[service]]" in told
    assert "quality: 1 deployment whose version is no known commit" in told
    assert "rejected: 1 row could not be read" in told


def test_a_source_that_no_run_could_read_is_told_though_it_is_the_only_one(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nname = "hand"\nfolder = "records"\n')
    assert "source hand" not in said(tmp_path, "doctor", "--offline", code=1).stdout
    said(tmp_path, "ingest", code=1)
    told = said(tmp_path, "doctor", "--offline").stdout
    assert "warning  source hand: no run in the log read it to its end\n         -> run `dora ingest hand`" in told


def test_facts_of_another_version_are_made_again_and_not_read(tmp_path: Path) -> None:
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\n", SHOP)
    published = open_warehouse(tmp_path / "dora.published.duckdb")
    published.set_meta(facts_version="1")
    published.close()
    for words in (["metrics"], ["deploys"], ["doctor", "--offline"]):
        done = said(tmp_path, *words, code=1)
        assert "dora.published.duckdb: another version of dora made its facts; run `dora build`" in (
            done.stdout if "doctor" in words else done.stderr
        )
    said(tmp_path, "build")
    assert (
        "1 deployment on 1 of 1 days" in said(tmp_path, "metrics", "--from", "2025-01-01", "--to", "2025-01-02").stdout
    )


def test_records_that_cannot_be_opened_are_a_problem_with_a_way_out(tmp_path: Path) -> None:
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\n", SHOP)
    records = tmp_path / "dora.duckdb"
    os.truncate(records, 9000)
    told = said(tmp_path, "doctor", "--offline", code=1).stdout
    assert f"PROBLEM  warehouse: {records}: not a readable DuckDB file\n         -> move it away and run `dora" in told
    records.unlink()
    records.mkdir()
    told = said(tmp_path, "doctor", "--offline", code=1).stdout
    assert "PROBLEM  warehouse" in told
    assert "a folder stands where a file belongs\n         -> move it away" in told


def test_records_that_are_being_written_are_no_problem(tmp_path: Path) -> None:
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\n", SHOP)
    writer = open_warehouse(tmp_path / "dora.duckdb")
    try:
        told = dora(tmp_path, "doctor", "--offline").stdout
    finally:
        writer.close()
    assert "ok       warehouse: " in told
    assert "dora.duckdb, open in another program now" in told


def test_versions_that_are_no_tags_of_a_repository_that_was_read_are_told_as_that(tmp_path: Path) -> None:
    Repo(tmp_path / "code").commit("one")
    source = '[[source]]\ntype = "git"\nname = "code"\nrepositories = [{ name = "acme/shop", url = "code" }]\n'
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\n", f'{SHOP}repository = "acme/shop"\n{source}')
    told = said(tmp_path, "doctor", "--offline").stdout
    assert "-> its versions are no tags or commits of its repository" in told
    assert "that a git source reads it" not in told


def _judged(pattern: str) -> str:
    """Services a to e, of which c has production patterns of its own."""
    tables = {name: f'[[service]]\nname = "{name}"\n' for name in "abcde"}
    tables["c"] += f'[service.definitions]\nproduction = ["{pattern}"]\n'
    return "".join(tables.values())
