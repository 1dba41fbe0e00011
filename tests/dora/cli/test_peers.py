"""`dora metrics --as`: every peer in every format, the rules that differ, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest

from dora.cli.peers import NAMES
from tests.dora.processes import said

PERIOD = ("--from", "2025-10-01", "--to", "2026-01-01")


@pytest.mark.parametrize("name", NAMES)
def test_every_format_holds_the_same_rows(shop: Path, tmp_path: Path, name: str) -> None:
    words = ["metrics", *PERIOD, "--as", name, "--by", "team", "--every", "month", "--format"]
    document = json.loads(said(shop, *words, "json").stdout)
    rows = list(csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout)))
    said(shop, *words, "parquet", "--out", str(tmp_path / "out.parquet"))
    frame = pl.read_parquet(tmp_path / "out.parquet")
    markdown = said(shop, *words, "markdown").stdout.splitlines()
    assert document["as"] == name
    assert len(document["rows"]) == len(rows) == frame.height == len(markdown) - 2 >= 16
    for told, row, stored in zip(document["rows"], rows, frame.to_dicts(), strict=True):
        assert (str(told["n"]), " ".join(told["rules"])) == (row["n"], row["rules"])
        assert stored["peer"] == told["peer"]
    codes = {rule["code"] for rule in document["rules"]}
    assert {code for row in document["rows"] for code in row["rules"]} == codes


def test_the_rules_stand_below_the_table_on_stderr_only(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--as", "gitlab")
    assert "GL4 GL5" in done.stdout
    assert "it may pass 100 %" not in done.stdout
    assert "GL4 ↑ incidents opened divided by deployments" in done.stderr
    assert "docs/peers.md" in done.stderr


def test_the_settings_of_a_peer_are_told_apart_from_those_of_doras_own_figures(shop: Path) -> None:
    told = said(shop, "metrics", *PERIOD, "--as", "gitlab").stderr
    assert (
        "gitlab rests on these rules, and of the settings on production environments production; regions separate; days of UTC"
        in told
    )
    assert "failure kinds override" in told.partition("dora's own figures: ")[2]


def test_one_question_at_a_time_and_known_peers_only(shop: Path) -> None:
    both = said(shop, "metrics", *PERIOD, "--as", "gitlab", "--trend", code=2)
    unknown = said(shop, "metrics", *PERIOD, "--as", "sleuth", code=2)
    assert "--trend" in both.stderr
    assert "--as" in both.stderr
    assert "devlake" in unknown.stderr
