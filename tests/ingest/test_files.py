"""Files on disk become tables; what is wrong in them is said, and costs nothing else."""

from __future__ import annotations

import gzip
import json
import os
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.errors import ConfigError
from dora.tables import read_table
from dora.warehouse import Warehouse, open_warehouse
from ingest.source import Context
from ingest.sources.files import Options, open_source
from ingest.sync import StreamResult, sync

HEAD = "id,service,finished_at\n"


class Place:
    """A folder `in` of files and a warehouse they are read into."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "in").mkdir()
        self.warehouse: Warehouse = open_warehouse(base / "w.duckdb")

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.base / "in" / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def read(self, **options: object) -> list[StreamResult]:
        options = options or {"folder": "in"}
        chosen = read_table(Options, options, "dora.toml: files")
        source = open_source("files", chosen, Context(cache=self.base, base=self.base))
        return [r for r in sync(self.warehouse, [source]) if r.read or r.error or r.changed or r.rejected]

    def error(self, **options: object) -> str:
        errors = [result.error for result in self.read(**options)]
        assert len(errors) == 1
        assert errors[0] is not None
        return errors[0]

    def column(self, column: str, table: str = "deployments") -> list[object]:
        return [row[0] for row in self.warehouse.rows(f"select {column} from {table} order by all")]

    def rejections(self) -> list[tuple[object, ...]]:
        return self.warehouse.rows("select place, reason from rejected order by all")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_csv_named_after_its_table_fills_it(place: Place) -> None:
    place.write("deployments-2025.csv", "service,finished_at,status\nshop,2025-01-31T12:00:00Z,success\n")
    [result] = place.read()
    assert (result.stream, result.read["deployments"], result.error) == ("deployments", 1, None)
    [row] = place.warehouse.records("select source, service, environment, status from deployments")
    assert row == {"source": "files", "service": "shop", "environment": "production", "status": "succeeded"}


def test_a_probe_lists_the_files_of_each_table(place: Place) -> None:
    for name in ("tags.csv", *(f"incidents-{n}.csv" for n in range(5))):
        place.write(name, "")
    source = open_source("files", Options(folder="in"), Context(cache=place.base, base=place.base))
    lines = list(source.probe())
    assert lines == ["incidents: incidents-0.csv, incidents-1.csv, incidents-2.csv and 2 more", "tags: tags.csv"]


def test_reading_again_does_nothing_until_content_changes(place: Place) -> None:
    path = place.write("deployments.csv", HEAD + "1,shop,2025-01-31\n")
    place.read()
    before = place.warehouse.content_hash()
    os.utime(path, (1, 1))
    assert place.read() == []
    assert place.warehouse.content_hash() == before
    stat = path.stat()
    place.write("deployments.csv", HEAD + "1,shoe,2025-01-31\n")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    place.read()
    assert place.column("service") == ["shoe"]


def test_a_row_removed_from_a_file_disappears(place: Place) -> None:
    place.write("deployments.csv", HEAD + "1,shop,2025-01-31\n2,shop,2025-02-01\n")
    place.write("incidents.csv", "id\n7\n")
    place.read()
    place.write("deployments.csv", HEAD + "2,shop,2025-02-01\n")
    place.read()
    assert place.column("id") == ["2"]
    assert place.column("id", "incidents") == ["7"]


def test_the_rows_of_a_removed_file_disappear(place: Place) -> None:
    place.write("deployments.csv", HEAD + "1,shop,2025-01-31\n")
    place.write("incidents.csv", "id\n7\n").rename(place.base / "in" / "incidents-old.csv")
    place.read()
    (place.base / "in" / "incidents-old.csv").unlink()
    place.read()
    assert place.column("id", "incidents") == []
    assert place.read() == []


def test_rejections_vanish_when_the_file_is_mended(place: Place) -> None:
    place.write("deployments.csv", HEAD + "1,shop,yesterday\n2,shop,2025-01-31\n")
    place.write("incidents.csv", "id,detected_at\n7,soon\n")
    place.read()
    assert place.rejections() == [
        ("deployments.csv:2", "finished_at 'yesterday' is not a time; write one as 2025-01-31T12:00:00Z"),
        ("incidents.csv:2", "detected_at 'soon' is not a time; write one as 2025-01-31T12:00:00Z"),
    ]
    place.write("deployments.csv", HEAD + "1,shop,2025-01-30\n2,shop,2025-01-31\n")
    place.read()
    assert place.rejections() == [
        ("incidents.csv:2", "detected_at 'soon' is not a time; write one as 2025-01-31T12:00:00Z")
    ]
    assert place.column("id") == ["1", "2"]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ('2,"shop,2025-01-31', "a quote is opened and not closed"),
        ('2,"sh"op,2025-01-31', "',' expected after '\"'"),
        ("2,shop", "the row has 2 fields, the header has 3"),
        ("2,shop,2025-01-31,extra", "the row has 4 fields, the header has 3"),
    ],
)
def test_a_broken_row_is_rejected_without_losing_its_neighbours(place: Place, broken: str, reason: str) -> None:
    place.write("deployments.csv", f'{HEAD}1,shop,2025-01-31\n{broken}\n3,"sh""op",2025-01-31\n4,"sh\nop",2025-01-31\n')
    place.read()
    assert place.rejections() == [("deployments.csv:3", reason)]
    assert place.column("id") == ["1", "3", "4"]
    assert place.column("service") == ["sh\nop", 'sh"op', "shop"]


def test_two_rows_with_an_open_quote_lose_only_themselves(place: Place) -> None:
    place.write(
        "deployments.csv", f'{HEAD}1,"shop,2025-01-31\n2,shop,2025-01-31\n3,"shop,2025-01-31\n4,shop,2025-01-31'
    )
    place.read()
    assert [row[0] for row in place.rejections()] == ["deployments.csv:2", "deployments.csv:4"]
    assert place.column("id") == ["2", "4"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks_line_ends_and_quoted_newlines_are_understood(place: Place, encoding: str) -> None:
    mark = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}.get(encoding, b"")
    text = 'id,service,finished_at\r\n1,"café\r\n2",2025-01-31\r\n\r\n2,"a, b",2025-01-31\r\n'
    place.write("deployments.csv", mark + text.encode(encoding))
    place.read()
    assert place.column("service") == ["a, b", "café\n2"]
    assert place.rejections() == []


def test_invalid_bytes_are_replaced_and_the_row_is_kept(place: Place) -> None:
    place.write("deployments.csv", HEAD.encode() + b"1,sh\xffop,2025-01-31\n")
    place.read()
    assert place.column("service") == ["sh\ufffdop"]


def test_hostile_names_are_stored_as_they_are(place: Place) -> None:
    names = ["'; drop table deployments; --", "../../etc/x", "<script>alert(1)</script>", "=cmd()"]
    place.write("deployments.csv", HEAD + "".join(f'{n},"{name}",2025-01-31\n' for n, name in enumerate(names)))
    place.read()
    assert place.column("service") == sorted(names)


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "tsv", "ndjson", "jsonl.gz", "json", "parquet"])
def test_every_format_gives_the_same_rows(place: Place, suffix: str) -> None:
    rows: list[dict[str, object]] = [{"id": "1", "service": "shop", "finished_at": "2025-01-31T12:00:00Z", "sequence": 3}, {"id": "2", "service": "shoe", "finished_at": "2025-01-31T13:00:00+01:00", "sequence": None}]  # fmt: skip
    separator = "\t" if suffix == "tsv" else ","
    text = {
        "csv": "\n".join(separator.join(row) for row in [list(rows[0]), *([str(v or "") for v in r.values()] for r in rows)]),
        "ndjson": "\n".join(json.dumps(row) for row in rows),
        "json": json.dumps(rows, indent=1),
    }  # fmt: skip
    kind = {"tsv": "csv", "jsonl": "ndjson"}.get(suffix.split(".")[0], suffix.split(".")[0])
    if suffix == "parquet":
        pl.DataFrame(rows).write_parquet(place.base / "in" / "deployments.parquet", row_group_size=1)
    else:
        data = text[kind].encode()
        place.write(f"deployments.{suffix}", gzip.compress(data) if suffix.endswith("gz") else data)
    place.read()
    got = place.warehouse.rows("select id, service, finished_at::varchar, sequence from deployments order by id")
    assert got == [("1", "shop", "2025-01-31 12:00:00", 3), ("2", "shoe", "2025-01-31 12:00:00", None)]
    assert place.rejections() == []


def test_typed_parquet_columns_are_read_as_they_are(place: Place) -> None:
    times = pl.Series(["2025-07-01 13:00:00"]).str.to_datetime()
    frame = pl.DataFrame({"repository": ["r"], "number": [7], "merged_at": times.dt.replace_time_zone("Europe/London"), "opened_at": times, "labels": [["a", "b"]], "is_bot": [True], "checks_seconds": [2]})  # fmt: skip
    frame.write_parquet(place.base / "in" / "pull_requests.parquet")
    place.read(folder="in", timezone="Europe/Paris")
    row = place.warehouse.rows("select number, merged_at::varchar, opened_at::varchar, labels, is_bot, checks_seconds, state from pull_requests")  # fmt: skip
    assert row == [(7, "2025-07-01 12:00:00", "2025-07-01 11:00:00", ["a", "b"], True, 2.0, "merged")]


def test_dates_decimals_and_categories_of_parquet_are_read(place: Place) -> None:
    frame = pl.DataFrame({"service": ["s"], "environment": ["live"], "series": ["errors"], "sampled_at": [date(2025, 1, 31)], "value": [Decimal("2.5")]})  # fmt: skip
    frame = frame.with_columns(pl.col("environment").cast(pl.Categorical))
    frame.write_parquet(place.base / "in" / "telemetry_samples.parquet")
    place.read()
    rows = place.warehouse.rows("select environment, sampled_at::varchar, value from telemetry_samples")
    assert rows == [("live", "2025-01-31 00:00:00", 2.5)]


def test_a_parquet_time_beyond_the_calendar_is_one_clear_sentence(place: Place) -> None:
    times = pl.Series([2**62]).cast(pl.Datetime("us"))
    frame = pl.DataFrame({"service": ["s"], "finished_at": times})
    frame.write_parquet(place.base / "in" / "deployments.parquet")
    assert "column 'finished_at' holds times outside the years" in place.error()


def test_a_broken_json_line_and_a_cut_array_lose_nothing_else(place: Place) -> None:
    place.write("incidents.ndjson", '{"id": 1}\n{"id": \n[1]\n\n{"id": 2, "titel": "x"}\n{"id": 3}\n' + "[" * 100_000)
    place.write("flag_changes.json", '[{"flag": "f", "changed_at": "2025-01-01"}, {"flag": "g", "changed_at": ')
    place.read()
    assert place.column("id", "incidents") == ["1", "3"]
    assert place.column("flag", "flag_changes") == ["f"]
    assert [row[0] for row in place.rejections()] == [
        "flag_changes.json:2", "incidents.ndjson:2", "incidents.ndjson:3", "incidents.ndjson:5", "incidents.ndjson:7",
    ]  # fmt: skip


def test_an_unknown_column_is_named_with_the_nearest(place: Place) -> None:
    place.write("deployments.csv", "id,service,finishd_at\n1,shop,2025-01-31\n")
    assert "deployments.csv: deployments have no column 'finishd_at'" in place.error()
    assert "did you mean 'finished_at'?" in place.error()


def test_an_unknown_key_in_the_first_json_line_is_named(place: Place) -> None:
    place.write("incidents.ndjson", '{"id": 1, "serverity": "high"}\n')
    assert "did you mean 'severity'?" in place.error()


def test_ignored_columns_are_passed_over(place: Place) -> None:
    place.write("deployments.csv", "id,service,finished_at,x_note,more\n1,shop,2025-01-31,a,b\n")
    place.read(folder="in", ignore_columns=["x_*", "more"])
    assert place.column("id") == ["1"]


@pytest.mark.parametrize(
    ("name", "header", "missing"),
    [
        ("incidents.csv", "title", "'id'"), ("deployments.csv", "id,finished_at", "'service' or 'repository'"),
        ("deployments.csv", "id,service", "'finished_at' or 'created_at' or 'started_at'"), ("tags.csv", "repository,name", "'sha'"),
    ],
)  # fmt: skip
def test_a_missing_key_column_is_named(place: Place, name: str, header: str, missing: str) -> None:
    place.write(name, header + "\n")
    assert f"{name}: no column is {missing}" in place.error()


def test_a_file_of_an_unknown_table_is_named_with_the_nearest(place: Place) -> None:
    place.write("deploys.csv", HEAD)
    assert "no table is called 'deploys'" in place.error()
    assert "did you mean 'deployments'?" in place.error()


def test_a_missing_folder_an_empty_one_and_a_missing_file_are_one_clear_sentence(place: Place) -> None:
    assert "in holds no file named after a table" in place.error()
    assert "does not exist" in place.error(folder="nowhere")
    assert "no file matches" in place.error(files=[{"table": "deployments", "path": "x/*.csv"}])


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("deployments.csv.gz", gzip.compress(HEAD.encode() * 999)[:-9], "damaged or ends early"),
        ("deployments.csv.gz", b"id,service", "damaged or ends early"),
        ("deployments.parquet", b"PAR1 not really", "cannot be read as Parquet"),
        ("deployments.csv", b"", "is empty"),
        ("deployments.csv", b'id,"service\n', "cannot be read as column names"),
        ("deployments.csv", b"id,service,SERVICE,finished_at\n", "two columns are 'service'"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_clear_sentence(
    place: Place, name: str, content: bytes, sentence: str
) -> None:
    place.write(name, content)
    assert sentence in place.error()


def test_a_million_columns_are_refused_at_once(place: Place) -> None:
    place.write("deployments.csv", ",".join(f"c{n}" for n in range(10**6)) + "\n")
    assert "names more than 1000 columns" in place.error()


def test_a_million_fields_in_one_row_cost_one_rejection(place: Place) -> None:
    place.write("deployments.csv", f"{HEAD}{'a,' * 10**6}\n{'x,' * 10**5}\n{'x' * 3_000_000}\n1,shop,2025-01-31\n")
    place.read()
    assert [row[0] for row in place.rejections()] == ["deployments.csv:2", "deployments.csv:3", "deployments.csv:4"]
    assert place.column("id") == ["1"]
    assert place.column("length(content)", "rejected") == [2000] * 3


def test_mapped_columns_and_constants_fit_any_export(place: Place) -> None:
    place.write("export.csv", "App;When;Env\nshop;2025-01-31;staging\nshoe;2025-01-31;\n")
    entry = {"table": "deployments", "path": "in/*.csv", "columns": {"App": "service", "When": "finished_at", "Env": "environment"}, "constants": {"environment": "production", "mechanism": "script"}}  # fmt: skip
    place.read(files=[entry])
    got = place.warehouse.rows("select service, environment, mechanism from deployments order by 1")
    assert got == [("shoe", "production", "script"), ("shop", "staging", "script")]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "either folder or files"),
        ({"folder": "in", "files": [{"table": "tags", "path": "x.csv"}]}, "either folder or files"),
        ({"folder": "in", "timezone": "Mars"}, "timezone 'Mars' is not known"),
        ({"files": [{"table": "deploys", "path": "x.csv"}]}, "did you mean 'deployments'?"),
        ({"files": [{"table": "rejected", "path": "x.csv"}]}, "unknown table 'rejected'"),
        ({"files": [{"table": "tags", "path": "x.csv", "columns": {"a": "nam"}}]}, "did you mean 'name'?"),
        (
            {"files": [{"table": "deployments", "path": "x.csv", "constants": {"status": "great"}}]},
            "status 'great' is not",
        ),
    ],
)
def test_a_wrong_option_is_a_configuration_error(tmp_path: Path, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        open_source("files", read_table(Options, options, "dora.toml"), Context(cache=tmp_path, base=tmp_path))
    assert sentence in str(caught.value)


def test_of_repeated_keys_the_newest_wins_and_else_the_last(place: Place) -> None:
    place.write("incidents.csv", "id,updated_at,title\n1,2025-01-02,new\n1,2025-01-01,old\n2,,first\n2,,last\n")
    place.read()
    assert place.column("title", "incidents") == ["last", "new"]


def test_names_of_people_are_kept_only_when_allowed(place: Place) -> None:
    place.write("people.csv", "author,name\nalice@example.com,Alice\n")
    source = open_source("files", Options(folder="in"), Context(cache=place.base, base=place.base, keep_names=False))
    sync(place.warehouse, [source])
    assert place.column("name", "people") == []
    place.read()
    assert place.column("name", "people") == ["Alice"]
    assert "alice" not in str(place.column("author", "people")[0])


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.integers(0, 5).map(str),
            "updated_at": st.integers(1_700_000_000, 1_700_000_009).map(str),
            "service": st.sampled_from(["shop", "a\nb", 'q"q', "x;y"]),
            "status": st.sampled_from(["ok", "failed", "great", ""]),
            "finished_at": st.sampled_from(["2025-01-31", "yesterday", "1738324800"]),
        }
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: (row["id"], row["updated_at"]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS, data=st.data())
def test_any_order_repetition_and_split_of_the_rows_gives_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], data: st.DataObject
) -> None:
    again = data.draw(st.permutations(rows + data.draw(st.lists(st.sampled_from(rows), max_size=4))))
    cut = data.draw(st.integers(1, len(again)))
    tables = []
    for parts in ([rows], [again[:cut], again[cut:]]):
        place = Place(tmp_path_factory.mktemp("files"))
        for n, part in enumerate(parts):
            if part:
                pl.DataFrame(part).write_csv(place.base / "in" / f"deployments-{n}.csv")
        place.read()
        tables.append(place.warehouse.content_hash(skip=["cursors", "rejected", "meta"]))
        assert place.read() == []
        place.warehouse.close()
    assert tables[0] == tables[1]
