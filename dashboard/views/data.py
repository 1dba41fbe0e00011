"""Where the numbers come from: freshness, sources, rejected rows, findings, and the definitions in use."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import streamlit as st

from dashboard import findings, units
from dashboard.escaping import shown
from dashboard.views import asking, prose
from dashboard.views.shell import BANNER, Place
from metrics.contents import MOST, Contents
from metrics.question import newest_record

_WORDS = {
    "change": "what a change is", "clock": "the lead time starts when it was", "bots": "changes by bots count",
    "failure_kinds": "evidence that counts as failure", "failure_window_seconds": "failure window",
    "rework_kinds": "what counts as rework", "production": "production environments", "rehearsal": "rehearsal environments",
    "regions": "production environments of a service", "timezone": "time zone of days and weeks", "working_days": "working days (Monday is 1)",
    "proximity_seconds": "an incident may be laid at a deployment's door for", "replay_slot_seconds": "slot in which a replay is looked for",
    "replay_services": "services moving back in one slot that make a replay", "hotfix_labels": "labels of a hotfix",
    "hotfix_branches": "branches of a hotfix", "hotfix_titles": "titles of a hotfix",
    "migrations": "paths of database migrations",
}  # fmt: skip


def show(place: Place) -> None:
    """Draw the page."""
    held = asking.held(place.published)
    st.title("What the numbers rest on")
    if place.meta.get("made_up") == "true":
        st.markdown(
            f"{BANNER} It was generated from a fixed seed and went through the same sources, files and rules as real data. "
            "Run `dora init` and `dora ingest` in a repository of yours to replace it."
        )
    _freshness(place, held)
    _findings(held)
    _rejected(held)
    _definitions(place)
    _sources(held)


def definition_rows(definitions: dict[str, object]) -> list[dict[str, str]]:
    """Every setting in words, its value as a person reads it, and its key in `dora.toml`."""
    return [
        {"definition": _WORDS.get(key, units.words(key)), "value": _value(key, value), "key in dora.toml": key}
        for key, value in definitions.items()
    ]


def _value(key: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    if key.endswith("_seconds"):
        return "no limit" if value is None else units.duration(float(str(value)))
    return str(value)


def _freshness(place: Place, held: Contents) -> None:
    zone = place.setting.definitions.timezone
    names = place.setting.names
    published = datetime.fromtimestamp(place.published.stat().st_mtime, UTC)
    newest = newest_record(place.meta)
    known = (
        f"known up to {units.moment(place.setting.as_of, zone)}; the newest record is of {units.moment(newest, zone)}"
    )
    tiles = [
        (
            "Data as of",
            units.day(place.setting.as_of if newest else None, zone),
            known if newest else "nothing is recorded yet",
        ),
        ("Published", units.day(published, zone), f"this file was built {units.moment(published, zone)}"),
        ("Services", units.count(len(names.services)), f"{units.count(len(names.teams))} teams"),
        ("Findings", units.count(sum(held.findings.values())), "what the data cannot tell, below"),
        ("Rejected rows", units.count(held.rejections), "kept with their reason, below"),
    ]
    for column, (label, value, note) in zip(st.columns(len(tiles)), tiles, strict=True):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            st.metric(label, value)
            st.caption(note)


def _findings(held: Contents) -> None:
    st.subheader("What the data cannot tell, or says wrongly")
    if not held.findings:
        st.markdown("No finding: every version resolves to a commit, and no clock runs backwards.")
        return
    prose.points([findings.line(finding) for finding in held.told])
    _table(held.quality, sum(held.findings.values()))


def _rejected(held: Contents) -> None:
    st.subheader("Rejected rows")
    if not held.rejections:
        st.markdown("Every row of every source became a record.")
        return
    _table(held.rejected, held.rejections)


def _definitions(place: Place) -> None:
    st.subheader("Definitions in use")
    hash_ = shown(place.meta.get("definitions_hash", "unknown"))
    st.caption(
        f"Hash {hash_}: two figures can be compared only when it is the same. Change `[definitions]` in `dora.toml`, then run `dora build`."
    )
    rows = definition_rows(place.setting.definitions.as_dict())
    st.dataframe(pl.DataFrame(rows), hide_index=True, height=38 + 35 * len(rows))


def _sources(held: Contents) -> None:
    st.subheader("Sources")
    if held.sources.is_empty():
        st.markdown("Nothing was ingested yet. Run `dora ingest`.")
        return
    st.dataframe(
        held.sources.rename({"source": "source or repository"}), hide_index=True, height=min(500, 38 + 35 * held.sources.height),
        column_config={
            "rows": st.column_config.NumberColumn("rows", format="localized"),
            "newest": st.column_config.DatetimeColumn("newest (UTC)", format="YYYY-MM-DD HH:mm"),
        },
    )  # fmt: skip


def _table(frame: pl.DataFrame, total: int) -> None:
    if total > MOST:
        st.caption(f"The first {units.count(MOST)} of {units.count(total)}; `dora export` writes all.")
    st.dataframe(frame, hide_index=True, height=min(400, 38 + 35 * frame.height))
