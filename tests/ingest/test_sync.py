"""Running sources: resuming, counting, and one failure that stops alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from dora.errors import AuthError, WarehouseError
from dora.model import Deployment, Rejected
from dora.warehouse import Warehouse, open_warehouse
from ingest.source import Batch
from ingest.sync import StreamResult, preview, sync


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    opened = open_warehouse(tmp_path / "dora.duckdb")
    yield opened
    opened.close()


@dataclass
class Pages:
    """A source of numbered deployments, one a batch, that stops with `failure` before number `fails_at`."""

    name: str
    count: int = 3
    fails_at: int | None = None
    failure: Callable[[], Exception] = lambda: AuthError("pages: token refused")
    asked: list[str | None] = field(default_factory=list)

    def streams(self) -> Sequence[str]:
        return ["all"]

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        self.asked.append(cursor)
        for number in range(int(cursor or 0), self.count):
            if number == self.fails_at:
                raise self.failure()
            yield Batch(records=[Deployment(source=self.name, id=str(number), service="shop")], cursor=str(number + 1))

    def probe(self) -> Iterator[str]:
        yield "pages"


class NoStreams(Pages):
    def streams(self) -> Sequence[str]:
        raise AuthError("pages: the list of repositories was refused")


class Unstorable(Pages):
    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        yield Batch(records=[Deployment(source=self.name, id="1", version="\udcff")])


def ids(warehouse: Warehouse) -> list[object]:
    return [row[0] for row in warehouse.rows("select source || id from deployments order by all")]


def test_failing_source_keeps_what_it_committed_and_the_others_run(warehouse: Warehouse) -> None:
    results = sync(warehouse, [Pages("a", fails_at=2), Pages("b")])
    assert ids(warehouse) == ["a0", "a1", "b0", "b1", "b2"]
    assert [result.error for result in results] == ["pages: token refused", None]
    assert [result.changed for result in results] == [2, 3]


def test_next_run_resumes_where_the_last_one_stopped(warehouse: Warehouse) -> None:
    sync(warehouse, [Pages("a", fails_at=2)])
    second = Pages("a")
    (result,) = sync(warehouse, [second])
    assert second.asked == ["2"]
    assert (result.changed, result.read["deployments"], result.error) == (1, 1, None)
    assert ids(warehouse) == ["a0", "a1", "a2"]


def test_source_that_cannot_name_its_streams_stops_alone(warehouse: Warehouse) -> None:
    results = sync(warehouse, [NoStreams("a"), Pages("b")])
    assert [(result.source, result.stream) for result in results] == [("a", "streams"), ("b", "all")]
    assert results[0].error == "pages: the list of repositories was refused"
    assert len(ids(warehouse)) == 3


@pytest.mark.parametrize(
    "bad", [Unstorable("a"), Pages("a", fails_at=0, failure=lambda: KeyError("x"))], ids=["surrogate", "surprise"]
)
def test_surprise_of_a_source_is_its_error_and_not_the_runs(warehouse: Warehouse, bad: Pages) -> None:
    results = sync(warehouse, [bad, Pages("b")])
    assert results[0].error is not None
    assert "please report this" in results[0].error
    assert ids(warehouse) == ["b0", "b1", "b2"]


def test_error_of_the_warehouse_ends_the_run(warehouse: Warehouse) -> None:
    class Wrong(Pages):
        def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
            yield Batch(frames={"tags": pl.DataFrame({"repository": ["r"], "name": [None]})})

    later = Pages("b")
    with pytest.raises(WarehouseError):
        sync(warehouse, [Wrong("a"), later])
    assert later.asked == []


def test_rejected_rows_are_counted_apart(warehouse: Warehouse) -> None:
    class Half(Pages):
        def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
            bad = Rejected(source=self.name, stream=stream, place="line 2", reason="no id")
            yield Batch(records=[Deployment(source=self.name, id="1"), bad])

    (result,) = sync(warehouse, [Half("a")])
    assert (dict(result.read), result.rejected, result.changed) == ({"deployments": 1}, 1, 2)


def test_preview_counts_and_stores_nothing(warehouse: Warehouse) -> None:
    before = warehouse.content_hash()
    results = preview([NoStreams("a"), Pages("b", fails_at=2), Pages("c")], {("c", "all"): "1"}, None)
    assert [(result.source, result.read["deployments"]) for result in results] == [("a", 0), ("b", 2), ("c", 2)]
    assert [bool(result.error) for result in results] == [True, True, False]
    assert warehouse.content_hash() == before


def test_every_batch_is_reported_as_it_is_stored(warehouse: Warehouse) -> None:
    seen: list[int] = []

    def look(result: StreamResult) -> None:
        seen.append(len(ids(warehouse)))

    sync(warehouse, [Pages("a")], on_batch=look)
    assert seen == [1, 2, 3]
