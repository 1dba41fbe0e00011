"""Which of an analysis's deployments failed, by the ledger and the question's definitions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dora.warehouse import Reader
from metrics.analyses.answer import share
from metrics.failed_deployments import failures_by_number, matured_until
from metrics.slices import Slices

if TYPE_CHECKING:
    import polars as pl

FAIL_RATE = ("failed", "matured", "fail_rate", "fail_rate_interval")


def failed_numbers(reader: Reader, cut: Slices) -> frozenset[int]:
    """The numbers of the failed deployments of a question, matured or not."""
    return frozenset(failures_by_number(reader, cut))


def judged(reader: Reader, cut: Slices, deployments: pl.DataFrame) -> pl.DataFrame:
    """Succeeded production deployments with two more columns, `failed` and `matured`.

    `deployments` has `number`, `service` and `finished_at`. A failed deployment that is not matured is pending, as
    in the change fail rate.
    """
    import polars as pl

    failed = pl.Series("number", sorted(failed_numbers(reader, cut)), pl.Int64)
    until = pl.DataFrame(
        list(matured_until(cut).items()), schema={"service": pl.String, "judged_us": pl.Int64}, orient="row"
    )
    return (
        deployments.join(until, on="service", how="left", maintain_order="left")
        .with_columns(
            failed=pl.col("number").cast(pl.Int64).is_in(failed.implode()),
            matured=pl.col("finished_at").dt.epoch("us") <= pl.col("judged_us"),
        )
        .drop("judged_us")
    )


def fail_rate(rows: pl.DataFrame) -> dict[str, object]:
    """failed, matured, fail_rate and its Wilson interval of rows made by `judged`; rate None when none is matured."""
    matured = rows.filter(rows["matured"])
    failed, n = int(matured["failed"].sum()), matured.height
    return {"failed": failed, "matured": n} | share("fail_rate", failed, n)
