"""Change lead time: from a change's clock to the deployment that first shipped it.

Definition: `finished_at` of the first deployment that contains the change, minus the change's clock; which change
and which clock are definitions. Source: dora.dev/guides/dora-metrics. Changes that wait are censored, not dropped.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dora.warehouse import Reader
from metrics import bands
from metrics.cells import MICROS, Arrays, Cells, Floats, Integers, apart, quantiles
from metrics.clusters import independent_values
from metrics.columns import Columns
from metrics.intervals import median_intervals
from metrics.slices import Slices
from metrics.survival import censored_medians
from metrics.undeployed import undeployed

Figures = Integers | Floats
STAGES = ("coding", "pickup", "review", "deploy")
_AGES = ("oldest_seconds", "median_seconds")
_SHARES = {"median_seconds": 0.5, "p75_seconds": 0.75, "p90_seconds": 0.9}


def change_lead_time(reader: Reader, slices: Slices) -> Columns:
    """The columns of `ChangeLeadTime`, a line a cell; `median_seconds` is NaN when nothing was shipped, never 0.

    Changes of one deployment are no independent values: their interval is that of as many as tell as much.
    """
    spans, sizes, cells, negative = _spans(reader, slices)
    waiting = undeployed(slices, lambda part: _changes(reader, part))
    found = _empty(cells, *_SHARES, "kaplan_meier_median_seconds")
    queue: dict[str, Figures] = {"n": np.zeros(len(cells.low), dtype=np.int64), **_empty(cells, *_AGES)}
    interval, independent = np.full((len(cells.low), 2), np.nan), np.zeros(len(cells.low), dtype=np.int64)
    for places, ordered in cells.in_order(spans):
        here = cells.only(places)
        figures = quantiles(ordered, here.low, here.n, *_SHARES.values(), unit=MICROS)
        for name, column in zip(_SHARES, figures, strict=True):
            found[name][places] = column
        [middle] = quantiles(ordered, here.low, here.n, 0.5)
        independent[places] = worth = independent_values(spans, here.n, middle, sizes)
        interval[places] = median_intervals(ordered, here.low, here.n, MICROS, worth)
        for at, queued, ages in waiting.at_ends_of(places):
            for name, column in _queue(ages, queued).items():
                queue[name][at] = column
            found["kaplan_meier_median_seconds"][at] = censored_medians(ordered, cells.only(at), ages, queued)
    return {
        "n": cells.n,
        "independent": independent,
        **found,
        "interval_seconds": interval,
        "stages": _stages(reader, slices),
        "undeployed": queue,
        "negative": negative,
        "level": bands.levels(slices.question.edition, "change_lead_time", found["median_seconds"], interval),
    }


def _changes(reader: Reader, part: Slices) -> Arrays:
    """What its definitions count as a change and whose clock is known, deployed or not."""
    question, definitions = part.question, part.question.definitions
    name = "change_lead_time_pull_request" if definitions.change == "pull_request" else "change_lead_time"
    since = min(question.period.start, question.as_of)
    asked = {"change": definitions.change, "clock": definitions.clock, "bots": definitions.bots}
    return part.raw(reader, name, since=since, horizon=question.period.end, **asked)


def _pull_requests(reader: Reader, part: Slices) -> Arrays:
    """The stages of those shipped in the period that its definitions count."""
    return part.raw(reader, "pull_request_stages", bots=part.question.definitions.bots)


def _shipped(reader: Reader, part: Slices) -> Arrays:
    """The changes of a part by the deployment that shipped them, also after the period."""
    rows = _changes(reader, part)
    return {"service_position": rows["service_position"], "at_us": rows["deployed_us"], "began_us": rows["began_us"]}


def _spans(reader: Reader, slices: Slices) -> tuple[Integers, Integers, Cells, Integers]:
    """Microseconds from change to deployment in cells, and how many each deployment has, without the impossible negative ones.

    At last by cell how many these are.
    """

    def ask(part: Slices) -> Arrays:
        rows = _shipped(reader, part)
        places, moments = rows["service_position"], rows["at_us"]
        another = (moments[1:] != moments[:-1]) | (places[1:] != places[:-1])
        another = np.concatenate([[True], another])[: len(moments)]
        return {"service_position": places, "at_us": moments, "span_us": moments - rows["began_us"], "another": another}

    rows = slices.rows(ask)
    spans, cells = rows["span_us"], rows.cells
    sizes = np.diff(np.flatnonzero(rows["another"]), append=len(spans))
    possible = spans >= 0
    if possible.all():
        return spans, sizes, cells, np.zeros_like(cells.n)
    kept, sizes = cells.where(possible), apart(sizes).total(possible)
    return spans[possible], sizes[sizes > 0], kept, cells.n - kept.n


def _queue(ages: Integers, cells: Cells) -> Mapping[str, Figures]:
    """By cell how many changes wait, the age of the oldest and the median age, from ages in order."""
    oldest, some = np.full(len(cells.low), np.nan), np.flatnonzero(cells.n)
    oldest[some] = ages[cells.high[some] - 1] / MICROS
    [median] = quantiles(ages, cells.low, cells.n, 0.5, unit=MICROS)
    return {"n": cells.n, **dict(zip(_AGES, (oldest, median), strict=True))}


def _stages(reader: Reader, slices: Slices) -> Mapping[str, Floats]:
    """By cell the median of every stage of the pull requests in which it is known."""
    rows, found = slices.rows(lambda part: _pull_requests(reader, part)), {}
    for stage in STAGES:
        seconds, cells = rows[stage], rows.cells
        unknown = np.isnan(seconds)
        if unknown.any():
            seconds, cells = seconds[~unknown], cells.where(~unknown)
        [found[f"{stage}_seconds"]] = cells.quantiles(seconds, 0.5)
    return found


def _empty(cells: Cells, *names: str) -> dict[str, Floats]:
    return {name: np.full(len(cells.low), np.nan) for name in names}
