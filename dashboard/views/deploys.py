"""The deployments of a period as a list; a click opens one of them."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import units
from dashboard.views import asking, choices, deployment
from dashboard.views.shell import Place
from metrics.deployment_list import Verdict
from metrics.question import Question

#: The newest rows that are sent to the browser; the sentence counts all.
MOST_ROWS = 5000
#: What can be chosen, and the verdicts that it shows; none is all.
STATES: dict[str, tuple[Verdict, ...]] = {"all": (), "failed": ("failed",), "pending": ("pending",)}
#: A sign and a word: the state is never told by colour alone.
SIGNS = {
    "failed": "▲ failed",
    "pending": "… pending",
    "ok": "✓ ok",
    "not delivered": "✕ not delivered",
    "cancelled": "– cancelled",
}


def show(place: Place) -> None:
    """One deployment when the address names one, else the list."""
    wanted = st.query_params.get("deployment")
    if wanted:
        deployment.show(wanted, place)
    else:
        _list(place)


def filtered(rows: pl.DataFrame, text: str) -> pl.DataFrame:
    """The rows whose id, service, team, version or commit contains `text`, in any case; all when it is empty."""
    wanted = text.strip().lower()
    if not wanted:
        return rows
    columns = ("deployment_id", "service", "team", "version", "sha")
    return rows.filter(
        pl.any_horizontal(
            [pl.col(c).fill_null("").str.to_lowercase().str.contains(wanted, literal=True) for c in columns]
        )
    )


def readable(rows: pl.DataFrame, timezone: str) -> pl.DataFrame:
    """The list as it is shown: wall time, a sign and a word for the verdict, spans in two units."""
    zone = ZoneInfo(timezone)
    return rows.select(
        pl.col("finished_at").dt.replace_time_zone("UTC").dt.convert_time_zone(str(zone)).dt.replace_time_zone(None).alias("finished"),
        pl.col("verdict").replace(SIGNS).alias("state"),
        "service",
        "team",
        "environment",
        pl.struct("version", "sha").map_elements(lambda row: units.version(row["version"], row["sha"]), return_dtype=pl.String).alias("version"),
        pl.col("kinds").list.join(", ").str.replace_all("_", " ").alias("evidence that counts"),
        _recovery().alias("recovery"),
        "changes",
        pl.col("pull_requests").alias("pull requests"),
        pl.col("relation").fill_null("").str.replace_all("_", " ").alias("relation"),
        pl.col("rework_kinds").list.join(", ").str.replace_all("_", " ").alias("rework"),
    )  # fmt: skip


def _recovery() -> pl.Expr:
    span = pl.col("recovery_seconds").map_elements(units.duration, return_dtype=pl.String)
    return pl.when(pl.col("verdict") != "failed").then(pl.lit("")).otherwise(span.fill_null("still open"))


def _list(place: Place) -> None:
    question, verdicts, text = _asked(place)
    rows = filtered(asking.deployments(place.published, question, *verdicts), text)
    _count(rows, question)
    if rows.is_empty():
        known = units.newest_known(place.setting.names.last_at, question.definitions.timezone)
        st.info(f"No deployment matches. Take a longer period, or remove a filter. {known}".rstrip())
        return
    newest = rows.head(MOST_ROWS)
    if rows.height > MOST_ROWS:
        st.caption(f"Listed: the {units.count(MOST_ROWS)} newest; choose a shorter period or a filter for the others.")
    event = st.dataframe(
        readable(newest, question.definitions.timezone), hide_index=True, height=min(720, 38 + 35 * newest.height),
        on_select="rerun", selection_mode="single-cell", key="list",
        column_config={"finished": st.column_config.DatetimeColumn("finished", format="YYYY-MM-DD HH:mm")},
    )  # fmt: skip
    if event.selection.cells:
        st.query_params["deployment"] = newest["deployment_id"][event.selection.cells[0][0]]
        st.rerun()


def _asked(place: Place) -> tuple[Question, tuple[Verdict, ...], str]:
    question = choices.deployments_question(place.setting)
    left, right = st.columns([2, 3])
    with left:
        status = st.segmented_control(
            "State", list(STATES), default="all", required=True, key="state", bind="query-params"
        )
    with right:
        text = st.text_input(
            "Search", key="text", bind="query-params", placeholder="service, team, version, commit or id"
        )
    return question, STATES[status or "all"], text or ""


def _count(rows: pl.DataFrame, question: Question) -> None:
    counts = dict(rows["verdict"].value_counts().iter_rows())
    parts = [f"{units.count(counts[verdict])} {verdict}" for verdict in SIGNS if verdict in counts]
    zone = question.definitions.timezone
    span = f"{units.day(question.period.start, zone)} to {units.last_day(question.period.end, zone)}"
    st.subheader(f"{units.many(rows.height, 'deployment')} to production, {span}")
    young = rows.filter((pl.col("verdict") == "failed") & ~pl.col("matured")).height
    waits = f" {units.count(young)} of the failed too young to be in the change fail rate." if young else ""
    kinds = ", ".join(map(units.words, question.definitions.failure_kinds))
    window = question.definitions.failure_window_seconds
    judged = "at any time" if window is None else f"within {units.duration(window)} where the definition has a window"
    counted = f"{' · '.join(parts)}. " if parts else ""
    st.caption(f"{counted}Failed: evidence of {kinds}, {judged}.{waits} Click a row to open it.")
