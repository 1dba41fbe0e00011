"""One deployment: what it shipped, whether it failed and by which evidence, its timeline, and its report to take away."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import polars as pl
import streamlit as st

from dashboard import charts, units
from dashboard.views import asking, prose, report_buttons
from dashboard.views.drawing import draw
from dashboard.views.shell import Place
from metrics.story import Comparison, DeploymentStory, Moment

_STATES = {
    "failed": ("▲ failed", "red"),
    "pending": ("… too young to judge", "orange"),
    "not failed": ("✓ not failed", "green"),
}
_RECOVERED = ("recovered", "incident resolved", "mitigated")


def show(deployment_id: str, place: Place) -> None:
    """Draw the story; an unknown id is the error that lists the nearest ones."""
    if st.button("← all deployments"):
        del st.query_params["deployment"]
        st.rerun()
    told = asking.story(place.published, deployment_id, place.setting.as_of)
    zone = place.setting.definitions.timezone
    _head(told, zone)
    _figures(told)
    report_buttons.show(told)
    _timeline(told, zone, place)
    _evidence(told, zone)
    _shipped(told, zone)
    _unknown(told)


def timeline_rows(moments: Sequence[Moment], timezone: str) -> pl.DataFrame:
    """What `charts.timeline_chart` draws, in wall time of `timezone`."""
    zone = ZoneInfo(timezone)
    rows = []
    for moment in moments:
        about = f": {moment.about}" if moment.about else ""
        local = moment.at.astimezone(zone)
        rows.append({
            "at": local.replace(tzinfo=None), "lane": lane(moment), "when": units.moment(moment.at, timezone),
            "what": f"{local:%d %b %H:%M}  {units.words(moment.name)}{about}"[:90],
        })  # fmt: skip
    schema = pl.Schema({"at": pl.Datetime("us"), "lane": pl.String(), "when": pl.String(), "what": pl.String()})
    return pl.DataFrame(rows, schema=schema)


def lane(moment: Moment) -> str:
    """Which of `charts.LANES` a moment belongs to."""
    if moment.name in _RECOVERED:
        return "recovery"
    table = moment.clock.split(".")[0]
    if table in ("commit", "pull_request"):
        return "change"
    return (
        "deployment"
        if table in ("deployment", "deployed + failure window") or moment.source == "definitions"
        else "failure"
    )


def _head(told: DeploymentStory, zone: str) -> None:
    deployed = told.deployment
    prose.title(f"{deployed.service} {units.version(deployed.version, deployed.sha)}")
    sign, colour = _STATES.get(told.verdict.state, (told.verdict.state, "gray"))
    if deployed.status != "succeeded":
        sign, colour = f"✕ {units.words(deployed.status)}: never served users", "gray"
    st.badge(sign, color=colour)  # type: ignore[arg-type]
    prose.paragraph(
        "{environment} · {finished} · {teams} · {why} {sure}",
        environment=deployed.environment, finished=units.moment(deployed.finished_at, zone),
        teams=f"team {', '.join(told.teams)}" if told.teams else "no team", why=told.verdict.why, sure=_confidence(told),
    )  # fmt: skip


def _confidence(told: DeploymentStory) -> str:
    if told.verdict.confidence is None:
        return ""
    return f"(confidence {units.percent(told.verdict.confidence)}, decided by {told.verdict.decided_by})"


def _figures(told: DeploymentStory) -> None:
    commits, pulls, lines = (_of(told, name) for name in ("commits", "pull requests", "lines"))
    tiles = [
        ("Recovery", _recovery(told), "open failures last until now" if told.recovery and told.recovery.is_open else _style(told)),
        ("Lead time", _value(told.lead_time), _usual(told.lead_time)),
        ("Changes", _value(commits), _usual(commits)),
        ("Pull requests", _value(pulls), _usual(pulls)),
        ("Lines", _value(lines), _usual(lines)),
    ]  # fmt: skip
    for column, (label, value, note) in zip(st.columns(len(tiles)), tiles, strict=True):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            st.metric(label, value)
            st.caption(note)


def _recovery(told: DeploymentStory) -> str:
    if told.recovery is None:
        return "not failed"
    return (
        f"open, {units.duration(told.recovery.seconds)}"
        if told.recovery.is_open
        else units.duration(told.recovery.seconds)
    )


def _style(told: DeploymentStory) -> str:
    return told.recovery.style or "how is not known" if told.recovery else "nothing to recover from"


def _of(told: DeploymentStory, word: str) -> Comparison | None:
    return next((row for row in told.batch if row.name.startswith(word)), None)


def _value(row: Comparison | None) -> str:
    if row is None or row.value is None:
        return units.NO_DATA
    return units.duration(row.value) if row.unit == "seconds" else units.count(row.value)


def _usual(row: Comparison | None) -> str:
    if row is None or row.median is None:
        return "too few earlier deployments to compare"
    form = units.duration if row.unit == "seconds" else units.count
    return f"usually {form(row.median)} (half of {row.n}: {form(row.low)} to {form(row.high)})"


def _timeline(told: DeploymentStory, zone: str, place: Place) -> None:
    st.subheader("Timeline")
    frame = timeline_rows(told.timeline, zone)
    if frame.is_empty():
        st.caption("No time is known.")
        return
    height = charts.EVENT_HEIGHT * frame.height + charts.AROUND + 16
    spoken = "; ".join(frame["what"].to_list())
    draw(charts.timeline_chart, height, f"Timeline. {spoken}", frame, place.palette)


def _evidence(told: DeploymentStory, zone: str) -> None:
    st.subheader("Evidence")
    if not told.evidence:
        st.markdown("The ledger holds no evidence that this deployment failed.")
        return
    _table([
        {
            "kind": units.words(row.kind), "counts": "yes" if row.why_not is None else f"no: {row.why_not}",
            "confidence": units.percent(row.confidence), "what": row.about or units.words(row.evidence), "why": row.reason or "",
            "id": row.evidence_id or "", "seen": units.moment(row.evidence_at, zone),
            "recovered": units.moment(row.recovered_at, zone) if row.recovered_at else "still open", "decided by": row.decided_by,
        }
        for row in told.evidence
    ])  # fmt: skip


def _shipped(told: DeploymentStory, zone: str) -> None:
    st.subheader("What it shipped first")
    if told.pull_requests:
        _table([
            {"pull request": f"#{row.number}", "title": row.title, "merged": units.moment(row.merged_at, zone),
             "lines": row.lines, "reviews": row.reviews, "checks": row.checks or ""}
            for row in told.pull_requests
        ])  # fmt: skip
    if not told.commits:
        st.markdown("No commit reached production with it for the first time.")
        return
    _table([
        {"commit": row.sha[:10], "subject": row.subject, "committed": units.moment(row.committed_at, zone),
         "pull request": f"#{row.pull_request}" if row.pull_request else "", "merge": "merge" if row.is_merge else "",
         "taken back by": (row.taken_back_by or "")[:10]}
        for row in told.commits
    ])  # fmt: skip


def _unknown(told: DeploymentStory) -> None:
    if told.caveats:
        st.subheader("What the data cannot tell")
        prose.points(list(told.caveats))


def _table(rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, infer_schema_length=None)
    kept = [c.name for c in frame if c.null_count() < frame.height and not (c.dtype == pl.String and (c == "").all())]
    st.dataframe(frame.select(kept), hide_index=True, height=min(500, 38 + 35 * frame.height))
