"""Run sources: read each stream from its cursor, commit batch by batch, count, and let one failure stop alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
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
    """What one stream did: rows read per table, rows new or changed, rows rejected, and its error, if any."""

    source: str
    stream: str
    read: Counter[str] = field(default_factory=Counter)
    changed: int = 0
    rejected: int = 0
    error: str | None = None


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
    return [
        _run_stream(warehouse, source, stream, since, on_batch) for source in sources for stream in _streams(source)
    ]


def preview(
    sources: Sequence[Source], cursors: Mapping[tuple[str, str], str], since: datetime | None
) -> list[StreamResult]:
    """Read like `sync`, but store nothing (`--dry-run`)."""
    results = []
    for source in sources:
        for stream in _streams(source):
            result = StreamResult(source.name, stream)
            for batch in _guarded(source, stream, cursors.get((source.name, stream)), since, result):
                _count(result, _tables(batch))
            results.append(result)
    return results


def _streams(source: Source) -> Sequence[str]:
    return list(source.streams())


def _run_stream(
    warehouse: Warehouse,
    source: Source,
    stream: str,
    since: datetime | None,
    on_batch: Callable[[StreamResult], None],
) -> StreamResult:
    result = StreamResult(source.name, stream)
    cursor = warehouse.cursors().get((source.name, stream))
    for batch in _guarded(source, stream, cursor, since, result):
        frames = _tables(batch)
        complete = (batch.complete.table, batch.complete.values) if batch.complete else None
        result.changed += warehouse.commit(source.name, stream, frames, batch.cursor, complete)
        _count(result, frames)
        on_batch(result)
    return result


def _guarded(
    source: Source, stream: str, cursor: str | None, since: datetime | None, result: StreamResult
) -> Iterator[Batch]:
    try:
        yield from source.batches(stream, cursor, since)
    except WarehouseError:
        raise
    except DoraError as error:
        result.error = str(error)
    except Exception as error:  # noqa: BLE001 - the one place where a source's surprise must not stop the others
        result.error = str(SourceError(f"{source.name}: {stream}: {type(error).__name__}: {error}; please report this"))


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
        else:
            result.read[table] += frame.height
