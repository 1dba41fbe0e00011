"""The production deployments of a question as a list, each with its verdict and the evidence that counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import polars as pl

from dora.warehouse import Reader
from metrics.failed_deployments import Failure, failures_by_number, matured_until
from metrics.question import Question
from metrics.slices import slices

Verdict = Literal["failed", "pending"]
_MICROS = 1_000_000


def deployment_list(reader: Reader, question: Question, *verdicts: Verdict) -> pl.DataFrame:
    """One row per production attempt that ended in the period, newest first; no rows, same columns, when there is none.

    `verdicts`: only those with one of these; all unless any is given.

    verdict: `failed` (evidence counts), `pending` (succeeded, younger than the failure window and
    not failed so far), `not delivered` (never served users), `cancelled`, else `ok`. kinds: the evidence that
    counts. matured: old enough to be in the change fail rate. recovery_seconds: null while open or not failed. Times are naive UTC. A service that several teams own
    over time is with the owner at the deployment's finish.
    """
    cut = slices(reader, question)
    rows = cut.frame(reader, "deployment_list", as_of=question.as_of)
    failed = failures_by_number(reader, cut)
    until = pl.col("service").replace_strict(matured_until(cut), default=None, return_dtype=pl.Int64)
    rows = rows.with_columns(matured=pl.col("finished_at").dt.epoch("us") <= until.cast(pl.Int64))
    frame = rows.join(_failed(failed), on="number", how="left", maintain_order="left").drop("number").with_columns(
        verdict=pl.when(pl.col("status") == "failed").then(pl.lit("not delivered"))
        .when(pl.col("status") == "cancelled").then(pl.lit("cancelled"))
        .when(pl.col("kinds").is_not_null()).then(pl.lit("failed"))
        .when(~pl.col("matured")).then(pl.lit("pending"))
        .otherwise(pl.lit("ok")),
        kinds=pl.col("kinds").fill_null([]),
        recovery_seconds=(pl.col("recovered_at") - pl.col("finished_at")).dt.total_microseconds() / _MICROS,
    )  # fmt: skip
    return frame.filter(pl.col("verdict").is_in(verdicts)) if verdicts else frame


def _failed(failures: dict[int, Failure]) -> pl.DataFrame:
    rows = [
        {"number": name, "kinds": sorted(failure.kinds), "recovered_at": _naive(failure.recovered_us)}
        for name, failure in failures.items()
    ]
    schema = pl.Schema({"number": pl.Int64(), "kinds": pl.List(pl.String), "recovered_at": pl.Datetime("us")})
    return pl.DataFrame(rows, schema=schema)


def _naive(us: int | None) -> datetime | None:
    return None if us is None else datetime.fromtimestamp(us / _MICROS, UTC).replace(tzinfo=None)
