"""The metrics over time against the period before: one small chart a metric."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import charts, units
from dashboard.figures import FIGURES, Figure
from dashboard.views import choices
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from metrics.question import Question
from metrics.results import Group

_ROW = pl.Schema({"start": pl.Datetime("us"), "value": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(),
        "when": pl.String(), "shown": pl.String(), "interval": pl.String(), "n": pl.String()})  # fmt: skip


def show(now: Group, before: Group, question: Question, place: Place) -> None:
    """Draw the trends of `now`'s buckets; the dashed line is the whole period before."""
    step = choices.trend_step(question.period)
    st.subheader(f"By {step}, against the {units.count(question.period.days)} days before")
    for column, figure in zip(st.columns(len(FIGURES), gap="small"), FIGURES, strict=True):
        with column:
            past = figure.of(before)
            st.markdown(f"**{figure.title}**")
            st.caption(f"before: {past.missing or figure.text(past)}")
            frame = rows(now, figure, question.definitions.timezone)
            if frame["value"].is_null().all():
                st.caption("_insufficient data_")
                continue
            draw(
                charts.trend_chart,
                200,
                f"{figure.title} by {step}",
                frame,
                figure.axis,
                place.palette,
                before=past.value,
            )
    st.caption(
        f"Ribbon: 95 % interval. Dashed: the period before. A gap is a {step} without data; a {step} that the period cuts to less than half is left out."
    )


def rows(group: Group, figure: Figure, timezone: str) -> pl.DataFrame:
    """What `charts.trend_chart` draws: one row a bucket, begun in wall time of `timezone`.

    A bucket that the period cuts to less than half is left out: it would look like a fall.
    """
    zone = ZoneInfo(timezone)
    buckets = group.buckets or ()
    longest = max((bucket.deployment_frequency.days for bucket in buckets), default=0)
    out = []
    for bucket in buckets:
        if bucket.deployment_frequency.days < longest / 2:
            continue
        reading, start = figure.of(bucket), datetime.fromisoformat(bucket.start).astimezone(zone)
        low, high = reading.interval
        out.append({
            "start": start.replace(tzinfo=None), "value": reading.value, "low": low, "high": high, "when": f"{start:%Y-%m-%d}",
            "shown": reading.missing or figure.text(reading), "interval": figure.interval(reading), "n": reading.basis,
        })  # fmt: skip
    return pl.DataFrame(out, schema=_ROW)
