"""Change lead time: from a change's clock to the deployment that first shipped it.

Definition: `finished_at` of the first deployment that contains the change, minus the change's clock; which change
and which clock are definitions. Source: dora.dev/guides/dora-metrics. Changes that wait are censored, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dora.warehouse import Reader
from metrics import bands
from metrics.intervals import kaplan_meier_median, median_interval, quantile
from metrics.results import ChangeLeadTime
from metrics.slices import Arrays, Slices, micros

Floats = NDArray[np.float64]
STAGES = ("coding", "pickup", "review", "deploy")


def change_lead_time(reader: Reader, slices: Slices) -> dict[tuple[int, int], ChangeLeadTime]:
    """One result per (group, bucket); `median_seconds` is None when nothing was shipped, never 0."""
    definitions = slices.question.definitions
    chosen = {"change": definitions.change, "clock": definitions.clock, "bots": definitions.bots}
    pulls = slices.read(reader, "change_lead_time_pull_request", **chosen)
    by_pull = definitions.change == "pull_request"
    rows = pulls if by_pull else slices.read(reader, "change_lead_time", **chosen)
    stages = {(g, b): _stages(cut) for g, b, cut in slices.cut(pulls, "at_us")}
    waiting = [_waiting(reader, slices, bucket.end, chosen) for bucket in slices.buckets]
    return {
        (group, bucket): _summary(cut, stages[group, bucket], waiting[bucket][group], slices.question.edition)
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def _waiting(reader: Reader, slices: Slices, end: datetime, chosen: Mapping[str, object]) -> list[Floats]:
    """Ages in seconds, by group, of the changes that had landed and were not deployed at the end of the bucket."""
    question = slices.question
    horizon = min(end, question.as_of)
    change = "mainline" if question.definitions.change == "pull_request" else chosen["change"]
    rows = slices.read(reader, "undeployed", **{**chosen, "change": change, "horizon": horizon})
    ages = np.maximum(0.0, (micros(horizon) - rows["began_us"].astype(np.float64)) / 1e6)
    starts = np.searchsorted(rows["grp"], np.arange(len(slices.names) + 1))
    return [ages[starts[g] : starts[g + 1]] for g in range(len(slices.names))]


def _summary(rows: Arrays, stages: Mapping[str, float | None], waiting: Floats, edition: int) -> ChangeLeadTime:
    began = np.ma.getdata(rows["began_us"])[~np.ma.getmaskarray(rows["began_us"])]
    ended = rows["at_us"][~np.ma.getmaskarray(rows["began_us"])]
    all_seconds = (ended.astype(np.float64) - began.astype(np.float64)) / 1e6
    seconds = np.sort(all_seconds[all_seconds >= 0])
    times = np.concatenate([seconds, waiting])
    observed = np.arange(len(times)) < len(seconds)
    survival, _ = kaplan_meier_median(times, observed)
    median, interval = quantile(seconds, 0.5), median_interval(seconds)
    return ChangeLeadTime(
        n=len(seconds),
        median_seconds=median,
        p75_seconds=quantile(seconds, 0.75),
        p90_seconds=quantile(seconds, 0.90),
        interval_seconds=interval,
        kaplan_meier_median_seconds=survival,
        stages=stages,
        undeployed={
            "n": float(len(waiting)),
            "oldest_seconds": float(waiting.max()) if len(waiting) else None,
            "median_seconds": quantile(np.sort(waiting), 0.5),
        },
        negative=int((all_seconds < 0).sum()),
        level=bands.time_level(edition, "change_lead_time", median, interval),
    )


def _stages(rows: Arrays) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for stage in STAGES:
        column = rows[stage]
        values = column.compressed() if isinstance(column, np.ma.MaskedArray) else column
        out[f"{stage}_seconds"] = quantile(
            np.sort(values[~np.isnan(values.astype(np.float64))].astype(np.float64)), 0.5
        )
    return out
