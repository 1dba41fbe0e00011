"""What the reader asks for: period, grouping, filters and edition, kept in the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from dora.definitions import Definitions
from dora.period import Every, Period, parse_period
from metrics.bands import editions
from metrics.known_names import KnownNames
from metrics.question import By, Question

CUSTOM = "custom"
#: What the page and its address say -> the length that `parse_period` reads.
LENGTHS = {"30 days": "30d", "90 days": "90d", "180 days": "180d", "365 days": "365d"}
DEFAULT = "90 days"
GROUPINGS: dict[str, By] = {"teams": "team", "services": "service", "organisation": "organisation"}


@dataclass(frozen=True, slots=True)
class Setting:
    """What the published file says about itself, as the controls need it."""

    names: KnownNames
    definitions: Definitions
    as_of: datetime
    data_from: datetime | None = None


def period_choices(names: KnownNames) -> list[str]:
    """The lengths, every calendar year that holds a deployment (newest first), and `custom`."""
    years = []
    if names.first_at and names.last_at:
        years = [str(year) for year in range(names.last_at.year, names.first_at.year - 1, -1)]
    return [*LENGTHS, *years, CUSTOM]


def question(setting: Setting, by: str = "teams") -> Question:
    """Draw the controls and return what is asked; a choice that the data does not offer falls back to the default."""
    columns = st.columns([2, 2, 3, 3, 2], vertical_alignment="bottom")
    with columns[0]:
        chosen = _select("Period", period_choices(setting.names), "period", DEFAULT)
    with columns[1]:
        grouping = _select("Compare", list(GROUPINGS), "by", by if setting.names.teams else "services")
    with columns[2]:
        teams = _many("Teams", setting.names.teams, "team")
    with columns[3]:
        services = _many("Services", setting.names.services, "service")
    with columns[4]:
        years = [str(year) for year in sorted(editions(), reverse=True)]
        edition = _select("Report with levels", years, "edition", "2024")
    return Question(
        period=_custom(setting) if chosen == CUSTOM else _period(chosen, setting),
        as_of=setting.as_of, data_from=setting.data_from, by=GROUPINGS[grouping], teams=tuple(teams), services=tuple(services),
        definitions=setting.definitions, edition=int(edition),
    )  # fmt: skip


def deployments_question(setting: Setting) -> Question:
    """The controls of the list of deployments; period and filters are those of the overview."""
    columns = st.columns([2, 3, 3, 3], vertical_alignment="bottom")
    with columns[0]:
        chosen = _select("Period", period_choices(setting.names), "period", DEFAULT)
    with columns[1]:
        teams = _many("Teams", setting.names.teams, "team")
    with columns[2]:
        services = _many("Services", setting.names.services, "service")
    with columns[3]:
        environments = _many("Environments", setting.names.environments, "environment")
    return Question(
        period=_custom(setting) if chosen == CUSTOM else _period(chosen, setting), as_of=setting.as_of, data_from=setting.data_from,
        teams=tuple(teams), services=tuple(services), environments=tuple(environments), definitions=setting.definitions,
    )  # fmt: skip


def trend_step(period: Period) -> Every:
    """Buckets that leave between about six and thirty points."""
    return "week" if period.days <= 190 else "month"


def _period(chosen: str, setting: Setting) -> Period:
    return parse_period(LENGTHS.get(chosen, chosen), None, setting.as_of, setting.definitions.timezone)


def _custom(setting: Setting) -> Period:
    zone = ZoneInfo(setting.definitions.timezone)
    last = setting.as_of.astimezone(zone).date()
    left, right, _ = st.columns([2, 2, 8])
    with left:
        start = st.date_input("From", last - timedelta(days=89), key="from", bind="query-params", format="YYYY-MM-DD")
    with right:
        end = st.date_input("Until (included)", last, key="to", bind="query-params", format="YYYY-MM-DD")
    begin, until = _date(start, last - timedelta(days=89)), _date(end, last)
    if until < begin:
        st.warning("The period ends before it starts; the two ends were swapped.")
        begin, until = until, begin
    return parse_period(str(begin), str(until + timedelta(days=1)), setting.as_of, setting.definitions.timezone)


def _date(value: object, default: date) -> date:
    return value if isinstance(value, date) else default


def _select(label: str, options: list[str], key: str, default: str) -> str:
    index = options.index(default) if default in options else 0
    chosen = st.selectbox(label, options, index=index, key=key, bind="query-params")
    return chosen or options[index]


def _many(label: str, names: tuple[str, ...], key: str) -> list[str]:
    return st.multiselect(
        label,
        names,
        key=key,
        bind="query-params",
        placeholder=f"all {len(names)}" if len(names) > 1 else "".join(names) or "none",
        disabled=not names,
    )
