"""`dora metrics --analysis`: the list, every format, filters, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from metrics.analyses.catalog import ANALYSES
from tests.dora.processes import said

PERIOD = ("--from", "2025-10-01", "--to", "2026-01-01")


def test_the_list_names_every_analysis_without_a_published_file(tmp_path: Path) -> None:
    rows = json.loads(said(tmp_path, "metrics", "--analysis", "list", "--format", "json").stdout)
    assert [row["analysis"] for row in rows] == list(ANALYSES)
    assert all(row["answers"] for row in rows)


def test_every_format_holds_the_same_rows(shop: Path, tmp_path: Path) -> None:
    words = ["metrics", *PERIOD, "--analysis", "batch_size", "--by", "team", "--format"]
    document = json.loads(said(shop, *words, "json").stdout)
    rows = list(csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout)))
    said(shop, *words, "parquet", "--out", str(tmp_path / "out.parquet"))
    frame = pl.read_parquet(tmp_path / "out.parquet")
    markdown = said(shop, *words, "markdown").stdout.splitlines()
    assert document["analysis"] == "batch_size"
    assert len(document["rows"]) == len(rows) == frame.height == len(markdown) - 2 > 3
    for told, row, stored in zip(document["rows"], rows, frame.to_dicts(), strict=True):
        assert str(told["deployments"]) == row["deployments"] == str(stored["deployments"])
        low, high = told["fail_rate_interval"]
        assert [stored["fail_rate_interval_low"], stored["fail_rate_interval_high"]] == [low, high]
    assert {"definition", "columns", "notes", "period", "data_as_of", "definitions"} <= set(document)


@pytest.mark.parametrize("name", ANALYSES)
def test_rows_without_an_interval_have_the_columns_of_the_others(shop: Path, tmp_path: Path, name: str) -> None:
    words = ["metrics", *PERIOD, "--analysis", name, "--format"]
    header, *rows = csv.reader(io.StringIO(said(shop, *words, "csv").stdout))
    said(shop, *words, "parquet", "--out", str(tmp_path / "out.parquet"))
    assert {len(row) for row in rows} <= {len(header)}
    assert pl.read_parquet(tmp_path / "out.parquet").columns == header


def test_the_table_says_how_it_was_counted_on_stderr_only(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--analysis", "rehearsal")
    assert "rehearsed share" in done.stdout
    assert "Succeeded production deployments" not in done.stdout
    assert "Succeeded production deployments" in done.stderr
    assert "[2025-10-01, 2026-01-01)" in done.stderr


def test_a_few_long_rows_stand_side_by_side_and_many_below_each_other(shop: Path) -> None:
    few = said(shop, "metrics", *PERIOD, "--analysis", "feedback").stdout.splitlines()
    many = said(shop, "metrics", *PERIOD, "--analysis", "batch_size", "--by", "service").stdout.splitlines()
    assert few[0].split()[0] == "figure"
    assert few[2].split()[0] == "changes"
    assert many[0].split()[:2] == ["group", "size"]


def test_filters_narrow_an_analysis(shop: Path) -> None:
    words = ["metrics", *PERIOD, "--analysis", "batch_size", "--by", "service", "--format", "json"]
    every = {row["group"]: row for row in json.loads(said(shop, *words).stdout)["rows"] if row["bin"] == "all"}
    service = sorted(every)[0]
    one = json.loads(said(shop, *words, "--service", service).stdout)
    assert {row["group"] for row in one["rows"]} == {service}
    assert len(every) > 1
    assert one["filters"] == {"services": [service]}
    assert f"only services {service}" in one["notes"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--analysis", "rehersal"), "did you mean 'rehearsal'?"),
        (("--analysis", "drift", "--every", "week"), "leave --every out"),
        (("--analysis", "batch_size", "--edition", "2021"), "--analysis names no levels; leave --edition out"),
        (("--trend", "--edition", "2021"), "--trend names no levels; leave --edition out"),
        (("--power", "--edition", "2024"), "--power names no levels; leave --edition out"),
        (("--as", "gitlab", "--edition", "2021"), "--as names no levels; leave --edition out"),
        (("--power", "--every", "month"), "--power plans from the whole period; leave --every out"),
        (("--analysis", "'; drop table services; --"), "there is no"),
    ],
)
def test_what_cannot_be_answered_is_a_usage_error(shop: Path, words: tuple[str, ...], sentence: str) -> None:
    assert sentence in said(shop, "metrics", *words, code=2).stderr
