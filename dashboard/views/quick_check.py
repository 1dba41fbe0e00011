"""The figures beside DORA's 2025 Quick Check: a strip a metric, no level and no rank."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard.escaping import shown
from dashboard.strips import ROW_HEIGHT, strip_chart
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from metrics.catalog import METRICS
from metrics.quick_check import SOURCE, YEAR, Strip, quick_check
from metrics.results import Group

#: What is null without enough data.
_PLACES = ("place", "place_low", "place_high")
#: The axis below the rows.
_AROUND = 48


def show(total: Group, place: Place) -> None:
    """Draw the strips, closed until asked for."""
    with st.expander(f"Beside DORA's {YEAR} Quick Check (means of all organisations; {YEAR} has no levels)"):
        strips = quick_check(total)
        frame = rows(strips)
        spoken = "; ".join(f"{name}: {text}" for name, text in frame.select("name", "shown").iter_rows())
        draw(strip_chart, len(strips) * ROW_HEIGHT + _AROUND, f"Quick Check. {spoken}", frame, place.palette)
        st.caption(
            f"Scale 0 to 10 of the answers. Bar: mean and one standard deviation of all who answered; dot and line: {shown(total.name)} and the 95 % interval. "
            "The spreads are as large as the means, so this is a place on a scale, not a rank. Recovery counts the other "
            f"way round than in 2024. Source: {SOURCE}"
        )


def rows(strips: tuple[Strip, ...]) -> pl.DataFrame:
    """What `strips.strip_chart` draws."""
    return pl.DataFrame([_row(strip) for strip in strips], schema_overrides=dict.fromkeys(_PLACES, pl.Float64))


def _row(strip: Strip) -> dict[str, object]:
    answer = f": {strip.answer}" if strip.answer else ""
    low, high = strip.place_interval
    return {
        "name": f"{METRICS[strip.metric].title} ({'10' if strip.best else '0'} is best)",
        "mean": strip.mean,
        "low": max(0.0, strip.mean - strip.sd),
        "high": min(10.0, strip.mean + strip.sd),
        "place": strip.place,
        "place_low": low,
        "place_high": high,
        "best": str(strip.best),
        "shown": f"{strip.ours}{answer}",
        "published": f"{strip.mean} ± {strip.sd}",
    }
