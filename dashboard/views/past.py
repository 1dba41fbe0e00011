"""The metrics over time against the period before: one small chart a metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import charts, units
from dashboard.escaping import shown
from dashboard.figures import FIGURES, Figure
from dashboard.views import choices
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from dora.definition_log import definition_changes
from dora.period import Every
from metrics.catalog import METRICS
from metrics.control_limits import Point
from metrics.question import Question
from metrics.results import Group
from metrics.trends import control_limits, whole_buckets
from metrics.weeks import Known

_ROW = pl.Schema({"start": pl.Datetime("us"), "value": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(),
        "when": pl.String(), "shown": pl.String(), "interval": pl.String(), "n": pl.String(),
        "limit_low": pl.Float64(), "limit_high": pl.Float64(), "signal": pl.String()})  # fmt: skip


def show(now: Group, before: Group, known: Known, question: Question, place: Place) -> None:
    """Draw the trends of `now`'s buckets, by what is `known` of its period; the dashed line is the whole period before."""
    step = choices.trend_step(question.period)
    st.subheader(f"By {step}, against the {units.count(question.period.days)} days before")
    for column, figure in zip(st.columns(len(FIGURES), gap="small"), FIGURES, strict=True):
        with column:
            past = figure.of(before)
            st.markdown(f"**{figure.title}**")
            st.caption(f"before: {past.missing or figure.text(past)}")
            frame = rows(now, figure, known, question, step)
            if frame["value"].is_null().all():
                st.caption(f"_{units.NO_DATA}_")
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
        f"Ribbon: 95 % interval. Dashed: the period before. Dotted: how far a {step} varies by itself; ringed: a {step} outside, or one of eight on one side. "
        f"A gap is a {step} without data; a {step} that the period cuts to less than half is left out, and one in which nothing was owned."
    )
    for change in definition_changes(place.published):
        if change.at >= question.period.start:
            st.caption(
                shown(f"{change.sentence[0].upper()}{change.sentence[1:]}. All figures here use the present ones.")
            )


def rows(group: Group, figure: Figure, known: Known, question: Question, step: Every) -> pl.DataFrame:
    """What `charts.trend_chart` draws: one row a bucket, begun in wall time of the question's zone.

    A bucket that the period cuts to less than half is left out, and one of which nothing is `known`: they would look
    like a fall. Limits rest on whole buckets alone, and only those can be outside.
    """
    zone = ZoneInfo(question.definitions.timezone)
    buckets = group.buckets or ()
    points = _points(buckets, figure, known, question, step)
    longest = max((bucket.deployment_frequency.days for bucket in buckets), default=0)
    out = []
    for bucket in buckets:
        span = bucket.span
        if bucket.deployment_frequency.days < longest / 2 or not any(
            stretch.start < span.end and span.start < stretch.end for stretch in known.stretches
        ):
            continue
        reading, start = figure.of(bucket), span.start.astimezone(zone)
        low, high = reading.interval
        point = points.get(bucket.start, Point(value=None))
        out.append({
            "limit_low": point.low, "limit_high": point.high, "signal": _signal(point, step),
            "start": start.replace(tzinfo=None), "value": reading.value, "low": low, "high": high, "when": f"{start:%Y-%m-%d}",
            "shown": reading.missing or figure.text(reading), "interval": figure.interval(reading), "n": reading.basis,
        })  # fmt: skip
    return pl.DataFrame(out, schema=_ROW)


def _points(
    buckets: Sequence[Group], figure: Figure, known: Known, question: Question, step: Every
) -> Mapping[str, Point]:
    """The judged buckets by their start."""
    ends = whole_buckets(question, step, known.stretches)
    whole = [bucket for bucket in buckets if bucket.span in ends]
    found = control_limits(whole, METRICS[figure.id]).points
    return {bucket.start: point for bucket, point in zip(whole, found, strict=True)}


def _signal(point: Point, step: Every) -> str | None:
    if point.outside:
        return "outside its control limits"
    return f"one of eight or more {step}s in a row {point.run} the median" if point.run else None
