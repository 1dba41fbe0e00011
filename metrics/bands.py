"""Published performance levels per report year, as data with provenance, and how a figure is placed in them.

Bounds are half-open `[low, high)`; fail rates are whole percents, so their ranges hold both ends, and "on demand" is
several a day, so exactly one a day is not. From 2023 on the change fail rate of a level is one published figure, not a
range, and the figures are not monotone (2024: medium 10 % is below high 20 %): a rate belongs to the levels from the one above
the best whose figure it meets, to the worst whose figure it misses. A figure that no level covers is `unclassified`; nothing is interpolated.
Status: A official (dora.dev), B a sponsor's full write-up, C third-party text, M unverified.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np

from dora.errors import ConfigError
from metrics.cells import Floats
from metrics.columns import Levels

MetricName = Literal["deployment_frequency", "change_lead_time", "change_fail_rate", "recovery_time"]
Range = tuple[float, float]
#: Above one by more than a bound that only what is above one meets.
_SLOWER = 1 + 1e-9
_TOO_LITTLE: tuple[str, tuple[str, ...]] = ("insufficient data", ())


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """One level of one year. Frequency in deployments per day; times in seconds; fail rate as a range or one figure."""

    name: str
    percent: float | None
    percent_status: str
    deployment_frequency: Range
    change_lead_time: Range
    change_fail_rate: Range | float
    recovery_time: Range


@dataclass(frozen=True, slots=True)
class Edition:
    """The levels of one report year, best first; `words` are the published words of each cell by level and metric.

    `status` is that of the cells, a level's `percent_status` that of its share of respondents.
    """

    year: int
    status: str
    note: str
    source: str
    levels: tuple[PublishedLevel, ...]
    words: dict[str, dict[str, str]]


@lru_cache(maxsize=1)
def editions() -> dict[int, Edition]:
    """All editions with levels, by year; read from bands.json. 2020 had no study, 2025 published no levels."""
    raw = json.loads((Path(__file__).parent / "bands.json").read_text())
    return {int(year): _edition(int(year), item) for year, item in raw.items()}


#: The year whose Quick Check is all there is: `metrics.quick_check`.
WITHOUT_LEVELS = Edition(
    2025,
    "A",
    "No levels were published; seven archetypes need answers to a survey. See the Quick Check's means and spreads.",
    "https://dora.dev/research/2025/dora-report/",
    (),
    {},
)


def edition(year: int) -> Edition:
    """One edition, 2025 without levels; any other year without levels is a `ConfigError` that lists those there are."""
    known = editions()
    if year == WITHOUT_LEVELS.year:
        return WITHOUT_LEVELS
    if year not in known:
        raise ConfigError(
            f"edition {year}: no levels were published; choose one of {', '.join(map(str, known))}, or 2025 for its Quick Check"
        )
    return known[year]


def levels(year: int, metric: MetricName, value: Floats, interval: Floats) -> Levels:
    """Place figures with their intervals; a badge only where a whole interval lies inside one level. NaN is no figure.

    Times in seconds, fail rates 0..1, frequencies in deployments per day (see `deployment_frequency.RULE`).
    """
    if year == WITHOUT_LEVELS.year:
        return Levels(year, [f"{year} has no levels"] * len(value), [()] * len(value), np.full(len(value), np.nan))
    steps = np.array(_steps(year, metric))
    first = steps.searchsorted(np.minimum(interval[:, 0], value), "right")
    last = steps.searchsorted(np.maximum(interval[:, 1], value), "right")
    known = ~np.isnan(value + interval[:, 0] + interval[:, 1])
    codes = np.where(known, first * (len(steps) + 1) + last, -1).tolist()
    spans = {code: _span(year, metric, *divmod(code, len(steps) + 1)) for code in set(codes) - {-1}}
    found = [spans.get(code, _TOO_LITTLE) for code in codes]
    label, cells = [label for label, _ in found], [cells for _, cells in found]
    return Levels(year, label, cells, _slower(year, metric, value))


@lru_cache(maxsize=4096)
def _span(year: int, metric: MetricName, first: int, last: int) -> tuple[str, tuple[str, ...]]:
    """Label and levels of an interval from one step of the scale to another; the steps hold one set of levels each."""
    steps = (-math.inf, *_steps(year, metric))
    touched = [_cells(year, metric, steps[place]) for place in range(first, last + 1)]
    cells = tuple(level.name for level in edition(year).levels if any(level.name in found for found in touched))
    if not cells:
        return "unclassified", ()
    if len(cells) == 1 and all(touched):
        return cells[0], cells
    whole = len(cells) > 1 and touched[0] and touched[-1]
    return f"between {cells[0]} and {cells[-1] if whole else 'unclassified'}", cells


@lru_cache(maxsize=64)
def _steps(year: int, metric: MetricName) -> tuple[float, ...]:
    """Where the levels of a figure change, in order; a figure on a step belongs to what begins there."""
    steps = set()
    for level in edition(year).levels:
        cell = getattr(level, metric)
        if isinstance(cell, tuple):
            steps |= {cell[0], math.nextafter(cell[1], math.inf) if metric == "change_fail_rate" else cell[1]}
        else:
            steps.add(math.nextafter(cell, math.inf))
    return tuple(sorted(steps))


def _cells(year: int, metric: MetricName, value: float) -> list[str]:
    levels = edition(year).levels
    figures = [level.change_fail_rate for level in levels]
    if metric == "change_fail_rate" and isinstance(figures[0], float):
        return _between_figures([(figure, level.name) for figure, level in zip(figures, levels, strict=True)], value)  # type: ignore[misc]
    found = []
    for level in levels:
        low, high = getattr(level, metric)
        if low <= value < high or (metric == "change_fail_rate" and value == high):
            found.append(level.name)
    return found


def _between_figures(figures: Sequence[tuple[float, str]], rate: float) -> list[str]:
    """From the level above the best one whose figure the rate meets, to the worst one whose figure it misses."""
    names = [name for _, name in figures]
    met = [rank for rank, (figure, _) in enumerate(figures) if rate <= figure]
    missed = [rank for rank, (figure, _) in enumerate(figures) if rate > figure]
    if not missed or not met:
        return [names[0] if met else names[-1]]
    return names[max(0, met[0] - 1) : max(missed[-1], met[0]) + 1]


def _slower(year: int, metric: MetricName, value: Floats) -> Floats:
    """How many times worse than the elite bound; NaN without a figure, an elite level, or when it is not worse."""
    bound, found = _elite_bound(year, metric), np.full(len(value), np.nan)
    some = np.flatnonzero(value > 0)
    if bound is not None:
        found[some] = bound / value[some] if metric == "deployment_frequency" else value[some] / bound
    found[~(found > _SLOWER)] = np.nan
    return found


@lru_cache(maxsize=64)
def _elite_bound(year: int, metric: MetricName) -> float | None:
    best = edition(year).levels[0]
    if best.name != "elite":
        return None
    cell = getattr(best, metric)
    bound: float = cell if isinstance(cell, float) else cell[0 if metric == "deployment_frequency" else 1]
    return bound


def _edition(year: int, item: dict[str, object]) -> Edition:
    levels, words = [], {}
    for row in item["levels"]:  # type: ignore[attr-defined]
        rate = row["change_fail_rate"]
        levels.append(
            PublishedLevel(
                row["name"],
                row["percent"],
                row["percent_status"],
                _frequencies(row["deployment_frequency"]),
                _range(row["change_lead_time"]),
                _range(rate) if isinstance(rate, list) else float(rate),
                _range(row["recovery_time"]),
            )
        )
        words[row["name"]] = row["words"]
    return Edition(year, str(item["status"]), str(item["note"]), str(item["source"]), tuple(levels), words)


def _range(pair: list[float | None]) -> Range:
    return (pair[0] if pair[0] is not None else 0.0, pair[1] if pair[1] is not None else float("inf"))


def _frequencies(pair: list[float | None]) -> Range:
    """Exactly one a day is daily: the bound to "on demand" lies just above it."""
    low, high = _range(pair)
    above = math.nextafter(1.0, 2.0)
    return (above if low == 1 and high == float("inf") else low, above if high == 1 else high)
