"""Charts: polars frames in, altair out. Used by the pages and by the reports, so no streamlit here.

Every frame brings its own texts; a chart formats nothing but its axis. Times are wall time of the configured
zone without a zone: they are drawn as they are, wherever the browser is. Names are data and never read as code.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import polars as pl

from dashboard.axes import FINE, Axis, axis_of, domain_of, scale_of, trend_domain
from dashboard.colours import Palette
from dashboard.zones import Zone, zone_layers

ROW_HEIGHT = 38
#: What a page must add to the rows' height for zone names, ticks and padding.
AROUND = 64
QUEUE_HEIGHT = 30
EVENT_HEIGHT = 28


def band_chart(
    rows: pl.DataFrame, zones: Sequence[Zone], axis: Axis, palette: Palette, *, names: bool = True
) -> alt.LayerChart:
    """One row a name: the value as a dot with its 95 % interval, over the published levels.

    `rows`: name, value, low, high, label (text at the dot), level, and the tooltip texts shown, interval, n.
    Without a value the row says its label alone; a value without a level is a hollow dot.
    An interval without an upper end runs to the edge of the chart.
    """
    domain = domain_of(rows, axis)
    order = rows["name"].to_list()
    x = alt.X("value:Q", title=None, scale=scale_of(axis, domain), axis=axis_of(axis, domain))
    y = alt.Y(
        "name:N", sort=order, title=None, scale=alt.Scale(paddingInner=0, paddingOuter=0),
        axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelPadding=8, labelFontSize=13, labelOverlap=False) if names else None,
    )  # fmt: skip
    layers = [*zone_layers(zones, domain, axis, palette), *_dots(_drawn(rows, domain), x, y, palette)]
    height = max(1, len(order)) * ROW_HEIGHT
    return _layered(layers, height)


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
    high = pl.when(pl.col("low").is_not_null()).then(pl.col("high").fill_null(pl.lit(domain[1])))
    return rows.with_columns(high.alias("high")).with_columns(
        *inside, state.alias("state"), pl.lit(domain[0]).alias("left"),
        (pl.col("value").clip(*domain) > middle).alias("right_half"),
    )  # fmt: skip


def _dots(rows: pl.DataFrame, x: alt.X, y: alt.Y, palette: Palette) -> list[alt.Chart]:
    tooltip = [
        alt.Tooltip("name:N", title="name"), alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="95 % interval"), alt.Tooltip("n:N", title="n"), alt.Tooltip("level:N", title="level"),
    ]  # fmt: skip
    states = ["elite", "other", "few"]
    colour = alt.Color(
        "state:N", legend=None, scale=alt.Scale(domain=states, range=[palette.elite, palette.value, palette.muted])
    )
    fill = alt.Fill(
        "state:N", legend=None, scale=alt.Scale(domain=states, range=[palette.elite, palette.value, palette.paper])
    )
    shape = alt.Shape("state:N", legend=None, scale=alt.Scale(domain=states, range=["diamond", "circle", "circle"]))
    known, unknown = rows.filter(pl.col("state") != "none"), rows.filter(pl.col("state") == "none")
    low = x.copy()
    low.shorthand = "low:Q"
    base = alt.Chart(known).encode(y=y, tooltip=tooltip)
    whiskers = alt.Chart(known.drop_nulls("low")).encode(y=y, tooltip=tooltip)
    layers = [
        whiskers.mark_rule(strokeWidth=2.5, strokeCap="round").encode(x=low, x2="high:Q", color=colour),
        base.mark_point(size=90, strokeWidth=2, opacity=1).encode(x=x, color=colour, fill=fill, shape=shape),
    ]
    for half in (False, True):
        side = alt.Chart(known.filter(pl.col("right_half") == half)).encode(y=y, x=x, text="label:N", tooltip=tooltip)
        layers.append(
            side.mark_text(
                dy=-12, dx=4 if half else -4, align="right" if half else "left", fontSize=12, color=palette.ink
            )
        )
    left = x.copy()
    left.shorthand = "left:Q"
    layers.append(
        alt.Chart(unknown).encode(y=y, x=left, text="label:N", tooltip=tooltip)
        .mark_text(align="left", dx=6, fontSize=12, fontStyle="italic", color=palette.muted)
    )  # fmt: skip
    return layers


def trend_chart(
    rows: pl.DataFrame, axis: Axis, palette: Palette, *, before: float | None = None, height: int = 130
) -> alt.LayerChart:
    """A figure per calendar bucket with its 95 % interval as a ribbon; `before`: the previous period, dashed.

    `rows`: start (wall time), value, low, high, and the texts when, shown, interval, n. A bucket without data is a gap.
    Optional: limit_low, limit_high and signal (text or null) draw control limits and ring what lies outside;
    definitions (a hash): the line breaks where it changes, for such figures are not the same thing.
    """
    domain = trend_domain(rows, axis, before)
    inside = rows.with_columns(
        pl.col("start").dt.replace_time_zone("UTC"),
        *[pl.col(column).cast(pl.Float64).clip(*domain) for column in ("value", "low", "high")],
    )
    ticks = axis_of(axis, domain, FINE)
    ticks.grid, ticks.gridOpacity = True, 0.4
    scale = scale_of(axis, domain)
    x = alt.X(
        "start:T",
        title=None,
        scale=alt.Scale(type="utc"),
        axis=alt.Axis(grid=False, labelOverlap=True, tickCount=5, format="%d %b %y"),
    )
    y = alt.Y("value:Q", title=None, scale=scale, axis=ticks)
    low = alt.Y("low:Q", title=None, scale=scale, axis=ticks)
    tooltip = [
        alt.Tooltip("when:N", title="from"), alt.Tooltip("shown:N", title="value"),
        alt.Tooltip("interval:N", title="95 % interval"), alt.Tooltip("n:N", title="n"),
    ]  # fmt: skip
    base = alt.Chart(inside).encode(x=x)
    if "definitions" in rows.columns:
        base = base.encode(detail="definitions:N")
    layers: list[alt.Chart] = [
        base.mark_area(opacity=0.16, color=palette.value, interpolate="linear").encode(y=low, y2="high:Q"),
        base.mark_line(strokeWidth=2, color=palette.value).encode(y=y),
        base.mark_point(size=26, filled=True, color=palette.value, opacity=1).encode(y=y, tooltip=tooltip),
    ]
    if before is not None:
        clipped = min(max(before, domain[0]), domain[1])
        mark = alt.Chart(pl.DataFrame({"value": [clipped]})).mark_rule(
            strokeDash=[5, 4], color=palette.muted, strokeWidth=1.5
        )
        layers.append(mark.encode(y=y))
    if "signal" in rows.columns:
        layers += _control(inside, x, y, domain, tooltip, palette)
    return _layered(layers, height)


def _control(
    rows: pl.DataFrame, x: alt.X, y: alt.Y, domain: tuple[float, float], tooltip: list[alt.Tooltip], palette: Palette
) -> list[alt.Chart]:
    """Dotted limits where they lie inside the domain, and a ring around each point that is a signal."""
    layers = []
    for limit in ("limit_low", "limit_high"):
        shown = rows.with_columns(pl.when(pl.col(limit).is_between(*domain)).then(pl.col(limit)).alias("value"))
        mark = alt.Chart(shown).mark_line(interpolate="step", strokeDash=[1, 3], strokeWidth=1.5, color=palette.muted)
        layers.append(mark.encode(x=x, y=y))
    signals = alt.Chart(rows.filter(pl.col("signal").is_not_null()))
    ring = signals.mark_point(size=110, filled=False, strokeWidth=2, color=palette.alarm, opacity=1)
    return [*layers, ring.encode(x=x, y=y, tooltip=[*tooltip, alt.Tooltip("signal:N", title="signal")])]


AGES = ("under 1 day", "1 to 7 days", "7 to 30 days", "over 30 days")


def waiting_chart(rows: pl.DataFrame, palette: Palette) -> alt.LayerChart:
    """Merged but undeployed changes: a bar a name, split by how long they have waited.

    `rows`: name, age (one of `AGES`), changes, total, label (text at the bar's end, on one row a name).
    """
    ranked = rows.with_columns(
        pl.col("age").replace_strict({age: i for i, age in enumerate(AGES)}, return_dtype=pl.Int64).alias("rank")
    )
    y = alt.Y(
        "name:N",
        title=None,
        sort=sorted(set(rows["name"].to_list())),
        axis=alt.Axis(ticks=False, domain=False, labelLimit=170, labelFontSize=13, labelOverlap=False),
    )
    colour = alt.Color("age:N", sort=list(AGES), title=None, scale=alt.Scale(domain=list(AGES), range=list(palette.ages)),
                       legend=alt.Legend(orient="top", labelFontSize=12, symbolStrokeWidth=0.4))  # fmt: skip
    bars = alt.Chart(ranked).mark_bar(height={"band": 0.62}, stroke=palette.ink, strokeWidth=0.4).encode(
        y=y, x=alt.X("changes:Q", title=None, stack="zero", axis=alt.Axis(tickMinStep=1, grid=False)), color=colour, order=alt.Order("rank:Q"),
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("age:N", title="waiting"), alt.Tooltip("changes:Q")],
    )  # fmt: skip
    ends = alt.Chart(ranked.filter(pl.col("label").is_not_null())).mark_text(
        align="left", dx=5, fontSize=12, color=palette.ink
    )
    texts = ends.encode(y=y, x=alt.X("total:Q"), text="label:N")
    return _layered([bars, texts], max(1, ranked["name"].n_unique()) * QUEUE_HEIGHT)


_CLOCK = {
    "seconds": "%H:%M:%S",
    "minutes": "%H:%M",
    "hours": "%H:%M",
    "day": "%d %b",
    "date": "%d %b",
    "week": "%d %b",
    "month": "%b %Y",
    "year": "%Y",
}
LANES = ("change", "deployment", "failure", "recovery")


def timeline_chart(rows: pl.DataFrame, palette: Palette) -> alt.LayerChart:
    """What happened around one deployment, one event a line in time order.

    `rows`: at (wall time), what (text), when (text), lane (one of `LANES`).
    """
    events = rows.sort("at").with_row_index("line").with_columns(pl.col("at").dt.replace_time_zone("UTC"))
    colours = [palette.muted, palette.value, palette.alarm, palette.elite]
    y = alt.Y("line:O", title=None, axis=None)
    x = alt.X(
        "at:T",
        title=None,
        scale=alt.Scale(type="utc", nice=True),
        axis=alt.Axis(grid=True, gridOpacity=0.3, labelOverlap=True, format=_CLOCK),
    )
    colour = alt.Color(
        "lane:N",
        title=None,
        scale=alt.Scale(domain=list(LANES), range=colours),
        legend=alt.Legend(orient="top", labelFontSize=12),
    )
    shape = alt.Shape(
        "lane:N", title=None, scale=alt.Scale(domain=list(LANES), range=["circle", "square", "triangle-up", "diamond"])
    )
    base = alt.Chart(events).encode(
        y=y, x=x, tooltip=[alt.Tooltip("when:N", title="at"), alt.Tooltip("what:N", title="what")]
    )
    points = base.mark_point(size=110, filled=True, opacity=1).encode(color=colour, shape=shape)
    middle = events["at"].min(), events["at"].max()
    late = pl.col("at") > pl.lit(middle[0]) + (pl.lit(middle[1]) - pl.lit(middle[0])) / 2
    split = events.with_columns(late.alias("late"))
    texts = [
        alt.Chart(split.filter(pl.col("late") == side)).encode(y=y, x=x, text="what:N")
        .mark_text(align="right" if side else "left", dx=-12 if side else 12, fontSize=12, color=palette.ink, limit=620)
        for side in (False, True)
    ]  # fmt: skip
    return _layered([points, *texts], max(1, events.height) * EVENT_HEIGHT)


def _layered(layers: Sequence[alt.Chart], height: int) -> alt.LayerChart:
    chart = alt.LayerChart(layer=list(layers))
    chart.height = height
    return chart
