"""Any time: on which hours and days production is deployed to and fails, gaps, streaks, deployments per developer.

Hours, weekdays and days are local to the time zone of the group. From the DevOps Handbook: deploying is safe when it
happens on any day and at any hour; a team that waits for the quiet night shows it here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

import polars as pl

from dora.period import Period
from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share
from metrics.analyses.failed import FAIL_RATE, fail_rate, judged
from metrics.covered import by_place, covered
from metrics.local_days import day_rules, local_days
from metrics.question import Question
from metrics.slices import Slices, slices

#: Below this many people a rate per developer would be a figure of a person, and there are none of those.
FEWEST_DEVELOPERS = 3
WORKING_HOURS = range(9, 17)
DEFINITION = (
    "succeeded production deployments by local day and hour. Streak: a run of days with a deployment; the day "
    "that runs at the end of the data may still get one; days off neither end nor lengthen a working streak. Developers: distinct authors, "
    "without bots, of the changes shipped first, a headcount; per developer and day: of the days that the data "
    "covers while the group owned any of its services, none below 3 people. Working hours: 9:00 to 17:00 of working days"
)
COLUMNS = (
    "group", "deployments", "days_with_deployment", "days", "longest_seconds_between", "seconds_since_last",
    "longest_streak_days", "current_streak_days", "longest_working_streak_days", "current_working_streak_days",
    "developers", "per_developer_per_day", "in_working_hours", "in_working_hours_share",
    "in_working_hours_share_interval", "working_hours_fail_rate", "working_hours_fail_rate_interval",
    "other_hours_fail_rate", "other_hours_fail_rate_interval",
)  # fmt: skip
HOUR_COLUMNS = (
    "group", "weekday", "hour", "deployments", "deployments_share", "deployments_share_interval", *FAIL_RATE,
)  # fmt: skip


def any_time(reader: Reader, question: Question) -> Answer:
    """One row a group; a rate or a span is None without the deployments that it needs."""
    cut = slices(reader, question)
    people = cut.frame(reader, "analyses/any_time_developers")
    heads = {row["grp"]: (row["developers"], row["unnamed"]) for row in people.to_dicts()}
    members = by_place(cut)
    rows: list[Row] = []
    for place, (name, part, own) in enumerate(_local(reader, cut)):
        days = sum(local_days(stretch, own.definitions.timezone) for stretch in covered(own, members[place]))
        figures = _rhythm(part, own) | _per_developer(part.height, heads.get(place), days) | _working_hours(part, own)
        rows.append({"group": name} | figures)
    return Answer(
        name="any_time",
        title="Any time",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(_zones(cut), *_notes(rows, sum(unnamed for _, unnamed in heads.values()))),
    )


def hours(reader: Reader, question: Question) -> Answer:
    """One row a group, weekday (1 is Monday) and hour in which it deployed, with the failures of these deployments."""
    cut = slices(reader, question)
    rows: list[Row] = []
    for name, part, _ in _local(reader, cut):
        for (weekday, hour), cell in part.sort("weekday", "hour").group_by("weekday", "hour", maintain_order=True):
            counted = {"deployments": cell.height} | share("deployments_share", cell.height, part.height)
            rows.append({"group": name, "weekday": weekday, "hour": hour} | counted | fail_rate(cell))
    return Answer(
        name="hours",
        title="Hours of the week",
        definition="succeeded production deployments by weekday (1 is Monday) and hour they ended in",
        columns=HOUR_COLUMNS,
        rows=tuple(rows),
        notes=(
            _zones(cut),
            "hours without a deployment have no row; a failure stands at the hour of the deployment that failed",
        ),
        keys=3,
    )


def streaks(days: Sequence[date], deployed: set[date], running: date) -> tuple[int, int]:
    """(longest, current) run of `days` with a deployment; the `running` day may still get one, so it ends no run."""
    longest = run = 0
    for day in days:
        if day in deployed:
            run += 1
        elif day != running:
            run = 0
        longest = max(longest, run)
    return longest, run


def days_of(period: Period, timezone: str) -> list[date]:
    """The local days that a period touches, in order."""
    zone = ZoneInfo(timezone)
    first = period.start.astimezone(zone).date()
    last = (period.end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _local(reader: Reader, cut: Slices) -> Iterator[tuple[str, pl.DataFrame, Question]]:
    """(group, its deployments with verdict and local date, weekday and hour, the question by its days) for every group."""
    rows = judged(reader, cut, cut.frame(reader, "analyses/any_time"))
    for (name, part), (zone, working_days) in zip(by_group(cut, rows), day_rules(cut), strict=True):
        at = pl.col("finished_at").dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        own = replace(cut.question.definitions, timezone=zone, working_days=working_days)
        local = part.with_columns(date=at.dt.date(), weekday=at.dt.weekday(), hour=at.dt.hour())
        yield name, local, replace(cut.question, definitions=own)


def _zones(cut: Slices) -> str:
    """Which clock days and hours are read from."""
    zones = {name: zone for name, (zone, _) in zip(cut.names, day_rules(cut), strict=True)}
    told = sorted(set(zones.values()))
    if len(told) < 2:
        return f"days and hours are those of the time zone {(told or [cut.question.definitions.timezone])[0]}"
    return f"days and hours are those of each one's time zone: {', '.join(f'{name} {zone}' for name, zone in zones.items())}"


def _rhythm(part: pl.DataFrame, question: Question) -> dict[str, object]:
    days = days_of(_known(question), question.definitions.timezone)
    working = [day for day in days if day.isoweekday() in question.definitions.working_days]
    deployed = set(part["date"])
    running = question.as_of.astimezone(ZoneInfo(question.definitions.timezone)).date()
    longest, current = streaks(days, deployed, running)
    longest_working, current_working = streaks(working, deployed, running)
    gaps = part["finished_at"].diff().drop_nulls().dt.total_microseconds() / 1e6
    last = part["finished_at"].max()
    since = (question.horizon - last.replace(tzinfo=UTC)).total_seconds() if isinstance(last, datetime) else None
    return {
        "deployments": part.height,
        "days_with_deployment": len(deployed),
        "days": len(days),
        "longest_seconds_between": gaps.max(),
        "seconds_since_last": since,
        "longest_streak_days": longest,
        "current_streak_days": current,
        "longest_working_streak_days": longest_working,
        "current_working_streak_days": current_working,
    }


def _known(question: Question) -> Period:
    """The part of the period that the data covers, its last moment too; all of it when it lies outside the data."""
    period, end = question.period, question.as_of + timedelta(microseconds=1)
    start = max(period.start, question.seen[0] or period.start)
    return Period(start, min(period.end, end)) if start < min(period.end, end) else period


def _per_developer(deployments: int, heads: tuple[int, int] | None, days: float) -> dict[str, object]:
    """The headcount, and the rate over so many `days`; None below the fewest people, or when no time is covered."""
    developers = heads[0] if heads else 0
    told = developers >= FEWEST_DEVELOPERS and days > 0
    return {
        "developers": developers,
        "per_developer_per_day": deployments / developers / days if told else None,
    }


def _working_hours(part: pl.DataFrame, question: Question) -> dict[str, object]:
    inside = pl.col("weekday").is_in(question.definitions.working_days) & pl.col("hour").is_in(list(WORKING_HOURS))
    within, beyond = part.filter(inside), part.filter(~inside)
    rates: dict[str, object] = {}
    for name, rows in (("working_hours", within), ("other_hours", beyond)):
        found = fail_rate(rows)
        rates |= {f"{name}_fail_rate": found["fail_rate"], f"{name}_fail_rate_interval": found["fail_rate_interval"]}
    return {
        "in_working_hours": within.height,
        **share("in_working_hours_share", within.height, part.height),
        **rates,
    }


def _notes(rows: Sequence[Row], unnamed: int) -> tuple[str, ...]:
    notes = []
    if any(0 < cast(int, row["developers"]) < FEWEST_DEVELOPERS for row in rows):
        notes.append(
            f"no rate is given for fewer than {FEWEST_DEVELOPERS} developers: it would be a figure of a person"
        )
    if unnamed:
        notes.append(f"{unnamed} shipped changes have no known author and are not in the headcount")
    return tuple(notes)
