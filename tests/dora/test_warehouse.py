"""The warehouse: what it stores, in any order of deliveries, and what it says when a file cannot be used."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora.by_source import remove_said
from dora.errors import WarehouseError
from dora.frames import frames_of
from dora.model import RECORDS, Commit, Deployment, Incident, PipelineRun, PullRequest, Record, column_types
from dora.warehouse import Builder, Warehouse, open_published, open_warehouse, schema_version
from tests.dora.processes import leftovers, small_disk

TYPES = {
    "str": "VARCHAR", "int": "BIGINT", "bool": "BOOLEAN", "float": "DOUBLE", "datetime": "TIMESTAMP",
    "tuple[str, ...]": "VARCHAR[]", "tuple[int, ...]": "BIGINT[]",
}  # fmt: skip
MUTABLE = ("deployments", "incidents", "pull_requests", "pipeline_runs")
MOMENTS = [datetime(2025, 1, day, tzinfo=UTC) for day in (1, 2)]
updated = st.sampled_from([None, *MOMENTS])
texts = st.sampled_from([None, "9", "10", "é", ""])
names = st.sampled_from(["a", "b"])
deployments = st.builds(
    Deployment, source=names, id=names, updated_at=updated, service=texts, version=texts,
    status=st.sampled_from(["running", "succeeded"]), finished_at=updated, sequence=st.sampled_from([None, 9, 10]),
)  # fmt: skip
incidents = st.builds(
    Incident, source=names, id=names, updated_at=updated, title=st.sampled_from(["", "x"]), resolved_at=updated,
    labels=st.lists(names, max_size=2).map(tuple), pull_request=st.sampled_from([None, -1, 100]),
)  # fmt: skip
pull_requests = st.builds(
    PullRequest, source=names, repository=names, number=st.sampled_from([1, 2]), updated_at=updated,
    commits=st.lists(names, max_size=2).map(tuple), is_bot=st.booleans(), checks_seconds=st.sampled_from([None, 0.5, 2.0]),
)  # fmt: skip
runs = st.builds(
    PipelineRun, source=names, id=names, updated_at=updated, attempt=st.sampled_from([None, 1, 2]), branch=texts
)
deliveries = st.lists(st.one_of(deployments, incidents, pull_requests, runs), min_size=1, max_size=12)


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = open_warehouse(tmp_path / "dora.duckdb")
    yield opened
    opened.close()


def many(count: int, first: int = 0) -> dict[str, pl.DataFrame]:
    """Commits whose subjects do not compress."""
    rows = [
        Commit(repository="r", sha=f"{n:040x}", subject=os.urandom(1500).hex()) for n in range(first, first + count)
    ]
    return frames_of(rows)


def nothing(builder: Builder) -> None:
    """Facts of no kind."""


def state(path: Path) -> tuple[bytes, int]:
    """The bytes of a file and when it was written."""
    return path.read_bytes(), path.stat().st_mtime_ns


def test_schema_is_the_model(warehouse: Warehouse) -> None:
    sql = "select column_name, data_type from duckdb_columns() where table_name = ? order by column_index"
    for record in RECORDS:
        expected = [(name, TYPES[hint.removesuffix(" | None")]) for name, hint in column_types(record).items()]
        assert warehouse.rows(sql, [record.TABLE]) == expected


def test_a_record_comes_back_as_it_was(warehouse: Warehouse) -> None:
    record = PullRequest(
        source="s", repository="r", number=1, updated_at=MOMENTS[0], commits=("a", "b"), checks_seconds=1.5
    )
    warehouse.commit("s", "t", frames_of([record]), None)
    assert warehouse.stored(record) == record


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(deliveries, st.data())
def test_any_order_repetition_and_split_ends_alike(
    warehouse: Warehouse, records: list[Record], data: st.DataObject
) -> None:
    repeated = records + data.draw(st.lists(st.sampled_from(records), max_size=6))
    shuffled = data.draw(st.permutations(repeated))
    cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=4)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    assert stored(warehouse, [records]) == stored(warehouse, parts)


def stored(warehouse: Warehouse, batches: Sequence[Sequence[Record]]) -> dict[str, str]:
    """What is in the tables after these batches."""
    warehouse.execute("".join(f"delete from {table};" for table in MUTABLE))
    for batch in batches:
        warehouse.commit("s", "t", frames_of(batch), None)
    return warehouse.content_hash([table for table in warehouse.tables() if table not in MUTABLE])


def test_repeating_a_batch_changes_nothing(warehouse: Warehouse) -> None:
    records = [Deployment(source="s", id=str(n), service="shop") for n in range(5)]
    assert warehouse.commit("s", "t", frames_of(records), "1") == 5
    assert warehouse.commit("s", "t", frames_of(records), "1") == 0


def test_a_complete_batch_replaces_what_was_said_before(warehouse: Warehouse) -> None:
    before = [Deployment(source="s", id=i, version="2") for i in ("a", "b")] + [Deployment(source="other", id="a")]
    warehouse.commit("s", "t", frames_of(before), None)
    after = frames_of([Deployment(source="s", id="a", version="1")])
    assert warehouse.commit("s", "t", after, None, ("deployments", {"source": "s"})) == 2
    assert warehouse.rows("select source, id, version from deployments order by all") == [
        ("other", "a", None),
        ("s", "a", "1"),
    ]


def test_a_batch_that_fails_moves_no_cursor(warehouse: Warehouse) -> None:
    warehouse.commit("s", "t", frames_of([Deployment(source="s", id="a")]), "1")
    before = warehouse.content_hash()
    broken = {"tags": pl.DataFrame({"repository": ["r"], "name": [None], "sha": ["x"]})}
    with pytest.raises(WarehouseError):
        warehouse.commit("s", "t", frames_of([Deployment(source="s", id="b")]) | broken, "2")
    assert warehouse.content_hash() == before
    assert warehouse.cursors() == {("s", "t"): "1"}


def test_removing_what_sources_said_is_done_for_all_of_them_or_for_none(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        warehouse.commit(name, "t", frames_of([Deployment(source=name, id="1"), Incident(source=name, id="1")]), "1")
    before = warehouse.content_hash()
    monkeypatch.setattr("dora.warehouse.remove_said", lambda builder, name: remove_said(builder, {"a": "a"}[name]))
    with pytest.raises(KeyError):
        warehouse.remove(["a", "b"])
    assert warehouse.content_hash() == before
    assert warehouse.remove(["a"]) == {"a": {"deployments": 1, "incidents": 1}}
    assert warehouse.cursors() == {("b", "t"): "1"}


def test_file_of_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "dora.duckdb"
    newer = open_warehouse(path)
    newer.set_meta(schema_version=str(schema_version() + 1))
    newer.close()
    before = state(path)
    for opened in (open_warehouse, open_published):
        with pytest.raises(WarehouseError, match=r"written by a newer dora .*update dora"):
            opened(path)
    assert state(path) == before


@pytest.mark.parametrize("damage", [b"", b"not a database", b"\0" * 20_000], ids=["empty", "text", "zeros"])
def test_file_that_is_no_database_is_named_and_kept(tmp_path: Path, damage: bytes) -> None:
    for name, advice in (("dora.duckdb", "move it away"), ("dora.published.duckdb", "dora build")):
        path = tmp_path / name
        path.write_bytes(damage)
        for opened in (open_warehouse, open_published):
            with pytest.raises(WarehouseError, match=advice) as raised:
                opened(path)
            assert str(path) in str(raised.value)
            assert "\n" not in str(raised.value)
        assert path.read_bytes() == damage


def test_damaged_pages_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "dora.duckdb"
    warehouse = open_warehouse(path)
    warehouse.commit("s", "t", many(300), "1")
    warehouse.close()
    data = bytearray(path.read_bytes())
    data[len(data) // 4 :] = os.urandom(len(data) - len(data) // 4)
    path.write_bytes(data)
    with pytest.raises(WarehouseError) as raised:
        open_warehouse(path).rows("select sum(length(subject)) from commits")
    assert "move it away" in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("tables", ["things (a int)", "meta (key int, other int)", "meta (key varchar, value varchar)"])
def test_database_of_something_else_is_refused_and_kept(tmp_path: Path, tables: str) -> None:
    path = tmp_path / "dora.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(f"create table {tables}")
    before = state(path)
    for opened in (open_warehouse, open_published):
        with pytest.raises(WarehouseError, match="not one of dora's"):
            opened(path)
    assert state(path) == before


def test_folder_in_place_of_the_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "dora.duckdb").mkdir()
    with pytest.raises(WarehouseError, match=r"dora\.duckdb"):
        open_warehouse(tmp_path / "dora.duckdb")


def test_log_without_its_file_is_not_mixed_with_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "dora.duckdb.wal").write_bytes(b"of another file")
    with pytest.raises(WarehouseError, match=r"dora\.duckdb\.wal"):
        open_warehouse(tmp_path / "dora.duckdb")
    assert (tmp_path / "dora.duckdb.wal").read_bytes() == b"of another file"


def test_missing_published_file_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(WarehouseError, match="run `dora ingest` first"):
        open_published(tmp_path / "dora.published.duckdb")


def test_few_rows_are_read_by_one_thread_and_all_else_by_all(tmp_path: Path, warehouse: Warehouse) -> None:
    warehouse.publish(tmp_path / "published.duckdb", lambda _builder: None)
    reader = open_published(tmp_path / "published.duckdb")
    [[every]] = reader.rows("select current_setting('threads')")
    asked = "select current_setting('threads') as threads"
    assert reader.arrays(asked)["threads"].tolist() == [1]
    assert reader.arrays(asked, many=True)["threads"].tolist() == [every]
    assert reader.arrays(asked)["threads"].tolist() == [1]
    assert reader.frame(asked)["threads"].to_list() == [every]
    assert reader.arrays(asked)["threads"].tolist() == [1]
    assert reader.rows(asked) == [(every,)]
    reader.close()


def test_publishing_gives_back_memory_and_leaves_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dora.warehouse._FORGET", "20MB")
    monkeypatch.setattr("dora.parts.WORTH_ROWS", 0)
    opened = open_warehouse(tmp_path / "dora.duckdb", "700MB")
    used = "select sum(memory_usage_bytes) from duckdb_memory()"
    settings = "select current_setting('memory_limit'), current_setting('threads')"
    try:
        opened.commit("git", "r", many(15_000), "1")
        before = opened.rows(settings)
        opened.rows("select sum(hash(c)::hugeint) from commits c")
        assert int(str(opened.rows(used)[0][0])) > 35e6
        opened.publish(tmp_path / "published.duckdb", lambda builder: None)
        assert int(str(opened.rows(used)[0][0])) < 30e6
        assert opened.rows(settings) == before
    finally:
        opened.close()


@pytest.mark.parametrize(("least", "asked"), [(1, ["changed"]), (100, ["all"])])
def test_what_changed_is_looked_for_only_where_much_is_recorded(
    least: int, asked: list[str], tmp_path: Path, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dora.parts.WORTH_ROWS", least)
    monkeypatch.setattr("dora.parts.SHARE", 1.0)
    target, done = tmp_path / "dora.published.duckdb", list[str]()
    for number in range(3):
        done.clear()
        warehouse.commit("s", "t", frames_of([Deployment(source="s", id=str(number))]), str(number))
        warehouse.publish(target, lambda _: done.append("all"), lambda _: done.append("changed") is None)
    assert done == asked


def test_failed_build_leaves_the_published_file(tmp_path: Path, warehouse: Warehouse) -> None:
    target = tmp_path / "dora.published.duckdb"
    warehouse.publish(target, nothing)
    before = state(target)
    warehouse.commit("s", "t", frames_of([Deployment(source="s", id="a")]), "1")
    with pytest.raises(WarehouseError):
        warehouse.publish(target, lambda builder: builder.execute("select * from nowhere"))
    assert state(target) == before
    assert not [name for name in leftovers(tmp_path) if "draft" in name]
    assert warehouse.meta()["unpublished"] == "true"


def test_drafts_of_killed_runs_are_removed(tmp_path: Path, warehouse: Warehouse) -> None:
    target = tmp_path / "dora.published.duckdb"
    for name in (".dora.published.duckdb.123.draft", ".dora.published.duckdb.123.draft.wal"):
        (tmp_path / name).write_bytes(b"half")
    (tmp_path / ".dora.published.duckdb.123.draft.tmp").mkdir()
    (tmp_path / ".dora.published.duckdb.123.draft.tmp" / "put_aside").write_bytes(b"half")
    warehouse.publish(target, nothing)
    warehouse.close()
    assert leftovers(tmp_path) == []


def test_full_disk_while_storing_keeps_what_was_stored() -> None:
    with small_disk(12) as folder:
        path = folder / "dora.duckdb"
        warehouse = open_warehouse(path)
        warehouse.commit("s", "t", many(200), "1")
        with pytest.raises(WarehouseError, match="the disk is full"):
            fill(warehouse)
        with suppress(WarehouseError):
            warehouse.close()
        again = open_warehouse(path)
        count = int(str(again.rows("select count(*) from commits")[0][0]))
        assert count >= 200
        assert count % 200 == 0
        assert again.cursors() == {("s", "t"): str(count // 200)}
        again.close()


def fill(warehouse: Warehouse) -> None:
    """Batches until something gives way."""
    for number in range(1, 100):
        warehouse.commit("s", "t", many(200, 200 * number), str(number + 1))


def test_full_disk_while_publishing_keeps_the_published_file() -> None:
    with small_disk(12) as folder:
        target = folder / "dora.published.duckdb"
        warehouse = open_warehouse(folder / "dora.duckdb")
        warehouse.commit("s", "t", many(400), "1")
        warehouse.publish(target, nothing)
        before = state(target)
        with suppress(OSError):
            (folder / "ballast").write_bytes(bytes(12_000_000))
        with pytest.raises(WarehouseError, match="the disk is full"):
            warehouse.publish(target, nothing)
        assert state(target) == before
        (folder / "ballast").unlink()
        warehouse.commit("s", "t", many(1, 9000), "2")
        warehouse.publish(target, nothing)
        warehouse.close()
        reader = open_published(target)
        assert reader.rows("select count(*) from commits") == [(401,)]
        reader.close()
        assert leftovers(folder) == []
