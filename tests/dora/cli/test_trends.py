"""`dora metrics --trend`, `--power`, the 2025 strip, and changes of definitions, as a person sees them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from tests.dora.processes import said

PERIOD = ("--from", "2025-10-01", "--to", "2026-01-01")
METRICS = {
    "deployment_frequency", "change_lead_time", "change_fail_rate", "failed_deployment_recovery_time",
    "time_to_restore", "deployment_rework_rate",
}  # fmt: skip


@pytest.fixture
def own(shop: Path, tmp_path: Path) -> Path:
    """A copy of the shop that a test may build."""
    return Path(shutil.copytree(shop, tmp_path / "shop"))


def test_a_trend_has_a_row_a_metric_and_its_weeks_in_json(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--trend")
    assert len(done.stdout.splitlines()) == 2 + len(METRICS)
    assert "excludes none" in done.stderr
    document = json.loads(said(shop, "metrics", *PERIOD, "--trend", "--format", "json").stdout)
    (group,) = document["groups"]
    assert set(group["trends"]) == METRICS
    assert document["before"]["to"] == document["period"]["from"]
    points = group["trends"]["deployment_frequency"]["limits"]["points"]
    assert [point["start"] for point in points][:2] == ["2025-10-06", "2025-10-13"]


@pytest.fixture(scope="module")
def young(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty deployments in June, two a working day, of which the last five failed for ever, and one in July."""
    folder = tmp_path_factory.mktemp("young")
    (folder / "data").mkdir()
    days = [day for day in range(9, 31) if day % 7 not in (0, 1)][:15]  # 8 June 2025 was a Sunday
    moments = [f"2025-06-{day:02}T{hour}:00:00Z" for day in days for hour in (10, 15)] + ["2025-07-01T10:00:00Z"]
    rows = [f"d{n},a,production,v{n},{at}" for n, at in enumerate(moments)]
    (folder / "data/deployments.csv").write_text("\n".join(["id,service,environment,version,finished_at", *rows, ""]))
    failed = [
        {"id": f"i{n}", "service": "a", "environment": "production", "deployment": f"d{n}",
         "detected_at": moments[n].replace(":00:00", ":30:00")} for n in range(25, 30)
    ]  # fmt: skip
    (folder / "data/incidents.ndjson").write_text("".join(f"{json.dumps(row)}\n" for row in failed))
    (folder / "dora.toml").write_text(
        '[warehouse]\npath = "w.duckdb"\n[[service]]\nname = "a"\nrepository = "o/a"\n'
        '[[source]]\ntype = "files"\nname = "f"\nfolder = "data"\n'
    )
    said(folder, "ingest")
    return folder


JULY = ("--from", "2025-07-01", "--to", "2025-07-31")


def test_a_trend_says_what_each_figure_rests_on_and_what_is_not_known(young: Path) -> None:
    done = said(young, "metrics", *JULY, "--trend", "--format", "markdown")
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    rows = {row[1]: dict(zip(lines[0], row, strict=True)) for row in lines[2:]}
    fails, recovery = rows["Change fail rate"], rows["Failed deployment recovery time"]
    assert (fails["n"], fails["n before"]) == ("1", "30")
    assert fails["trend"] == "insufficient data: fewer than 5 deployments"
    assert rows["Change lead time"]["trend"] == "insufficient data"
    assert (recovery["now"], recovery["before"], recovery["n before"]) == ("no data", "not reached", "5")
    assert "the period before begins 8 days before the data" in done.stderr
    plan = said(young, "metrics", "--from", "2025-06-01", "--to", "2025-07-01", "--power", "--format", "csv")
    assert "the period begins" not in plan.stderr


@pytest.mark.parametrize("option", ["--trend", "--power"])
def test_what_an_answer_is_narrowed_to_and_its_notes_stand_in_its_json(shop: Path, option: str) -> None:
    words = ("metrics", "--from", "2021-01-01", "--to", "2026-01-01", option, "--format", "json")
    document = json.loads(said(shop, *words, "--service", "prices", "--team", "Catalogue").stdout)
    assert document["filters"] == {"services": ["prices"], "teams": ["Catalogue"]}
    assert document["notes"][0] == "only services prices; teams Catalogue"
    assert "days before the data" in document["notes"][1]
    assert json.loads(said(shop, *words).stdout)["filters"] == {}


def test_trends_in_files_are_the_numbers_of_the_json(shop: Path, tmp_path: Path) -> None:
    words = ("metrics", *PERIOD, "--trend", "--by", "team", "--format")
    groups = json.loads(said(shop, *words, "json").stdout)["groups"]
    rows = list(csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout)))
    said(shop, *words, "parquet", "--out", str(tmp_path / "trends.parquet"))
    held = pl.read_parquet(tmp_path / "trends.parquet")
    assert len(rows) == held.height == len(groups) * len(METRICS)
    told = {(group["name"], metric): trend for group in groups for metric, trend in group["trends"].items()}
    for row, line in zip(rows, held.iter_rows(named=True), strict=True):
        trend = told[row["name"], row["metric"]]
        for name in ("now", "before"):
            figure = trend[name]
            expected = [figure["value"], *figure["interval"], figure["n"]]
            assert [line[name], line[f"{name}_low"], line[f"{name}_high"], line[f"{name}_n"]] == expected
        change = trend["change"]
        expected = [change["ratio"], change["difference"], *change["interval"], trend["arrow"], trend["better"]]
        names = ("change_ratio", "change_difference", "change_low", "change_high", "arrow", "better")
        assert [line[name] for name in names] == expected
        assert {name: "" if value is None else str(value) for name, value in line.items()} == row
        assert (row["from"], row["to"]) == ("2025-10-01", "2026-01-01")
    assert held.schema["change_low"] == pl.Float64
    assert held.schema["better"] == pl.Boolean


def test_plans_in_files_are_the_numbers_of_the_json(shop: Path, tmp_path: Path) -> None:
    words = ("metrics", *PERIOD, "--power", "--format")
    (group,) = json.loads(said(shop, *words, "json").stdout)["groups"]
    rows = list(csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout)))
    said(shop, *words, "parquet", "--out", str(tmp_path / "plans.parquet"))
    held = pl.read_parquet(tmp_path / "plans.parquet")
    assert len(rows) == held.height == 4 * len(group["plans"])
    for line in held.iter_rows(named=True):
        plan = group["plans"][line["metric"]]
        assert (line["now"], line["per_week"]) == (plan["now"], plan["per_week"])
        visible = [item for item in plan["visible"] if item["weeks"] == line["weeks"]]
        (expected,) = visible or [{"values": None, "fall": None, "rise": None}]
        assert {name: line[name] for name in ("values", "fall", "rise")} == {
            name: expected[name] for name in ("values", "fall", "rise")
        }
    assert held.schema["fall"] == held.schema["rise"] == pl.Float64


def test_no_arrow_without_evidence(shop: Path) -> None:
    document = json.loads(said(shop, "metrics", *PERIOD, "--trend", "--by", "service", "--format", "json").stdout)
    for group in document["groups"]:
        for trend in group["trends"].values():
            assert (trend["arrow"] is None) == (not trend["change"]["clear"])


def test_a_plan_names_the_weeks_and_grows_finer_with_them(shop: Path) -> None:
    header = said(shop, "metrics", *PERIOD, "--power").stdout.splitlines()[0]
    assert [weeks for weeks in ("4 weeks", "8 weeks", "13 weeks", "26 weeks") if weeks in header] == [
        "4 weeks", "8 weeks", "13 weeks", "26 weeks",
    ]  # fmt: skip
    document = json.loads(said(shop, "metrics", *PERIOD, "--power", "--format", "json").stdout)
    rises = [item["rise"] for item in document["groups"][0]["plans"]["deployment_frequency"]["visible"]]
    assert rises == sorted(rises, reverse=True)
    assert rises[-1] > 1


def test_2025_has_a_strip_and_no_levels(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--edition", "2025")
    assert "2025 has no levels" in done.stdout
    assert "not a rank" in done.stderr
    assert "dora.dev" in done.stderr
    document = json.loads(said(shop, "metrics", *PERIOD, "--edition", "2025", "--format", "json").stdout)
    assert [strip["mean"] for strip in document["quick_check"]["groups"][0]["strips"]] == [4.8, 5.5, 1.9, 2.6, 2.2]
    assert "quick_check" not in json.loads(said(shop, "metrics", *PERIOD, "--format", "json").stdout)


def test_a_place_on_the_strip_is_the_same_in_every_format(young: Path) -> None:
    """One deployment in July: nothing is known of its changes, and 0 of 1 failed, which is up to 79.3 %."""
    words = ("metrics", *JULY, "--edition", "2025")
    document = json.loads(said(young, *words, "--format", "json").stdout)
    strips = {strip["metric"]: strip for strip in document["quick_check"]["groups"][0]["strips"]}
    assert strips["change_lead_time"]["ours"] == "insufficient data"
    assert strips["change_fail_rate"]["ours"] == "0 (0 to 7.9)"
    [row] = csv.DictReader(io.StringIO(said(young, *words, "--format", "csv").stdout))
    table, markdown = said(young, *words).stdout, said(young, *words, "--format", "markdown").stdout
    for metric, strip in strips.items():
        assert row[f"{metric}_quick_check"] == strip["ours"]
        numbers = [row[f"{metric}_quick_check_place{end}"] for end in ("", "_low", "_high")]
        assert numbers == ["" if n is None else str(n) for n in (strip["place"], *strip["place_interval"])]
        assert strip["ours"] in table
        assert f"| {strip['ours']} |" in markdown
    assert "o===|====·······)····" in table
    assert "quick_check" not in said(young, "metrics", *JULY, "--format", "csv").stdout


def test_the_provenance_of_the_levels_is_said(shop: Path) -> None:
    assert "levels of 2024, status B" in said(shop, "metrics", *PERIOD).stderr
    assert "levels of 2018, status M" in said(shop, "metrics", *PERIOD, "--edition", "2018").stderr


def test_a_change_of_definitions_is_noted_wherever_figures_stand_in_time(own: Path) -> None:
    settings = own / "dora.toml"
    text = settings.read_text()
    assert "[definitions]\n" in text
    settings.write_text(text.replace("[definitions]\n", '[definitions]\nclock = "authored"\n', 1))
    said(own, "build")
    for options in (("--every", "month"), ("--trend",)):
        assert "clock committed -> authored" in said(own, "metrics", *PERIOD, *options).stderr
        document = json.loads(said(own, "metrics", *PERIOD, *options, "--format", "json").stdout)
        (change,) = document["definition_changes"]
        assert change["settings"] == {"clock": ["committed", "authored"]}
        assert change["to"] == document["definitions"]["hash"]
    assert "clock committed" not in said(own, "metrics", *PERIOD).stderr.replace("clock committed, failure", "")
    said(own, "export", "--out", "out", "--table", "deployments")
    assert len(json.loads((own / "out/about.json").read_text())["definition_changes"]) == 1


def test_rows_in_files_carry_the_hash_of_their_definitions(own: Path) -> None:
    rows = []
    for options in ((), ("--clock", "authored")):
        done = said(own, "metrics", *PERIOD, "--every", "month", *options, "--format", "csv")
        rows += list(csv.DictReader(io.StringIO(done.stdout)))
    assert len({row["definitions_hash"] for row in rows}) == 2


def test_two_questions_at_once_are_a_usage_error(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--trend", "--power", code=2)
    assert "--trend and --power answer different questions" in done.stderr
