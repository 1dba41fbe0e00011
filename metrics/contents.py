"""What the published file holds: rows by source, rows that were rejected, and findings about the data's quality."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from dora.warehouse import Reader
from metrics.quality import Finding, counts, findings
from metrics.slices import read_sql

#: Rows of a list that a person reads; the counts cover all.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Contents:
    """`sources`: source, records, rows, newest. `rejected`: source, stream, place, reason, content (the first 1,000).

    `rejections` / `findings`: counts of all; `told`: the findings with what they touch. `quality`: finding, service, subject, detail (the first 1,000).
    Times are naive UTC; every frame has its columns when there is nothing to list.
    """

    sources: pl.DataFrame
    rejected: pl.DataFrame
    rejections: int
    quality: pl.DataFrame
    findings: dict[str, int]
    told: tuple[Finding, ...] = ()


def contents(reader: Reader) -> Contents:
    """Read all of it, in a few small questions."""
    return Contents(
        sources=reader.frame(read_sql("contents_sources")),
        rejected=reader.frame(read_sql("contents_rejected"), {"most": MOST}),
        rejections=int(str(reader.rows("select count(*) from rejected")[0][0])),
        quality=reader.frame(read_sql("contents_quality"), {"most": MOST}),
        findings=counts(reader),
        told=findings(reader),
    )
