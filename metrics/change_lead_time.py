"""Change lead time: from a change's clock to the deployment that first shipped it.

Definition: `finished_at` of the first deployment that contains the change, minus the change's clock; which change
and which clock are definitions. Source: dora.dev/guides/dora-metrics. Changes that wait are censored, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dora.definitions import Definitions
from dora.warehouse import Reader
from metrics import bands
from metrics.intervals import kaplan_meier_median, median_interval, quantile
from metrics.results import ChangeLeadTime
from metrics.slices import Arrays, Slices, micros

Floats = NDArray[np.float64]
_NEVER = 2**62
STAGES = ("coding", "pickup", "review", "deploy")


def change_lead_time(reader: Reader, slices: Slices) -> dict[tuple[int, int], ChangeLeadTime]:
    """One result per (group, bucket); `median_seconds` is None when nothing was shipped, never 0."""
    definitions = slices.question.definitions
    pulls = slices.read(reader, "change_lead_time_pull_request", clock=definitions.clock)
    pulls = pulls if definitions.bots else _kept(pulls, np.logical_not(pulls["is_bot"]))
    stages = {(g, b): _stages(cut) for g, b, cut in slices.cut(pulls, "at_us")}
    changes = _Changes(reader, slices)
    rows = pulls if definitions.change == "pull_request" else changes.shipped()
    waiting = [changes.waiting(bucket.end) for bucket in slices.buckets]
    return {
        (group, bucket): _summary(cut, stages[group, bucket], waiting[bucket][group], slices.question.edition)
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


class _Changes:
    """The rows of change_lead_time.sql that the definitions call a change, with when they left the queue."""

    def __init__(self, reader: Reader, slices: Slices) -> None:
        question = slices.question
        horizons = [min(bucket.end, question.as_of) for bucket in slices.buckets]
        asked = {"clock": question.definitions.clock, "since": min(horizons), "horizon": max(horizons)}
        rows = slices.raw(reader, "change_lead_time", **asked)
        self._slices = slices
        needed = {name: rows[name] for name in ("service_position", "deployed_us", "merged_us", "began_us")}
        self._rows = _kept(needed, _is_change(rows, question.definitions))
        deployed = self._rows["deployed_us"]
        self._left = np.where(np.ma.getmaskarray(deployed), _NEVER, np.ma.getdata(deployed))

    def shipped(self) -> Arrays:
        """Those shipped in the period, by group and deployment time `at_us`."""
        period = self._slices.question.period
        within = (self._left >= micros(period.start)) & (self._left < micros(period.end))
        rows = _kept({**self._rows, "at_us": self._left}, within)
        return self._slices.grouped(rows, rows["at_us"])

    def waiting(self, end: datetime) -> list[Floats]:
        """By group, ages in seconds of those that had landed and were not deployed at `end`, or at the end of the data."""
        horizon = micros(min(end, self._slices.question.as_of))
        rows = _kept(self._rows, np.less(self._rows["merged_us"], horizon) & (self._left >= horizon))
        rows = self._slices.grouped(rows, np.full(len(rows["merged_us"]), horizon))
        ages = np.maximum(0.0, (horizon - np.ma.getdata(rows["began_us"]).astype(np.float64)) / 1e6)
        starts = np.searchsorted(rows["grp"], np.arange(len(self._slices.names) + 1)).tolist()
        return [ages[starts[g] : starts[g + 1]] for g in range(len(self._slices.names))]


def _is_change(rows: Arrays, definitions: Definitions) -> NDArray[np.bool_]:
    """Which rows are changes: a queue of pull requests is the mainline commits that they made."""
    known = ~np.ma.getmaskarray(rows["began_us"])
    if not definitions.bots:
        known &= np.logical_not(rows["is_bot"])
    if definitions.change == "commit":
        return np.logical_and(known, np.logical_not(rows["is_merge"]))
    return known if definitions.change == "all_commits" else np.logical_and(known, rows["mainline"])


def _kept(rows: Arrays, kept: NDArray[np.bool_]) -> Arrays:
    """`kept` may be masked (a clock is unknown): those rows are left out."""
    chosen = np.ma.getdata(kept) & ~np.ma.getmaskarray(kept)
    return {name: column[chosen] for name, column in rows.items()}


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
