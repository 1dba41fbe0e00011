"""Charts: polars frames in, altair out. Used by the pages and by the reports, so no streamlit here.

Every frame brings its own texts; a chart formats nothing but its axis. Times are wall time of the configured
zone without a zone: they are drawn as they are, wherever the browser is. Names are data and never read as code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import altair as alt
import polars as pl

from dashboard.units import DAY, HOUR, MINUTE, MONTH, WEEK

Axis = Literal["seconds", "per_day", "rate"]
ROW_HEIGHT = 38
#: What a page must add to the rows' height for zone names, ticks and padding.
AROUND = 64
QUEUE_HEIGHT = 30
EVENT_HEIGHT = 28
#: Plot width in px that labels must fit at a 1280 px page, and the width of a letter of theirs.
_NARROW, _LETTER = 185, 6.2
_YEAR = 12 * MONTH
_TICKS: Mapping[Axis, Mapping[float, str]] = {
    "seconds": {1: "1 s", MINUTE: "1 min", HOUR: "1 h", DAY: "1 d", WEEK: "1 wk", MONTH: "1 mo", _YEAR: "1 yr"},
    "per_day": {1 / 365: "1/yr", 1 / 30: "1/mo", 1 / 7: "1/wk", 1: "1/d", 10: "10/d", 100: "100/d"},
    "rate": {0: "0 %", 0.1: "10 %", 0.25: "25 %", 0.5: "50 %", 1: "100 %"},
}
#: Ticks of an axis that spans little: a trend.
_FINE: Mapping[Axis, Mapping[float, str]] = {
    "seconds": {
        1: "1 s", MINUTE: "1 min", 10 * MINUTE: "10 min", 30 * MINUTE: "30 min", HOUR: "1 h", 3 * HOUR: "3 h", 6 * HOUR: "6 h",
        12 * HOUR: "12 h", DAY: "1 d", 2 * DAY: "2 d", 4 * DAY: "4 d", WEEK: "1 wk", 2 * WEEK: "2 wk", MONTH: "1 mo",
        3 * MONTH: "3 mo", _YEAR: "1 yr",
    },
    "per_day": {1 / 365: "1/yr", 1 / 30: "1/mo", 1 / 7: "1/wk", 0.5: "0.5/d", 1: "1/d", 2: "2/d", 5: "5/d", 10: "10/d",
                20: "20/d", 50: "50/d", 100: "100/d", 1000: "1,000/d"},
    "rate": {0: "0 %", 0.01: "1 %", 0.02: "2 %", 0.05: "5 %", 0.1: "10 %", 0.2: "20 %", 0.3: "30 %", 0.5: "50 %", 0.75: "75 %", 1: "100 %"},
}  # fmt: skip
_DOMAIN: Mapping[Axis, tuple[float, float]] = {
    "seconds": (10 * MINUTE, 2 * MONTH),
    "per_day": (1 / 60, 5),
    "rate": (0, 0.45),
}


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that stay apart for colour-blind readers and in grey; `ages` runs from young to old."""

    ink: str
    muted: str
    elite: str
    value: str
    alarm: str
    paper: str
    ages: tuple[str, str, str, str]


LIGHT = Palette("#2f2d2b", "#66625d", "#0b6e63", "#1f5fa8", "#b3430b", "#ffffff",
                ("#cfe3f5", "#8fb8de", "#3f7fbd", "#123e6b"))  # fmt: skip
DARK = Palette("#edebe8", "#aaa69f", "#45c4b0", "#8cbcf0", "#f0a06a", "#171614",
               ("#24496e", "#3d78b0", "#79b0e3", "#d3e7fa"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Zone:
    """A published level on an axis: `[low, high)`; None is open; low equal to high is a single mark."""

    label: str
    low: float | None
    high: float | None
    elite: bool = False


def band_chart(rows: pl.DataFrame, zones: Sequence[Zone], axis: Axis, palette: Palette, *, names: bool = True) -> alt.LayerChart:
    """One row a name: the value as a dot with its 95 % interval, over the published levels.

    `rows`: name, value, low, high, label (text at the dot), level, and the tooltip texts shown, interval, n.
    Without a value the row says `insufficient data`; a value without a level is a hollow dot.
    """
    domain = _domain(rows, axis)
    order = rows["name"].to_list()
    x = alt.X("value:Q", title=None, scale=_scale(axis, domain), axis=_axis(axis, domain))
    y = alt.Y(
        "name:N", sort=order, title=None, scale=alt.Scale(paddingInner=0, paddingOuter=0),
        axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelPadding=8, labelFontSize=13, labelOverlap=False) if names else None,
    )  # fmt: skip
    layers = [*_zones(zones, domain, axis, palette), *_dots(_drawn(rows, domain), x, y, palette)]
    height = max(1, len(order)) * ROW_HEIGHT
    return alt.layer(*layers).properties(height=height)


def _domain(rows: pl.DataFrame, axis: Axis) -> tuple[float, float]:
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


def _scale(axis: Axis, domain: tuple[float, float]) -> alt.Scale:
    return alt.Scale(type="linear" if axis == "rate" else "log", domain=list(domain), nice=False, clamp=True)


def _axis(axis: Axis, domain: tuple[float, float], texts: Mapping[Axis, Mapping[float, str]] = _TICKS) -> alt.Axis:
    ticks = {tick: text for tick, text in texts[axis].items() if domain[0] <= tick <= domain[1]}
    return alt.Axis(
        values=list(ticks), labelExpr=f"({json.dumps({repr(t): text for t, text in ticks.items()})})[datum.value]",
        grid=False, labelOverlap="greedy", labelFontSize=11, ticks=True, domain=True,
    )  # fmt: skip


def _drawn(rows: pl.DataFrame, domain: tuple[float, float]) -> pl.DataFrame:
    """The rows with everything drawable kept inside the domain, and the state each dot is drawn in."""
    has, level = pl.col("value").is_not_null(), pl.col("level")
    inside = [pl.col(column).cast(pl.Float64).clip(*domain).alias(column) for column in ("value", "low", "high")]
    state = (
        pl.when(~has).then(pl.lit("none"))
        .when(level == "insufficient data").then(pl.lit("few"))
        .when(level == "elite").then(pl.lit("elite"))
        .otherwise(pl.lit("other"))
    )  # fmt: skip
    middle = domain[0] + (domain[1] - domain[0]) / 2 if domain[0] == 0 else (domain[0] * domain[1]) ** 0.5
    return rows.with_columns(
        *inside, state.alias("state"), pl.lit(domain[0]).alias("left"),
        (pl.col("value").clip(*domain) > middle).alias("right_half"),
    )  # fmt: skip


def _dots(rows: pl.DataFrame, x: alt.X, y: alt.Y, palette: Palette) -> list[alt.Chart]:
    tooltip = [
        alt.Tooltip("name:N", title="name"), alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="95 % interval"), alt.Tooltip("n:N", title="n"), alt.Tooltip("level:N", title="level"),
    ]  # fmt: skip
    states = ["elite", "other", "few"]
    colour = alt.Color("state:N", legend=None, scale=alt.Scale(domain=states, range=[palette.elite, palette.value, palette.muted]))
    fill = alt.Fill("state:N", legend=None, scale=alt.Scale(domain=states, range=[palette.elite, palette.value, palette.paper]))
    shape = alt.Shape("state:N", legend=None, scale=alt.Scale(domain=states, range=["diamond", "circle", "circle"]))
    known, unknown = rows.filter(pl.col("state") != "none"), rows.filter(pl.col("state") == "none")
    low = x.copy()
    low.shorthand = "low:Q"
    base = alt.Chart(known).encode(y=y, tooltip=tooltip)
    layers = [
        base.mark_rule(strokeWidth=2.5, strokeCap="round").encode(x=low, x2="high:Q", color=colour),
        base.mark_point(size=90, strokeWidth=2, opacity=1).encode(x=x, color=colour, fill=fill, shape=shape),
    ]
    for half, align in ((False, "left"), (True, "right")):
        side = alt.Chart(known.filter(pl.col("right_half") == half)).encode(y=y, x=x, text="label:N", tooltip=tooltip)
        layers.append(side.mark_text(dy=-12, dx=-4 if align == "left" else 4, align=align, fontSize=12, color=palette.ink))
    left = x.copy()
    left.shorthand = "left:Q"
    layers.append(
        alt.Chart(unknown).encode(y=y, x=left, text="label:N", tooltip=tooltip)
        .mark_text(align="left", dx=6, fontSize=12, fontStyle="italic", color=palette.muted)
    )  # fmt: skip
    return layers


def _zones(zones: Sequence[Zone], domain: tuple[float, float], axis: Axis, palette: Palette) -> list[alt.Chart]:
    spans = [_clipped(zone, domain) for zone in zones if zone.low is None or zone.low != zone.high]
    marks = [zone for zone in zones if zone.low is not None and zone.low == zone.high]
    if not zones:
        spans = [(Zone("no published levels", None, None), *domain)]
    shaded = [
        {"label": z.label, "from": a, "to": b, "elite": z.elite, "shade": _shade(z, i, bool(zones))}
        for i, (z, a, b) in enumerate(span for span in spans if span[1] < span[2])
    ]
    points = [{"label": z.label, "from": z.low, "to": z.low, "elite": z.elite, "shade": 1.0} for z in marks]
    schema = {"label": pl.String, "from": pl.Float64, "to": pl.Float64, "elite": pl.Boolean, "shade": pl.Float64}
    x = alt.X("from:Q", scale=_scale(axis, domain), title=None, axis=_axis(axis, domain))
    colour = alt.condition("datum.elite", alt.value(palette.elite), alt.value(palette.muted))
    rectangles = alt.Chart(pl.DataFrame(shaded, schema=schema)).encode(x=x, x2="to:Q")
    rules = alt.Chart(pl.DataFrame(points, schema=schema)).encode(x=x)
    label = {"y": alt.value(-6), "color": colour}
    both = pl.DataFrame(_readable(shaded + points, domain, axis), schema=schema)
    return [
        rectangles.mark_rect().encode(color=colour, opacity=alt.Opacity("shade:Q", scale=None, legend=None)),
        rules.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(color=colour),
        alt.Chart(both).encode(x=x, text="label:N", **label).mark_text(align="left", fontSize=11, dx=1, fontWeight="bold"),
    ]  # fmt: skip


def _shade(zone: Zone, place: int, published: bool) -> float:
    if not published:
        return 0.0
    return 0.2 if zone.elite else 0.13 - 0.04 * (place % 3)


def _clipped(zone: Zone, domain: tuple[float, float]) -> tuple[Zone, float, float]:
    low = domain[0] if zone.low is None else max(zone.low, domain[0])
    high = domain[1] if zone.high is None else min(zone.high, domain[1])
    return zone, low, high


def _readable(labels: list[dict[str, object]], domain: tuple[float, float], axis: Axis) -> list[dict[str, object]]:
    """The labels that fit side by side at the narrowest width; elite first, the others where there is room."""

    def place(value: object) -> float:
        at = float(str(value))
        if axis == "rate":
            return _NARROW * (at - domain[0]) / (domain[1] - domain[0])
        return _NARROW * math.log(at / domain[0]) / math.log(domain[1] / domain[0])

    taken: list[tuple[float, float]] = []
    kept = []
    for label in sorted(labels, key=lambda row: not row["elite"]):
        start = place(label["from"])
        end = start + _LETTER * len(str(label["label"]))
        if all(end <= a or start >= b for a, b in taken) and (label["elite"] or end <= _NARROW + 4):
            taken.append((start, end))
            kept.append(label)
    return kept


def trend_chart(rows: pl.DataFrame, axis: Axis, palette: Palette, *, before: float | None = None, height: int = 130) -> alt.LayerChart:
    """A figure per calendar bucket with its 95 % interval as a ribbon; `before`: the previous period, dashed.

    `rows`: start (wall time), value, low, high, and the texts when, shown, interval, n. A bucket without data is a gap.
    """
    domain = _trend_domain(rows, axis, before)
    inside = rows.with_columns(
        pl.col("start").dt.replace_time_zone("UTC"),
        *[pl.col(column).cast(pl.Float64).clip(*domain) for column in ("value", "low", "high")],
    )
    ticks = _axis(axis, domain, _FINE)
    ticks.grid, ticks.gridOpacity = True, 0.4
    scale = _scale(axis, domain)
    x = alt.X("start:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(grid=False, labelOverlap=True, tickCount=5, format="%d %b %y"))
    y = alt.Y("value:Q", title=None, scale=scale, axis=ticks)
    low = alt.Y("low:Q", title=None, scale=scale, axis=ticks)
    tooltip = [
        alt.Tooltip("when:N", title="from"), alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="95 % interval"), alt.Tooltip("n:N", title="n"),
    ]  # fmt: skip
    base = alt.Chart(inside).encode(x=x)
    layers: list[alt.Chart] = [
        base.mark_area(opacity=0.16, color=palette.value, interpolate="linear").encode(y=low, y2="high:Q"),
        base.mark_line(strokeWidth=2, color=palette.value).encode(y=y),
        base.mark_point(size=26, filled=True, color=palette.value, opacity=1).encode(y=y, tooltip=tooltip),
    ]
    if before is not None:
        clipped = min(max(before, domain[0]), domain[1])
        mark = alt.Chart(pl.DataFrame({"value": [clipped]})).mark_rule(strokeDash=[5, 4], color=palette.muted, strokeWidth=1.5)
        layers.append(mark.encode(y=y))
    return alt.layer(*layers).properties(height=height)


def _trend_domain(rows: pl.DataFrame, axis: Axis, before: float | None) -> tuple[float, float]:
    """Around the figures themselves; the ribbon is cut where it would flatten the line."""
    values = [v for v in [*rows["value"].to_list(), before] if v is not None]
    if axis == "rate":
        return 0, min(1, max([0.05, *(v * 1.6 for v in values)]))
    positive = [v for v in values if v > 0] or [_DOMAIN[axis][0]]
    return min(positive) / 2, max(positive) * 2


AGES = ("under 1 day", "1 to 7 days", "7 to 30 days", "over 30 days")


def waiting_chart(rows: pl.DataFrame, palette: Palette) -> alt.LayerChart:
    """Merged but undeployed changes: a bar a name, split by how long they have waited.

    `rows`: name, age (one of `AGES`), changes, total, label (text at the bar's end, on one row a name).
    """
    ranked = rows.with_columns(pl.col("age").replace_strict({age: i for i, age in enumerate(AGES)}, return_dtype=pl.Int64).alias("rank"))
    y = alt.Y("name:N", title=None, sort=sorted(set(rows["name"].to_list())), axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelFontSize=13, labelOverlap=False))
    colour = alt.Color("age:N", sort=list(AGES), title=None, scale=alt.Scale(domain=list(AGES), range=list(palette.ages)),
                       legend=alt.Legend(orient="top", labelFontSize=12, symbolStrokeWidth=0.4))  # fmt: skip
    bars = alt.Chart(ranked).mark_bar(height={"band": 0.62}, stroke=palette.ink, strokeWidth=0.4).encode(
        y=y, x=alt.X("changes:Q", title=None, stack="zero", axis=alt.Axis(tickMinStep=1, grid=False)), color=colour, order=alt.Order("rank:Q"),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("age:N", title="waiting"), alt.Tooltip("changes:Q")],
    )  # fmt: skip
    ends = alt.Chart(ranked.filter(pl.col("label").is_not_null())).mark_text(align="left", dx=5, fontSize=12, color=palette.ink)
    texts = ends.encode(y=y, x=alt.X("total:Q"), text="label:N")
    return alt.layer(bars, texts).properties(height=max(1, ranked["name"].n_unique()) * QUEUE_HEIGHT)


LANES = ("change", "deployment", "failure", "recovery")


def timeline_chart(rows: pl.DataFrame, palette: Palette) -> alt.LayerChart:
    """What happened around one deployment, one event a line in time order.

    `rows`: at (wall time), what (text), when (text), lane (one of `LANES`).
    """
    events = rows.sort("at").with_row_index("line").with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    colours = [palette.muted, palette.value, palette.alarm, palette.elite]
    y = alt.Y("line:O", title=None, axis=None)
    x = alt.X("at:T", title=None, scale=alt.Scale(type="utc", nice=True), axis=alt.Axis(grid=True, gridOpacity=0.3, labelOverlap=True))
    colour = alt.Color("lane:N", title=None, scale=alt.Scale(domain=list(LANES), range=colours), legend=alt.Legend(orient="top", labelFontSize=12))
    shape = alt.Shape("lane:N", title=None, scale=alt.Scale(domain=list(LANES), range=["circle", "square", "triangle-up", "diamond"]))
    base = alt.Chart(events).encode(y=y, x=x, tooltip=[alt.Tooltip("when:N", title="at"), alt.Tooltip("what:N", title="what")])
    points = base.mark_point(size=110, filled=True, opacity=1).encode(color=colour, shape=shape)
    middle = events["at"].min(), events["at"].max()
    late = pl.col("at") > pl.lit(middle[0]) + (pl.lit(middle[1]) - pl.lit(middle[0])) / 2
    split = events.with_columns(late.alias("late"))
    texts = [
        alt.Chart(split.filter(pl.col("late") == side)).encode(y=y, x=x, text="what:N")
        .mark_text(align="right" if side else "left", dx=-12 if side else 12, fontSize=12, color=palette.ink, limit=620)
        for side in (False, True)
    ]  # fmt: skip
    return alt.layer(points, *texts).properties(height=max(1, events.height) * EVENT_HEIGHT)
