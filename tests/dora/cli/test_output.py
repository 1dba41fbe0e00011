"""What goes where: data to stdout, words to stderr, in every format, also into a closed pipe."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from dashboard import units
from dashboard.figures import FIGURES
from dora.cli.explain import figure_text
from dora.cli.tables import write_csv, write_markdown, write_notes, write_table
from dora.definitions import Definitions
from tests.dora.processes import command, dora, environment, ingested, said

PERIOD = ("--from", "2025-10-01", "--to", "2026-01-01")
LEVEL = {"edition", "label", "cells", "times_slower_than_elite"}
CONTRACT: dict[str, set[str]] = {
    "deployment_frequency": {"deployments", "days_with_deployment", "per_day", "median_per_week", "level"},
    "change_lead_time": {
        "n", "median_seconds", "p75_seconds", "p90_seconds", "interval_seconds", "stages", "undeployed", "level",
    },
    "change_fail_rate": {"failed", "deployments", "pending", "rate", "interval", "by_kind", "level"},
    "failed_deployment_recovery_time": {
        "n", "open", "median_seconds", "kaplan_meier_median_seconds", "interval_seconds", "level",
    },
    "time_to_restore": {"n", "open", "median_seconds", "mean_seconds"},
    "deployment_rework_rate": {"rework", "deployments", "rate", "interval"},
}  # fmt: skip


def check_group(group: dict[str, Any]) -> None:
    """A group has every key of the contract."""
    for metric, keys in CONTRACT.items():
        assert keys <= set(group[metric]), metric
        if "level" in keys:
            assert set(group[metric]["level"]) >= LEVEL
    assert {"n", "oldest_seconds"} <= set(group["change_lead_time"]["undeployed"])
    assert isinstance(group["change_lead_time"]["undeployed"]["n"], int)


def test_json_keeps_the_contract(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--by", "service", "--format", "json")
    document = json.loads(done.stdout)
    assert done.stderr == ""
    assert document["schema_version"] == 1
    assert {"generated_at", "data_as_of", "definitions", "period", "edition", "groups"} <= set(document)
    assert {"hash", "change", "clock", "failure_kinds", "timezone"} <= set(document["definitions"])
    assert document["period"]["from"].startswith("2025-10-01")
    assert document["period"]["to"].startswith("2026-01-01")
    assert len(document["groups"]) == 4
    for group in document["groups"]:
        assert group["by"] == "service"
        assert group["buckets"] is None
        check_group(group)


def test_buckets_have_the_shape_of_their_group(shop: Path) -> None:
    done = said(shop, "metrics", *PERIOD, "--every", "month", "--format", "json")
    (group,) = json.loads(done.stdout)["groups"]
    assert [bucket["start"][:10] for bucket in group["buckets"]] == ["2025-10-01", "2025-11-01", "2025-12-01"]
    for bucket in group["buckets"]:
        check_group(bucket)
    total = sum(bucket["deployment_frequency"]["deployments"] for bucket in group["buckets"])
    assert total == group["deployment_frequency"]["deployments"] > 0


def test_no_data_is_null_and_insufficient_never_zero(shop: Path) -> None:
    done = said(shop, "metrics", "--from", "2001-01-01", "--to", "2001-02-01", "--format", "json")
    (group,) = json.loads(done.stdout)["groups"]
    assert group["change_lead_time"]["median_seconds"] is None
    assert group["change_fail_rate"]["rate"] is None
    assert group["change_fail_rate"]["level"]["label"] == "insufficient data"


def test_an_answer_says_what_it_was_narrowed_to(shop: Path, tmp_path: Path) -> None:
    filters = ("--service", "prices", "--service", "reviews", "--team", "Catalogue")
    words = ["metrics", *PERIOD, *filters, "--format"]
    sentence = "only services prices, reviews; teams Catalogue"
    for form in ("table", "markdown"):
        assert sentence in said(shop, *words, form).stderr.splitlines()
    assert sentence in said(shop, *words, "table", "--trend").stderr.splitlines()
    document = json.loads(said(shop, *words, "json").stdout)
    assert sentence in document["notes"]
    assert document["filters"] == {"services": ["prices", "reviews"], "teams": ["Catalogue"]}
    for form in ("json", "csv"):
        assert said(shop, *words, form).stderr == ""
    for form in ("csv", "parquet"):
        said(shop, *words, form, "--out", str(tmp_path / form))
    frames = pl.read_csv(tmp_path / "csv"), pl.read_parquet(tmp_path / "parquet")
    for frame in frames:
        assert (frame.columns[-1], frame["filters"].to_list()) == ("filters", [sentence.removeprefix("only ")])
    whole = json.loads(said(shop, "metrics", *PERIOD, "--format", "json").stdout)
    assert whole["filters"] == {}
    assert not [note for note in whole["notes"] if note.startswith("only ")]


@pytest.mark.parametrize("words", [("explain", "change_fail_rate"), ("metrics", "--as", "gitlab")])
def test_rows_and_other_tools_figures_say_what_they_were_narrowed_to(shop: Path, words: tuple[str, ...]) -> None:
    narrowed = [*words, *PERIOD, "--service", "prices", "--environment", "production", "--format"]
    sentence = "only services prices; environments production"
    for form in ("table", "markdown"):
        assert sentence in said(shop, *narrowed, form).stderr.splitlines()
    assert said(shop, *narrowed, "csv").stderr == ""
    document = json.loads(said(shop, *narrowed, "json").stdout)
    assert document["filters"] == {"services": ["prices"], "environments": ["production"]}
    assert sentence in document["notes"]
    whole = json.loads(said(shop, *words, *PERIOD, "--format", "json").stdout)
    assert (whole["filters"], [note for note in whole["notes"] if note.startswith("only ")]) == ({}, [])


@pytest.mark.parametrize("form", ["table", "markdown"])
@pytest.mark.parametrize(
    "words",
    [
        ("metrics",), ("metrics", "--every", "month"), ("metrics", "--trend"), ("metrics", "--power"), ("metrics", "--as", "gitlab"),
        ("metrics", "--analysis", "success"), ("explain", "change_fail_rate"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_what_figures_were_computed_with_stands_beside_all_that_a_person_reads(
    shop: Path, words: tuple[str, ...], form: str
) -> None:
    used = json.loads(said(shop, *words, *PERIOD, "--format", "json").stdout)["definitions"]
    printed = said(shop, *words, *PERIOD, "--format", form).stderr
    assert used["hash"] in printed
    assert {field.name for field in fields(Definitions)} - set(used) == {"services"}
    for setting in (
        "production environments production", "rehearsal environments ", "days of UTC", "change commit", "clock committed", "with bots",
        "failure window 24 h", "failure kinds override, ", "replay services 5", "replay slot 30 min", "rework kinds rollback, ",
        "hotfix labels hotfix, hotfix/*", "hotfix branches hotfix/*", "hotfix titles hotfix:*",
    ):  # fmt: skip
        assert f" {setting}" in printed


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_verdicts_rest_on_stands_beside_a_list_of_deployments(shop: Path, form: str) -> None:
    used = json.loads(said(shop, "metrics", *PERIOD, "--failure-window", "2h", "--format", "json").stdout)[
        "definitions"
    ]
    printed = said(shop, "deploys", *PERIOD, "--failure-window", "2h", "--format", form).stderr
    assert f"definitions {used['hash']}:" in printed
    assert "failure window 2 h; failure kinds override, " in printed


@pytest.mark.parametrize(
    "words",
    [
        ("metrics",), ("metrics", "--every", "month"), ("metrics", "--trend"), ("metrics", "--power"), ("metrics", "--as", "gitlab"),
        ("metrics", "--analysis", "success"), ("explain", "change_fail_rate"), ("deploys",),
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_saved_table_holds_the_notes_that_stand_beside_a_printed_one(
    shop: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    narrowed = [*words, *PERIOD, "--service", "prices", "--format"]
    for form, mark in ("table", ""), ("markdown", "- "):
        printed, file = said(shop, *narrowed, form), tmp_path / form
        saved = said(shop, *narrowed, form, "--out", str(file))
        assert (saved.stdout, saved.stderr) == ("", printed.stderr)
        table, _, notes = file.read_text().partition("\n\n")
        assert table + "\n" == printed.stdout
        plain = re.sub(r"\\(.)", r"\1", notes).replace("&lt;", "<") if form == "markdown" else notes
        assert plain.splitlines() == [mark + line for line in printed.stderr.splitlines()]
        assert re.search("2025-10-01.* 2026-01-01", notes)
        assert re.search("definitions [0-9a-f]{12}:", notes)
        assert "only services prices" in notes


def test_a_saved_note_is_no_markup_in_markdown() -> None:
    stream = io.StringIO()
    write_notes(
        ["hotfix titles hotfix:*, [[]hotfix]*; failure kinds linked_incident, <b>, _x_", "two\nlines"],
        "markdown",
        stream,
    )
    assert stream.getvalue() == (
        "\n- hotfix titles hotfix:\\*, \\[\\[\\]hotfix\\]\\*; failure kinds linked_incident, &lt;b>, \\_x\\_\n- two lines\n"
    )


def test_an_answer_without_production_says_which_patterns_match_nothing(tmp_path: Path) -> None:
    ingested(
        tmp_path, "1,shop,v1,2025-10-02T10:00:00Z", '[definitions]\nproduction = ["live"]\n[[service]]\nname = "shop"\n'
    )
    sentence = (
        "no environment counts as production by live; the environments are production; set [definitions] production"
    )
    for form in ("table", "markdown"):
        assert sentence in said(tmp_path, "metrics", *PERIOD, "--format", form).stderr
    notes = json.loads(said(tmp_path, "metrics", *PERIOD, "--format", "json").stdout)["notes"]
    assert [note for note in notes if note.startswith(sentence)]


def test_the_printed_clock_is_the_one_that_was_counted(shop: Path) -> None:
    """Of a pull request committed and authored mean its first commit; the definitions themselves stay as they are written."""
    first = "clock first_commit (set: committed)"
    for options, said_ in ((), "clock committed"), (("--change", "pull_request"), first):
        assert f"; {said_}; " in said(shop, "metrics", *PERIOD, *options).stderr
        document = json.loads(said(shop, "metrics", *PERIOD, *options, "--format", "json").stdout)
        assert document["definitions"]["clock"] == "committed"


def test_the_printed_sql_runs_as_it_is_and_is_the_one_of_the_json(shop: Path) -> None:
    words = ["explain", "change_fail_rate", *PERIOD, "--service", "prices"]
    text = said(shop, *words, "--sql").stdout
    document = json.loads(said(shop, *words, "--format", "json").stdout)
    assert document["sql"] == text.rstrip("\n")
    with duckdb.connect(str(shop / "dora.published.duckdb"), read_only=True) as plain:
        found = plain.sql(text).pl()["deployment_id"].to_list()
    assert found == [row["deployment_id"] for row in document["rows"]] != []


@pytest.mark.parametrize(
    "given",
    [
        ("--service", "prices"), ("--service", "nobody"), ("--team", "Catalogue"), ("--environment", "x"), ("--from", "90d"),
        ("--to", "2026-01-01"), ("--by", "organisation"), ("--every", "week"), ("--clock", "merged"), ("--no-bots",),
    ],
)  # fmt: skip
def test_findings_are_over_all_the_data_and_listen_to_no_filter(shop: Path, given: tuple[str, ...]) -> None:
    done = said(shop, "metrics", "--quality", *given, code=2)
    option = given[0].replace("--no-bots", "--bots")
    assert "--quality is over all the data" in done.stderr
    assert f"leave {option} out" in done.stderr
    assert "findings" in json.loads(said(shop, "metrics", "--quality", "--format", "json").stdout)


@pytest.mark.parametrize("what", ["metrics", "deploys"])
def test_every_format_holds_the_same_rows(shop: Path, tmp_path: Path, what: str) -> None:
    words = [what, *PERIOD] + (["--by", "team"] if what == "metrics" else ["--limit", "7"])
    count = 3 if what == "metrics" else 7
    rows = list(csv.reader(io.StringIO(said(shop, *words, "--format", "csv").stdout)))
    assert len(rows) == 1 + count
    assert len({len(row) for row in rows}) == 1
    lines = count * (6 if what == "metrics" else 1)  # to be read: a line a figure
    assert len(said(shop, *words, "--format", "table").stdout.splitlines()) == 2 + lines
    assert len(said(shop, *words, "--format", "markdown").stdout.splitlines()) == 2 + lines
    said(shop, *words, "--format", "parquet", "--out", str(tmp_path / "rows.parquet"))
    assert pl.read_parquet(tmp_path / "rows.parquet").height == count
    if what == "deploys":
        assert len(json.loads(said(shop, *words, "--format", "json").stdout)) == count


def test_the_printed_figures_stand_beside_their_interval_and_what_they_rest_on(shop: Path) -> None:
    words = ["metrics", *PERIOD, "--format"]
    [group] = json.loads(said(shop, *words, "json").stdout)["groups"]
    printed = [line.split("|")[2:7] for line in said(shop, *words, "markdown").stdout.splitlines()[2:]]
    told = {metric.strip(): [cell.strip() for cell in rest] for metric, *rest in printed}
    assert list(told) == [*(figure.title for figure in FIGURES), "Time to restore"]
    fails, lead, restore = (group[name] for name in ("change_fail_rate", "change_lead_time", "time_to_restore"))
    low, high = (units.percent(end) for end in fails["interval"])
    basis = f"{fails['failed']} of {fails['deployments']} deployments failed"
    assert told["Change fail rate"] == [
        units.percent(fails["rate"]),
        f"{low} to {high}",
        basis,
        f"{fails['level']['label']}, {units.times(fails['level']['times_slower_than_elite'])} worse than elite",
    ]
    assert told["Change lead time"][0] == units.duration(lead["median_seconds"])
    worth = "" if lead["independent"] == lead["n"] else f", worth {lead['independent']} independent ones"
    wait = f"; 5 wait, with these {units.duration(lead['kaplan_meier_median_seconds'])} (Kaplan-Meier)"
    assert lead["undeployed"]["n"] == 5
    upper = f"; p75 {units.duration(lead['p75_seconds'])}, p90 {units.duration(lead['p90_seconds'])}"
    assert told["Change lead time"][2] == f"median of {lead['n']} changes{worth}{upper}{wait}"
    bucket = said(shop, "metrics", *PERIOD, "--every", "month", "--format", "markdown").stdout.splitlines()[2]
    assert f"| 5 | {units.duration(lead['kaplan_meier_median_seconds'])} |" in bucket
    assert f"| {units.duration(lead['p90_seconds'])} | {lead['n']} |" in bucket
    open_ = f", {restore['open']} still open" if restore["open"] else ""
    ended = f" of the {restore['n'] - restore['open']} that ended" if restore["open"] else ""
    p90 = f"; p90{ended} {units.duration(restore['p90_seconds'])}"
    assert told["Time to restore"][2:] == [f"median of {restore['n']} incidents{open_}{p90}", "no published levels"]


def test_a_bucket_tells_of_the_deployments_that_are_too_young_to_judge(shop: Path) -> None:
    as_of = json.loads(said(shop, "metrics", *PERIOD, "--format", "json").stdout)["data_as_of"]
    window = datetime.fromisoformat(as_of) - datetime(2025, 12, 15, tzinfo=UTC)  # so that it ends for half of December
    words = ["metrics", *PERIOD, "--failure-window", f"{window.days}d", "--every", "month", "--format"]
    [group] = json.loads(said(shop, *words, "json").stdout)["groups"]
    lines = said(shop, *words, "markdown").stdout.splitlines()[2:]
    rates = [part["change_fail_rate"] for part in (group, *group["buckets"])]
    assert [rate["pending"] > 0 for rate in rates] == [True, False, False, True]
    for line, rate in zip(lines, rates, strict=True):
        pending = f", {rate['pending']} pending" if rate["pending"] else ""
        assert f"| {units.percent(rate['rate'])} ({rate['failed']}/{rate['deployments']}{pending}) |" in line


def test_how_far_elite_is_stands_in_the_column_of_the_level(shop: Path) -> None:
    words = ["metrics", *PERIOD, "--by", "service", "--format"]
    groups = json.loads(said(shop, *words, "json").stdout)["groups"]
    lines = said(shop, *words, "markdown").stdout.splitlines()[2:]
    buckets = said(shop, *words, "markdown", "--every", "quarter").stdout.splitlines()[2:]
    behind = 0
    for place, group in enumerate(groups):
        level = group["change_lead_time"]["level"]
        if level["times_slower_than_elite"] and level["label"] != "insufficient data":
            behind += 1
            text = f"| {level['label']}, {units.times(level['times_slower_than_elite'])} slower than elite |"
            assert text in lines[6 * place + 1]
            assert text in buckets[2 * place]
    assert behind


def flat(part: Any, name: str) -> dict[str, object]:
    """A group of the JSON as the columns of a file: levels by their label, intervals as two, lists counted from 1."""
    if isinstance(part, dict) and "label" in part:
        return {name: part["label"], f"{name}_times_slower_than_elite": part["times_slower_than_elite"]}
    if isinstance(part, dict):
        return {key: cell for field, held in part.items() for key, cell in flat(held, f"{name}_{field}").items()}
    if isinstance(part, list):
        ends = ("low", "high") if "interval" in name else range(1, len(part) + 1)
        return {f"{name}_{end}": cell for end, cell in zip(ends, part, strict=True)}
    return {name: part}


def in_files(document: dict[str, Any], group: dict[str, Any]) -> dict[str, object]:
    """A group or bucket of the JSON as a row of a file, without what is not known."""
    row = {"by": group["by"], "name": group["name"], "from": group["start"][:10], "to": group["end"][:10]}
    row |= {key: cell for name in CONTRACT for key, cell in flat(group[name], name).items()}
    row |= {"definitions_hash": document["definitions"]["hash"], "edition": document["edition"]}
    return {name: cell for name, cell in row.items() if cell is not None}


@pytest.mark.parametrize("options", [("--by", "service"), ("--every", "month"), ("--by", "team", "--every", "week")])
def test_files_hold_the_numbers_of_the_json(shop: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    words = ["metrics", *PERIOD, *options, "--format"]
    document = json.loads(said(shop, *words, "json").stdout)
    parts = [part for group in document["groups"] for part in group["buckets"] or [group]]
    wanted = [in_files(document, part) for part in parts]
    said(shop, *words, "parquet", "--out", str(tmp_path / "rows.parquet"))
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    rows = list(csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout)))
    assert [{name: cell for name, cell in row.items() if cell is not None} for row in frame.to_dicts()] == wanted
    read = [
        {name: cell == "True" if row[name] is True or row[name] is False else type(row[name])(cell) for name, cell in line.items() if cell}
        for row, line in zip(wanted, rows, strict=True)
    ]  # fmt: skip
    assert read == wanted
    assert list(rows[0]) == frame.columns
    counts = {name for part in wanted for name, cell in part.items() if type(cell) is int}
    assert {name for name, kind in frame.schema.items() if kind.is_integer()} == counts
    text = {name for name, kind in frame.schema.items() if not (kind.is_numeric() or kind == pl.Boolean)}
    assert text == {
        "by",
        "name",
        "from",
        "to",
        "definitions_hash",
        "filters",
        *(name for name in frame.columns if name.endswith("_level")),
    }


def test_files_leave_empty_what_is_not_known(shop: Path, tmp_path: Path) -> None:
    words = ["metrics", "--from", "2001-01-01", "--to", "2001-02-01", "--format"]
    (row,) = csv.DictReader(io.StringIO(said(shop, *words, "csv").stdout))
    assert row["change_lead_time_n"] == row["change_fail_rate_pending"] == "0"
    assert (
        row["change_lead_time_median_seconds"]
        == row["change_fail_rate_rate"]
        == row["change_fail_rate_interval_low"]
        == ""
    )
    said(shop, *words, "parquet", "--out", str(tmp_path / "rows.parquet"))
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    assert frame.schema["change_lead_time_median_seconds"] == pl.Float64
    assert frame["change_lead_time_median_seconds"].to_list() == [None]


def test_no_rows_are_a_header_in_csv_and_an_empty_list_in_json(shop: Path) -> None:
    words = ["deploys", "--from", "2001-01-01", "--to", "2001-02-01", "--format"]
    header = said(shop, *words, "csv").stdout.splitlines()
    assert len(header) == 1
    assert "deployment_id" in header[0]
    assert json.loads(said(shop, *words, "json").stdout) == []


@pytest.mark.parametrize(
    "words",
    [
        ("deploys",), ("deploys", "--service", "prices", "--to", "2001-01-01", "--from", "2000-01-01"), ("explain", "change_lead_time"),
        ("metrics", "--analysis", "batch_size"), ("metrics", "--as", "gitlab"), ("metrics",), ("metrics", "--trend"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("options", [(), ("--clock", "authored")])
def test_rows_in_files_carry_the_definitions(
    shop: Path, tmp_path: Path, words: tuple[str, ...], options: tuple[str, ...]
) -> None:
    used = json.loads(said(shop, "metrics", *PERIOD, *options, "--format", "json").stdout)["definitions"]["hash"]
    words = (words[0], *PERIOD, *words[1:], *options, "--format")
    header, *rows = csv.reader(io.StringIO(said(shop, *words, "csv").stdout))
    said(shop, *words, "parquet", "--out", str(tmp_path / "rows.parquet"))
    frame = pl.read_parquet(tmp_path / "rows.parquet")
    assert frame.columns == header
    assert {row[header.index("definitions_hash")] for row in rows} <= {used}
    assert frame["definitions_hash"].to_list() == [used] * len(rows)
    assert frame.schema["definitions_hash"] == pl.String


def test_output_that_cannot_be_written_is_one_sentence(shop: Path) -> None:
    for form in ("csv", "parquet"):
        done = said(shop, "deploys", "--format", form, "--out", "/nowhere/at/all", code=1)
        assert done.stderr.startswith("dora: /nowhere/at/all: cannot be written")
    assert "--out FILE" in said(shop, "deploys", "--format", "parquet", code=2).stderr


def test_a_name_that_heads_a_column_is_no_order_to_the_terminal_and_no_markup() -> None:
    name, rows = "a|<b>\x1b[31m\u202e", [["delay", 1]]
    table, markdown = io.StringIO(), io.StringIO()
    write_table(["figure", name], rows, table)
    write_markdown(["figure", name], rows, markdown)
    assert table.getvalue().splitlines()[0] == "figure  a|<b>\ufffd[31m\ufffd"
    assert markdown.getvalue().splitlines()[0] == "| figure | a\\|&lt;b>\ufffd[31m\ufffd |"


def test_large_numbers_are_whole_and_lists_in_files_are_json() -> None:
    table, file = io.StringIO(), io.StringIO()
    write_table(["seconds"], [[18_710_783.4], [0.0273973]], table)
    assert table.getvalue().split() == ["seconds", "---------", "18710783", "0.0273973"]
    write_csv(["kinds", "evidence"], [[["revert", "hotfix"], [{"kind": "replay", "at": None}]], [[], None]], file)
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert [json.loads(cell) if cell else None for cell in rows[1]] == [
        ["revert", "hotfix"],
        [{"kind": "replay", "at": None}],
    ]
    assert rows[2] == ["[]", ""]


def test_words_go_to_stderr_and_without_a_terminal_nothing_moves(shop: Path) -> None:
    done = dora(shop, "metrics", *PERIOD)
    assert "definitions " in done.stderr
    assert "definitions " not in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stdout + done.stderr


def test_terminal_gets_progress_on_stderr_and_none_on_stdout(shop: Path, tmp_path: Path) -> None:
    for name in ("dora.toml", "records"):
        (tmp_path / name).symlink_to(shop / name)
    ours, theirs = pty.openpty()
    words = command("ingest", "-c", str(tmp_path / "dora.toml"))
    settings = environment(NO_COLOR="1", TERM="xterm")
    with subprocess.Popen(words, cwd=tmp_path, env=settings, stdout=subprocess.PIPE, stderr=theirs) as process:
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 4096):
                told += part
        except OSError:
            pass  # the other side of a terminal that is gone
        assert process.stdout is not None
        assert process.stdout.read() == b""
    os.close(ours)
    assert process.returncode == 0
    assert b"\x1b[2K" in told
    assert b"m" not in {told[i + 1 : i + 2] for i in range(len(told)) if told[i : i + 1] == b"["}
    assert b"\x1b[3" not in told


@pytest.mark.parametrize("words", [["metrics", *PERIOD], ["deploys", "--limit", "0"], ["--help"]])
def test_closed_pipe_is_quiet(shop: Path, words: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command(*words), cwd=shop, env=environment(), stdout=writing, stderr=subprocess.PIPE, text=True
    )
    os.close(writing)
    assert "BrokenPipe" not in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 0


def test_every_table_is_exported_whole_in_both_formats(shop: Path, tmp_path: Path) -> None:
    heights = {}
    for form in ("csv", "parquet"):
        said(shop, "export", "--format", form, "--out", str(tmp_path / form))
        assert json.loads((tmp_path / form / "about.json").read_text())["definitions_hash"]
        files = sorted((tmp_path / form).glob(f"*.{form}"))
        read = pl.read_parquet if form == "parquet" else lambda file: pl.read_csv(file, infer_schema=False)
        heights[form] = {file.stem: read(file).height for file in files}
        changes = read(tmp_path / form / f"change_facts.{form}")
        assert changes["deployed_at"].null_count() == changes["deployment_id"].null_count() > 0
        assert not changes["service"].null_count()
        assert "left_at" not in changes.columns
    assert heights["csv"] == heights["parquet"]


def test_failed_and_pending_deployments_can_be_listed_together(shop: Path) -> None:
    def listed(*words: str) -> list[str]:
        rows = json.loads(said(shop, "deploys", *PERIOD, "--limit", "0", "--format", "json", *words).stdout)
        return [row["verdict"] for row in rows]

    failed, pending, every = listed("--failed"), listed("--pending"), listed()
    assert {*failed} == {"failed"}
    assert {*pending} <= {"pending"}
    assert sorted(listed("--failed", "--pending")) == sorted(failed + pending)
    assert len(every) > len(failed) + len(pending)


def test_a_period_that_goes_on_after_the_data_is_noted(shop: Path) -> None:
    words = "after the data, and figures per day count these days too"
    assert words in said(shop, "metrics", "--from", "2025-10-01", "--to", "2030-01-01").stderr
    assert words not in said(shop, "metrics", "--from", "2025-10-01", "--to", "2025-12-01").stderr


def test_what_no_team_owns_can_be_asked_for(shop: Path, tmp_path: Path) -> None:
    words = ["metrics", *PERIOD, "--by", "team", "--team", "no team", "--format", "json"]
    assert "every service is of a team throughout this period" in said(shop, *words, code=2).stderr
    (tmp_path / "dora.toml").write_text('[[source]]\ntype = "files"\nfolder = "."\nfiles = []\n')
    said(tmp_path, "record", "deployment", "id=1", "service=s", "finished_at=2025-11-01T10:00Z")
    [group] = json.loads(said(tmp_path, *words).stdout)["groups"]
    assert (group["name"], group["deployment_frequency"]["deployments"]) == ("no team", 1)


def test_one_group_is_called_after_what_it_is_narrowed_to(shop: Path) -> None:
    def name(*words: str) -> str:
        [group] = json.loads(said(shop, "metrics", *PERIOD, *words, "--format", "json").stdout)["groups"]
        return str(group["name"])

    [team, *_], [first, second, *_] = (
        [group["name"] for group in json.loads(said(shop, "metrics", *PERIOD, "--by", by, "--format", "json").stdout)["groups"]]
        for by in ("team", "service")
    )  # fmt: skip
    assert name("--service", first, "--service", second) == f"{first}, {second}"
    assert name("--team", team) == team
    assert name() not in (team, first)


@pytest.mark.parametrize(
    "words", [["metrics"], ["metrics", "--trend"], ["metrics", "--power"], ["metrics", "--analysis", "hours"], ["deploys"],
              ["explain", "deployment_frequency"], ["report", "--failed"]], ids=" ".join,
)  # fmt: skip
def test_an_empty_answer_after_the_last_deployment_says_when_that_was(shop: Path, words: list[str]) -> None:
    told = "the period begins after the newest production deployment that is known, of 20"
    assert told in said(shop, *words, "--from", "2030-01-01", "--to", "2030-02-01").stderr
    assert told not in said(shop, *words, *PERIOD, *(["--format", "csv"] if words[0] == "report" else [])).stderr


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1_085_320.5, "seconds", "1085320.5 seconds, 12 d 13 h"), (2 / 73, "rate", "0.0273973, 2.7 %"), (0.25, "per day", "0.25 per day"),
     (None, "seconds", "no data")],
)  # fmt: skip
def test_an_explained_figure_is_whole_and_also_in_words(value: float | None, unit: str, text: str) -> None:
    assert figure_text(value, unit, "no data") == text


def test_no_source_of_incidents_or_checks_is_told_beside_the_fail_rate(tmp_path: Path, shop: Path) -> None:
    ingested(tmp_path, "d1,shop,v1,2025-01-01T10:00\n")
    sentence = "no source records incidents or checks after deployments"
    for form in ("table", "markdown"):
        assert sentence in said(tmp_path, "metrics", "--format", form).stderr
    document = json.loads(said(tmp_path, "metrics", "--format", "json").stdout)
    assert [note for note in document["notes"] if note.startswith(sentence)]
    assert sentence not in said(shop, "metrics", *PERIOD).stderr
