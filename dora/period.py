"""Half-open spans of time in UTC, and the day / week / month / quarter buckets inside them.

A period is `[start, end)`. Buckets begin at local midnight of the configured time zone (weeks on Monday), so
a day with a clock change has 23 or 25 hours and no instant falls into two buckets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from dora.errors import ConfigError

Every = Literal["day", "week", "month", "quarter"]
EVERY: tuple[Every, ...] = ("day", "week", "month", "quarter")
#: More buckets than any table or chart is read for: 13 years of days.
MOST_BUCKETS = 5000
_LONGEST = 1000 * 366 * 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


#: What is looked at around a period: its days to their ends, and whole months and quarters.
_AROUND = timedelta(days=150)


@dataclass(frozen=True, slots=True)
class Period:
    """The span `[start, end)`; both ends aware UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.utcoffset() is None or self.end.utcoffset() is None:
            raise ValueError("a period needs aware datetimes")
        if self.end <= self.start:
            raise ConfigError(f"the period is empty: it starts at {self.start} and ends at {self.end}")

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()

    @property
    def days(self) -> float:
        """Length in days of 24 hours."""
        return self.seconds / 86400

    def before(self, timezone: str = "UTC") -> Period:
        """The period as long on the clocks of the time zone, an hour more or less where these change, that ends where this one starts."""
        zone = ZoneInfo(timezone)
        start, end = (edge.astimezone(zone).replace(tzinfo=None) for edge in (self.start, self.end))
        if end - start > start - datetime.min - _AROUND:
            raise ConfigError(
                f"the period before {self.start:%Y-%m-%d} that is as long leaves the years 1 to 9999; ask for a shorter one with --from"
            )
        if start >= end:  # within the hour that clocks show twice
            return Period(self.start - (self.end - self.start), self.start)
        return Period((start - (end - start)).replace(tzinfo=zone).astimezone(UTC), self.start)

    def buckets(self, every: Every, timezone: str = "UTC") -> list[Period]:
        """The calendar buckets that touch the period, cut to it; never empty.

        Errors: `ConfigError` when there would be more than `MOST_BUCKETS`.
        """
        edges = list(islice(self.edges(every, timezone), MOST_BUCKETS + 1))
        if len(edges) > MOST_BUCKETS:
            raise ConfigError(
                f"--every {every} from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d} is more than {MOST_BUCKETS:,} "
                "columns; ask for a shorter period with --from, or for longer buckets"
            )
        return [Period(a, b) for a, b in zip(edges, [*edges[1:], self.end], strict=True)]

    def edges(self, every: Every, timezone: str = "UTC") -> Iterator[datetime]:
        """Where the calendar buckets that touch the period begin, in order, its own start first; however many there are."""
        zone = ZoneInfo(timezone)
        last, day = self.start, _floor(self.start.astimezone(zone).date(), every)
        while last < self.end:
            yield last
            begun = last
            while last == begun:
                day = _next(day, every)
                # Samoa had no 30 December 2011: its two midnights are one
                last = max(begun, datetime.combine(day, time(), zone).astimezone(UTC))


def parse_seconds(text: str) -> float:
    """`90s`, `30m`, `24h`, `7d`, `2w` as seconds.

    >>> parse_seconds("24h")
    86400.0
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text)
    if not match:
        raise ConfigError(f"{text!r} is not a length of time; write a number and s, m, h, d or w, as in 24h")
    seconds = float(match[1]) * _UNITS[match[2]]
    if seconds > _LONGEST:
        raise ConfigError(f"{text!r} is longer than a thousand years; write a shorter length, such as 90d")
    return seconds


def parse_period(start: str | None, end: str | None, now: datetime, timezone: str = "UTC") -> Period:
    """The period a person asked for; defaults to the 90 days before `now`'s next local midnight.

    `start` is a date, a date-time, a year or quarter such as `2025Q1`, or a length such as `90d` before the end (days
    and weeks are those of the calendar: 90 midnights before, whatever the clock did);
    `end` a date or date-time, exclusive. Anything else, or an empty period, is a `ConfigError`.
    """
    try:
        found = _parsed(start, end, now, timezone)
        Period(found.start - _AROUND, found.end + _AROUND)
        return found
    except (OverflowError, ValueError):
        raise ConfigError(
            f"the period from {start or '90d'} to {end or 'tomorrow'} leaves the years 1 to 9999, or comes within "
            f"{_AROUND.days} days of their ends; write other dates"
        ) from None


def _parsed(start: str | None, end: str | None, now: datetime, timezone: str) -> Period:
    zone = ZoneInfo(timezone)
    if start and end is None and re.fullmatch(r"\d{4}(Q[1-4])?", start):
        return _named(start, zone)
    if start and re.fullmatch(r"\d{4}(Q[1-4])?", start):
        raise ConfigError(
            f"{start} is a whole period by itself; leave --to out, or write the first day as in 2025-04-01"
        )
    if end is None:
        tomorrow = now.astimezone(zone).date() + timedelta(days=1)
        stop = datetime.combine(tomorrow, time(), zone).astimezone(UTC)
    else:
        stop = parse_instant(end, zone)
    begin = start or "90d"
    if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*[smh]\s*", begin):
        return Period(stop - timedelta(seconds=parse_seconds(begin)), stop)
    if re.fullmatch(r"\s*\d+(?:\.\d+)?\s*[dw]\s*", begin):
        wall = stop.astimezone(zone).replace(tzinfo=None) - timedelta(seconds=parse_seconds(begin))
        return Period(wall.replace(tzinfo=zone).astimezone(UTC), stop)
    return Period(parse_instant(begin, zone), stop)


def parse_instant(text: str, zone: ZoneInfo | None = None) -> datetime:
    """A date (local midnight) or an ISO 8601 date-time as aware UTC; without an offset it is local to `zone`."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigError(
            f"{text!r} is not a date; write 2025-01-31, 2025-01-31T12:00, or a length such as 90d"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ConfigError(f"{text!r} is outside the years 1 to 9999; write another date") from None


def edge(moment: datetime | str, timezone: str) -> str:
    """An end of a period as a person of that time zone says it: the day, with the time where that is not midnight.

    `moment`: aware, or as ISO 8601 text with an offset.
    """
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    local = at.astimezone(ZoneInfo(timezone))
    return f"{local:%Y-%m-%d}" if local.time() == time() else f"{local:%Y-%m-%d %H:%M}"


def _named(text: str, zone: ZoneInfo) -> Period:
    year, quarter = int(text[:4]), text[5:]
    first = date(year, 3 * int(quarter) - 2 if quarter else 1, 1)
    last = _next(first, "quarter") if quarter else date(year + 1, 1, 1)
    return Period(*(datetime.combine(day, time(), zone).astimezone(UTC) for day in (first, last)))


def _floor(day: date, every: Every) -> date:
    if every == "day":
        return day
    if every == "week":
        return day - timedelta(days=day.weekday())
    if every == "month":
        return day.replace(day=1)
    return day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1)


def _next(day: date, every: Every) -> date:
    if every in ("day", "week"):
        return day + timedelta(days=1 if every == "day" else 7)
    months = day.month - 1 + (1 if every == "month" else 3)
    return date(day.year + months // 12, months % 12 + 1, 1)
