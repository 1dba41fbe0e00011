"""Changes on the default branch that are not in production yet: the queue behind the change lead time."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from dora.warehouse import Reader
from metrics.question import Question
from metrics.slices import Slices, slices


def waiting_changes(reader: Reader, question: Question) -> pl.DataFrame:
    """One row per group and change waiting at the end of the period (or of the data), oldest first.

    Columns: name (of the group), service, repository, sha (null for a pull request), pull_request, subject, began_at (naive UTC), age_seconds.
    The same changes as `ChangeLeadTime.undeployed` counts; no rows when nothing waits.
    """
    cut = slices(reader, question)
    horizon = question.horizon
    rows = pl.concat([_waiting(reader, part, horizon) for part in cut.parts()])
    names = pl.Series("name", cut.names, dtype=pl.String)
    moment = pl.lit(horizon.replace(tzinfo=None), pl.Datetime("us"))
    age = (moment - pl.col("began_at")).dt.total_microseconds() / 1e6
    named = rows.select(
        names.gather(rows["grp"]).alias("name"), pl.exclude("grp"), age.clip(lower_bound=0).alias("age_seconds")
    )
    return named.sort("began_at", maintain_order=True)


def _waiting(reader: Reader, part: Slices, horizon: datetime) -> pl.DataFrame:
    definitions = part.question.definitions
    chosen = {"change": definitions.change, "clock": definitions.clock, "bots": definitions.bots}
    return part.frame(reader, "waiting_changes", horizon=horizon, **chosen)
