"""The waiting queue: changes on the default branch that are not in production."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import charts, units
from dashboard.views import asking
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from metrics.question import Question
from metrics.results import Group

#: The longest queues that are drawn; the sentence counts all.
MOST_QUEUES = 12
OLDEST = 50
_ROW = pl.Schema(
    {"name": pl.String(), "age": pl.String(), "changes": pl.Int64(), "total": pl.Int64(), "label": pl.String()}
)


def show(question: Question, total: Group, place: Place) -> None:
    """Draw how many changes wait, how long, and which are the oldest."""
    st.subheader("Merged, not yet in production")
    changes = asking.waiting(place.published, question)
    if changes.is_empty():
        end = units.day(min(question.period.end, question.as_of), question.definitions.timezone)
        st.markdown(f"Nothing waited on {end}: every change on the default branches was in production.")
        return
    waiting = total.change_lead_time.undeployed
    st.markdown(
        f"**{units.many(waiting['n'], 'change')} waiting**, half of them for longer than {units.duration(waiting['median_seconds'])}; "
        f"the oldest for {units.duration(waiting['oldest_seconds'])}."
    )
    left, right = st.columns([2, 3], gap="medium")
    with left:
        _chart(changes, question, place)
    with right:
        _oldest(changes, question)


def bars(changes: pl.DataFrame, most: int = MOST_QUEUES) -> pl.DataFrame:
    """What `charts.waiting_chart` draws, for the `most` longest queues."""
    age, (young, days, weeks, old) = pl.col("age_seconds"), charts.AGES
    aged = changes.with_columns(
        age=pl.when(age < units.DAY).then(pl.lit(young)).when(age < units.WEEK).then(pl.lit(days))
        .when(age < 30 * units.DAY).then(pl.lit(weeks)).otherwise(pl.lit(old))
    )  # fmt: skip
    totals = aged.group_by("name").agg(pl.len().alias("total"), pl.col("age_seconds").max().alias("oldest"))
    longest = totals.sort(["total", "name"], descending=[True, False]).head(most)
    out = []
    for name, total, oldest in longest.iter_rows():
        counts = aged.filter(pl.col("name") == name)["age"].value_counts().sort("age").rows()
        for position, (age, number) in enumerate(counts):
            label = f"{units.count(total)}, oldest {units.duration(oldest)}" if position == 0 else None
            out.append({"name": name, "age": age, "changes": number, "total": total, "label": label})
    return pl.DataFrame(out, schema=_ROW)


def _chart(changes: pl.DataFrame, question: Question, place: Place) -> None:
    frame = bars(changes)
    queues = changes["name"].n_unique()
    height = charts.QUEUE_HEIGHT * frame["name"].n_unique() + charts.AROUND + 16
    draw(charts.waiting_chart, height, f"Waiting changes by {question.by} and age", frame, place.palette)
    if queues > MOST_QUEUES:
        st.caption(f"The {MOST_QUEUES} longest of {queues} queues.")


def _oldest(changes: pl.DataFrame, question: Question) -> None:
    st.caption(f"The oldest {min(OLDEST, changes.height)}")
    zone = question.definitions.timezone
    shown = changes.head(OLDEST).select(
        pl.col("age_seconds").map_elements(units.duration, return_dtype=pl.String).alias("waiting"),
        pl.col("began_at").map_elements(lambda at: units.day(at, zone), return_dtype=pl.String).alias("since"),
        "service",
        pl.col("subject").alias("change"),
        pl.col("pull_request").alias("pull request"),
        pl.col("sha").str.slice(0, 10).alias("commit"),
    )
    shown = shown.select([column.name for column in shown if column.null_count() < shown.height])
    st.dataframe(shown, hide_index=True, height=min(420, 38 + 35 * shown.height))
