"""The 2025 Quick Check as a chart: per metric the mean and spread of all who answered, and where our figure lies.

No streamlit here: the pages and any report may draw it.
"""

from __future__ import annotations

import altair as alt
import polars as pl

from dashboard.colours import Palette

ROW_HEIGHT = 34
_SCALE = (0.0, 10.0)


def strip_chart(rows: pl.DataFrame, palette: Palette) -> alt.LayerChart:
    """A bar from mean - sd to mean + sd, a tick at the mean, a dot and its interval for us; each row says which end is good.

    `rows`: name, mean, low, high (the spread, inside 0..10), place, place_low and place_high (null without enough data),
    best (text), and the texts shown and published.
    """
    order = rows["name"].to_list()
    y = alt.Y(
        "name:N", sort=order, title=None,
        axis=alt.Axis(ticks=False, domain=False, labelLimit=260, labelPadding=8, labelFontSize=13, labelOverlap=False),
    )  # fmt: skip
    scale = alt.Scale(domain=list(_SCALE), nice=False)
    axis = alt.Axis(values=[0, 2, 4, 6, 8, 10], grid=True, gridOpacity=0.3)
    tooltip = [
        alt.Tooltip("name:N", title="metric"), alt.Tooltip("shown:N", title="ours"),
        alt.Tooltip("published:N", title="all organisations"), alt.Tooltip("best:N", title="good end"),
    ]  # fmt: skip
    base = alt.Chart(rows).encode(y=y, tooltip=tooltip)
    low = alt.X("low:Q", title=None, scale=scale, axis=axis)
    layers = [
        base.mark_bar(height=12, opacity=0.35, color=palette.muted).encode(x=low, x2="high:Q"),
        base.mark_tick(thickness=2, size=20, color=palette.muted).encode(x=alt.X("mean:Q", scale=scale, axis=axis)),
        *_ours(base, scale, axis, palette),
    ]
    chart = alt.LayerChart(layer=layers)
    chart.height = len(order) * ROW_HEIGHT
    return chart


def _ours(base: alt.Chart, scale: alt.Scale, axis: alt.Axis, palette: Palette) -> list[alt.Chart]:
    """Line and dot, and the text of a row without them at the bad end, where the bar leaves room."""
    placed, unplaced = base.transform_filter("isValid(datum.place)"), base.transform_filter("!isValid(datum.place)")
    low, place = (alt.X(f"{end}:Q", title=None, scale=scale, axis=axis) for end in ("place_low", "place"))
    layers = [
        placed.mark_rule(strokeWidth=2.5, strokeCap="round", color=palette.value).encode(x=low, x2="place_high:Q"),
        placed.mark_point(size=110, filled=True, opacity=1, color=palette.value).encode(x=place),
    ]
    for best, bad in (("10", _SCALE[0]), ("0", _SCALE[1])):
        text = unplaced.transform_filter(f"datum.best === '{best}'").mark_text(
            align="left" if best == "10" else "right", dx=6 if best == "10" else -6,
            fontSize=12, fontStyle="italic", color=palette.ink,
        )  # fmt: skip
        layers.append(text.encode(x=alt.XDatum(bad, scale=scale, axis=axis), text="shown:N"))
    return layers
