"""What a peer's rules are given: the rows of one group, and the span that is asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from dora.period import Period
from dora.warehouse import Reader
from metrics.slices import Slices

TABLES = ("deployments", "changes", "pull_requests", "merged_requests", "incidents")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The rows of one group (metrics/sql/peers), over all time where a rule looks back or ahead: what a rule says of a span
    does not depend on the period that it was asked in.

    `[start, end)` is the span asked about, in naive UTC. `last`: it ends where the whole period ends, and a peer
    whose bounds are inclusive counts what happened at that very moment. `days`: the dates that it touches, as the
    organisation's time zone names them: for these a peer whose days are those of UTC is asked.
    """

    deployments: pl.DataFrame
    changes: pl.DataFrame
    pull_requests: pl.DataFrame
    merged_requests: pl.DataFrame
    incidents: pl.DataFrame
    start: datetime
    end: datetime
    days: tuple[date, ...]
    last: bool = True

    def within(self, rows: pl.DataFrame, clock: str, inclusive: bool = False) -> pl.DataFrame:
        """The rows whose clock lies in the span; with `inclusive` also at the end of the period."""
        return rows.filter(
            pl.col(clock).is_between(self.start, self.end, "both" if inclusive and self.last else "left")
        )

    def deployed(self) -> pl.DataFrame:
        """Succeeded production deployments of all time."""
        return self.deployments.filter("is_production", "succeeded")


def facts(reader: Reader, cut: Slices) -> Iterator[tuple[str, Period, Facts]]:
    """(group, span, its facts) for every group and bucket of a question, the whole period of a group first."""
    frames = {name: cut.frame(reader, f"peers/{name}") for name in TABLES}
    for position, name in enumerate(cut.names):
        own = {table: frame.filter(pl.col("grp") == position) for table, frame in frames.items()}
        for bucket in cut.buckets:
            last = bucket.end == cut.question.period.end
            days = _days(bucket, ZoneInfo(cut.question.definitions.timezone))
            yield name, bucket, Facts(**own, start=_naive(bucket.start), end=_naive(bucket.end), days=days, last=last)


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _days(span: Period, zone: ZoneInfo) -> tuple[date, ...]:
    first, last = (moment.astimezone(zone).date() for moment in (span.start, span.end - timedelta(microseconds=1)))
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
