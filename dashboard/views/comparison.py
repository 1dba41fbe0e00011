"""Teams (or services) beside each other, over the published levels: never a ranking, always alphabetical."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboard import charts
from dashboard.figures import FIGURES, Figure, farthest_from_elite, level_text, zones
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from metrics.bands import edition
from metrics.question import Question
from metrics.results import Group

#: More rows than this are not read at one glance; the rest is in the table and behind the search box.
MOST_ROWS = 24
_ROW = pl.Schema({"name": pl.String(), "value": pl.Float64(), "low": pl.Float64(), "high": pl.Float64(), "label": pl.String(),
        "level": pl.String(), "shown": pl.String(), "interval": pl.String(), "n": pl.String()})  # fmt: skip


def show(groups: Sequence[Group], question: Question, place: Place) -> None:
    """Draw the five charts with one row a group, and the same as a table."""
    st.subheader(f"{question.by.capitalize()}s and the levels of the {question.edition} report")
    if question.by == "organisation":
        st.caption("One row: choose teams or services under Compare to see them beside each other.")
    if not groups:
        st.info(f"No {question.by} matches the filters.")
        return
    drawn = _drawn(groups, question)
    first, *others = FIGURES
    widths = [1.75, *[1.0] * len(others)]
    for column, figure in zip(st.columns(widths, gap="small"), (first, *others), strict=True):
        with column:
            _panel(figure, drawn, question, place, names=figure is first)
    st.caption(_legend(question))
    with st.expander(f"The same as a table, all {len(groups)} {question.by}s", expanded=len(groups) > len(drawn)):
        _table(groups)


def rows(groups: Sequence[Group], figure: Figure) -> pl.DataFrame:
    """What `charts.band_chart` draws for one metric."""
    out = []
    for group in groups:
        reading = figure.of(group)
        level, shown = level_text(reading), reading.missing or figure.text(reading)
        unsure = level == "insufficient data" and reading.value is not None
        low, high = reading.interval
        out.append({
            "name": group.name, "value": reading.value, "low": low, "high": high, "level": level, "n": reading.basis,
            "label": f"{shown} · {reading.lacking}" if unsure else shown, "shown": shown, "interval": figure.interval(reading),
        })  # fmt: skip
    return pl.DataFrame(out, schema=_ROW)


def _drawn(groups: Sequence[Group], question: Question) -> list[Group]:
    if len(groups) <= MOST_ROWS:
        return list(groups)
    names = [group.name for group in groups]
    picked = st.multiselect(
        f"{question.by.capitalize()}s to draw",
        names,
        placeholder=f"search among {len(names)}",
        key="draw",
        max_selections=MOST_ROWS,
    )
    if picked:
        return [group for group in groups if group.name in picked]
    busiest = sorted(groups, key=lambda group: (-group.deployment_frequency.deployments, group.name))[:MOST_ROWS]
    st.caption(
        f"Drawn: the {MOST_ROWS} of {len(groups)} {question.by}s with the most deployments in the period, alphabetically. "
        "Pick others above; the table below holds all."
    )
    return [group for group in groups if group in busiest]


def _panel(figure: Figure, groups: list[Group], question: Question, place: Place, *, names: bool) -> None:
    better = "better →" if figure.more_is_better else "← better"
    st.markdown(f"**{figure.short}** &ensp;:gray[{better}]", text_alignment="right" if names else "left")
    frame = rows(groups, figure)
    spoken = "; ".join(f"{name}: {label}" for name, label in frame.select("name", "label").iter_rows())
    draw(
        charts.band_chart, len(groups) * charts.ROW_HEIGHT + charts.AROUND, f"{figure.title} by {question.by}. {spoken}",
        frame, zones(edition(question.edition), figure), figure.axis, place.palette, names=names,
    )  # fmt: skip


def _legend(question: Question) -> str:
    published = edition(question.edition)
    cells = [
        f"{title}: " + ", ".join(f"{level} {words[band]}" for level, words in published.words.items())
        for title, band in (("frequency", "deployment_frequency"), ("lead time", "change_lead_time"),
                            ("fail rate", "change_fail_rate"), ("recovery", "recovery_time"))
    ]  # fmt: skip
    return (
        (
            "Dot: the figure; line: its 95 % interval. Diamond: wholly inside elite. Hollow dot: too little is known for a level. "
            f"Published levels of {published.year} (source grade {published.status}): {'; '.join(cells)}. {published.note}"
        )
        .replace("<", "\\<")
        .replace("~", "\\~")
    )


def _table(groups: Sequence[Group]) -> None:
    out: list[dict[str, object]] = []
    for group in groups:
        found = farthest_from_elite(group)
        row: dict[str, object] = {"name": group.name}
        for figure in FIGURES:
            reading = figure.of(group)
            row[figure.title] = reading.missing or figure.text(reading)
            if reading.level:
                row[f"{figure.title}: level"] = reading.level.label
        row["farthest from elite"] = found[0].title if found else "none"
        row["times elite"] = round(found[2], 1) if found else None
        row["waiting changes"] = group.change_lead_time.undeployed["n"]
        out.append(row)
    height = min(600, 38 + 35 * len(out))
    st.dataframe(pl.DataFrame(out, infer_schema_length=None), hide_index=True, height=height, column_config={
        "name": st.column_config.TextColumn("name", pinned=True),
        "times elite": st.column_config.NumberColumn("times elite", format="%.1f×", help="How many times worse than the elite bound of that metric"),
    })  # fmt: skip
