"""Change lead time: from a change's clock to the deployment that first shipped it.

Definition: `finished_at` of the first deployment that contains the change, minus the change's clock; which change
and which clock are definitions. Source: dora.dev/guides/dora-metrics. Changes that wait are censored, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from dora.warehouse import Reader
from metrics import bands
from metrics.intervals import median_interval, quantile, survival_median
from metrics.results import ChangeLeadTime
from metrics.slices import NEVER, Arrays, Slices, micros

Floats = NDArray[np.float64]
STAGES = ("coding", "pickup", "review", "deploy")


def change_lead_time(reader: Reader, slices: Slices) -> dict[tuple[int, int], ChangeLeadTime]:
    """One result per (group, bucket); `median_seconds` is None when nothing was shipped, never 0."""
    pulls = slices.pooled(lambda part: _pull_requests(reader, part))
    stages = {(g, b): _stages(cut) for g, b, cut in slices.cut(pulls, "at_us")}
    changes = {id(part): _Changes(reader, part) for part in slices.parts()}
    rows = slices.pooled(lambda part: changes[id(part)].shipped(reader))
    waiting = [_together([queue.waiting(bucket.end) for queue in changes.values()]) for bucket in slices.buckets]
    return {
        (group, bucket): _summary(cut, stages[group, bucket], waiting[bucket][group], slices.question.edition)
        for group, bucket, cut in slices.cut(rows, "at_us")
    }


def shipped_changes(reader: Reader, slices: Slices) -> Arrays:
    """The changes behind the lead time: `grp`, `at_us` of the deployment that shipped it, `began_us`, by group and time."""
    return slices.pooled(lambda part: _Changes(reader, part).shipped(reader))


def _pull_requests(reader: Reader, part: Slices) -> Arrays:
    """Those shipped in the period that its definitions count."""
    definitions = part.question.definitions
    rows = part.read(reader, "change_lead_time_pull_request", clock=definitions.clock)
    return rows if definitions.bots else _kept(rows, ~rows["is_bot"])


class _Changes:
    """The rows of change_lead_time.sql that the definitions call a change."""

    def __init__(self, reader: Reader, slices: Slices) -> None:
        question = slices.question
        since, definitions = min(question.period.start, question.as_of), question.definitions
        asked = {"change": definitions.change, "clock": definitions.clock, "bots": definitions.bots}
        rows = slices.raw(reader, "change_lead_time", since=since, horizon=question.period.end, **asked)
        needed = _columns(rows, "service_position", "deployed_us", "merged_us", "began_us")
        self._slices = slices
        self._rows = _kept(needed, rows["is_change"])

    def shipped(self, reader: Reader) -> Arrays:
        """Those shipped in the period, by group and deployment time `at_us`; `began_us` is known."""
        question = self._slices.question
        if question.definitions.change == "pull_request":
            rows = _pull_requests(reader, self._slices)
            return _columns(_kept(rows, rows["began_us"] < NEVER), "grp", "at_us", "began_us")
        left = self._rows["deployed_us"]
        rows = _kept(self._rows, (left >= micros(question.period.start)) & (left < micros(question.period.end)))
        rows = self._slices.grouped(_columns(rows, "service_position", "deployed_us", "began_us"), rows["deployed_us"])
        return {"grp": rows["grp"], "at_us": rows["deployed_us"], "began_us": rows["began_us"]}

    def waiting(self, end: datetime) -> list[Floats]:
        """By group, ages in seconds of those that had landed and were not deployed at `end`, or at the end of the data."""
        horizon = micros(min(end, self._slices.question.as_of))
        rows = _kept(self._rows, (self._rows["merged_us"] < horizon) & (self._rows["deployed_us"] >= horizon))
        rows = _columns(rows, "service_position", "began_us")
        rows = self._slices.grouped(rows, np.full(len(rows["began_us"]), horizon))
        ages = np.maximum(0.0, (horizon - rows["began_us"]) / 1e6)
        starts = np.searchsorted(rows["grp"], np.arange(len(self._slices.names) + 1)).tolist()
        return [ages[starts[g] : starts[g + 1]] for g in range(len(self._slices.names))]


def _kept(rows: Arrays, kept: NDArray[np.bool_]) -> Arrays:
    return {name: column[kept] for name, column in rows.items()}


def _columns(rows: Arrays, *names: str) -> Arrays:
    return {name: rows[name] for name in names}


def _together(queues: Sequence[list[Floats]]) -> list[Floats]:
    """The queues of several parts, group by group."""
    return queues[0] if len(queues) == 1 else [np.concatenate(group) for group in zip(*queues, strict=True)]


def _summary(rows: Arrays, stages: Mapping[str, float | None], waiting: Floats, edition: int) -> ChangeLeadTime:
    seconds = np.sort((rows["at_us"] - rows["began_us"]) / 1e6)
    negative = int(np.searchsorted(seconds, 0.0))
    seconds, ordered_waiting = seconds[negative:], np.sort(waiting)
    times = np.concatenate([seconds, ordered_waiting])
    median, interval = quantile(seconds, 0.5), median_interval(seconds)
    return ChangeLeadTime(
        n=len(seconds),
        median_seconds=median,
        p75_seconds=quantile(seconds, 0.75),
        p90_seconds=quantile(seconds, 0.90),
        interval_seconds=interval,
        kaplan_meier_median_seconds=survival_median(times, np.arange(len(times)) < len(seconds)),
        stages=stages,
        undeployed={
            "n": float(len(waiting)),
            "oldest_seconds": float(ordered_waiting[-1]) if len(waiting) else None,
            "median_seconds": quantile(ordered_waiting, 0.5),
        },
        negative=negative,
        level=bands.time_level(edition, "change_lead_time", median, interval),
    )


def _stages(rows: Arrays) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    for stage in STAGES:
        ordered = np.sort(rows[stage])
        out[f"{stage}_seconds"] = quantile(ordered[: np.searchsorted(ordered, np.nan)], 0.5)
    return out
