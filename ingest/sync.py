"""Run sources: read each stream from its cursor, commit batch by batch, count, and let one failure stop alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from dora.errors import DoraError, SourceError, WarehouseError
from dora.frames import frames_of
from dora.model import Rejected
from dora.warehouse import Warehouse
from ingest.source import Batch, Source

if TYPE_CHECKING:
    import polars as pl


@dataclass(slots=True)
class StreamResult:
    """What one stream did: rows read per table, rows new or changed, rows rejected, its error, if any, or a remark."""

    source: str
    stream: str
    read: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    rejected: int = 0
    error: str | None = None
    remark: str | None = None


def sync(
    warehouse: Warehouse,
    sources: Sequence[Source],
    since: datetime | None = None,
    on_batch: Callable[[StreamResult], None] = lambda _result: None,
) -> list[StreamResult]:
    """Bring every stream of `sources` up to date; one result a stream, in order.

    An error of a source ends that stream only and is kept in its result; what it committed before stays. An
    error of the warehouse ends the run, because nothing more could be stored.
    """
    results: list[StreamResult] = []
    for source in sources:
        for stream in _streams(source, results):
            results.append(StreamResult(source.name, stream))
            _run_stream(warehouse, source, since, results[-1], on_batch)
    return results


def preview(
    sources: Sequence[Source], cursors: Mapping[tuple[str, str], str], since: datetime | None
) -> list[StreamResult]:
    """Read like `sync`, but store nothing (`--dry-run`)."""
    results: list[StreamResult] = []
    for source in sources:
        for stream in _streams(source, results):
            result = StreamResult(source.name, stream)
            results.append(result)
            for _, frames in _read(source, cursors.get((source.name, stream)), since, result):
                _count(result, frames)
    return results


def _streams(source: Source, results: list[StreamResult]) -> Sequence[str]:
    """The source's streams; none, and a result that says why, when it cannot name them."""
    streams: Sequence[str] = ()
    failed = StreamResult(source.name, "streams")
    with _guarded(failed):
        streams = list(source.streams())
    if failed.error:
        results.append(failed)
    return streams


def _run_stream(
    warehouse: Warehouse,
    source: Source,
    since: datetime | None,
    result: StreamResult,
    on_batch: Callable[[StreamResult], None],
) -> None:
    cursor = warehouse.cursors().get((source.name, result.stream))
    for batch, frames in _read(source, cursor, since, result):
        complete = (batch.complete.table, batch.complete.values) if batch.complete else None
        result.changed += warehouse.commit(source.name, result.stream, frames, batch.cursor, complete)
        _count(result, frames)
        on_batch(result)


def _read(
    source: Source, cursor: str | None, since: datetime | None, result: StreamResult
) -> Iterator[tuple[Batch, dict[str, pl.DataFrame]]]:
    """Each batch with its frames, until the source ends or fails; what fails in the caller is the caller's."""
    batches = source.batches(result.stream, cursor, since)
    while True:
        read = None
        with _guarded(result):
            batch = next(batches, None)
            read = None if batch is None else (batch, _tables(batch))
        if read is None:
            return
        result.remark = read[0].remark or result.remark
        yield read


@contextmanager
def _guarded(result: StreamResult) -> Iterator[None]:
    try:
        yield
    except WarehouseError:
        raise
    except DoraError as error:
        result.error = str(error)
    except Exception as error:  # noqa: BLE001 - the one place where a source's surprise must not stop the others
        place = f"{result.source}: {result.stream}"
        result.error = str(SourceError(f"{place}: {type(error).__name__}: {error}; please report this"))


def _tables(batch: Batch) -> dict[str, pl.DataFrame]:
    frames = dict(batch.frames)
    for table, frame in frames_of(batch.records).items():
        if table in frames:
            import polars as pl

            frame = pl.concat([frames[table], frame], how="diagonal_relaxed")
        frames[table] = frame
    return frames


def _count(result: StreamResult, frames: Mapping[str, pl.DataFrame]) -> None:
    for table, frame in frames.items():
        if table == Rejected.TABLE:
            result.rejected += frame.height
        elif frame.height:
            result.read[table] += frame.height
