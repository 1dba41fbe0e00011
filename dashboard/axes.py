"""Axes that a person reads without thinking: logarithmic time with `1 h`, `1 d`, `1 wk`, frequencies, shares.

A domain is `(low, high)` in the axis' unit: seconds, deployments per day, or a share 0..1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Literal

import altair as alt
import polars as pl

from dashboard.units import DAY, HOUR, MINUTE, MONTH, WEEK

Axis = Literal["seconds", "per_day", "rate"]
_YEAR = 12 * MONTH
TICKS: Mapping[Axis, Mapping[float, str]] = {
    "seconds": {1: "1 s", MINUTE: "1 min", HOUR: "1 h", DAY: "1 d", WEEK: "1 wk", MONTH: "1 mo", _YEAR: "1 yr"},
    "per_day": {1 / 365: "1/yr", 1 / 30: "1/mo", 1 / 7: "1/wk", 1: "1/d", 10: "10/d", 100: "100/d"},
    "rate": {0: "0 %", 0.1: "10 %", 0.25: "25 %", 0.5: "50 %", 1: "100 %"},
}
#: Ticks of an axis that spans little: a trend.
FINE: Mapping[Axis, Mapping[float, str]] = {
    "seconds": {
        1: "1 s", MINUTE: "1 min", 10 * MINUTE: "10 min", 30 * MINUTE: "30 min", HOUR: "1 h", 3 * HOUR: "3 h", 6 * HOUR: "6 h",
        12 * HOUR: "12 h", DAY: "1 d", 2 * DAY: "2 d", 4 * DAY: "4 d", WEEK: "1 wk", 2 * WEEK: "2 wk", MONTH: "1 mo",
        3 * MONTH: "3 mo", _YEAR: "1 yr",
    },
    "per_day": {1 / 365: "1/yr", 1 / 30: "1/mo", 1 / 7: "1/wk", 0.5: "0.5/d", 1: "1/d", 2: "2/d", 5: "5/d", 10: "10/d",
                20: "20/d", 50: "50/d", 100: "100/d", 200: "200/d", 500: "500/d", 1000: "1,000/d"},
    "rate": {0: "0 %", 0.01: "1 %", 0.02: "2 %", 0.05: "5 %", 0.1: "10 %", 0.2: "20 %", 0.3: "30 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"},
}  # fmt: skip
_DOMAIN: Mapping[Axis, tuple[float, float]] = {
    "seconds": (10 * MINUTE, 2 * MONTH),
    "per_day": (1 / 60, 5),
    "rate": (0, 0.45),
}


def domain_of(rows: pl.DataFrame, axis: Axis) -> tuple[float, float]:
    """Wide enough for the usual levels and for every value; interval ends may stretch it tenfold, not more."""
    low, high = _DOMAIN[axis]
    values = [v for v in rows["value"].to_list() if v is not None]
    if axis == "rate":
        ends = [v for v in rows["high"].to_list() if v is not None]
        return 0, min(1, max([high, *values, *ends]) * 1.02)
    positive = [v for v in values if v > 0]
    low, high = min([low, *(v / 2 for v in positive)]), max([high, *(v * 2 for v in positive)])
    lows = [max(v, low / 10) for v in rows["low"].to_list() if v]
    highs = [min(v, high * 10) for v in rows["high"].to_list() if v]
    return min([low, *lows]), max([high, *highs])


def trend_domain(rows: pl.DataFrame, axis: Axis, before: float | None) -> tuple[float, float]:
    """Around the figures themselves; the ribbon is cut where it would flatten the line."""
    values = [v for v in [*rows["value"].to_list(), before] if v is not None]
    if axis == "rate":
        return 0, min(1, max([0.05, *(v * 1.6 for v in values)]))
    positive = [v for v in values if v > 0] or [_DOMAIN[axis][0]]
    return min(positive) / 2, max(positive) * 2


def scale_of(axis: Axis, domain: tuple[float, float]) -> alt.Scale:
    """Shares are linear, everything else is logarithmic; what lies outside the domain sits on its edge."""
    return alt.Scale(type="linear" if axis == "rate" else "log", domain=list(domain), nice=False, clamp=True)


def axis_of(axis: Axis, domain: tuple[float, float], texts: Mapping[Axis, Mapping[float, str]] = TICKS) -> alt.Axis:
    """The ticks of `texts` inside the domain, with their own words."""
    ticks = {tick: text for tick, text in texts[axis].items() if domain[0] <= tick <= domain[1]}
    return alt.Axis(
        values=list(ticks), labelExpr=f"({json.dumps({repr(t): text for t, text in ticks.items()})})[datum.value]",
        grid=False, labelOverlap="greedy", labelFontSize=11, ticks=True, domain=True,
    )  # fmt: skip
