"""What is asked: a span of time, a grouping, filters, and the definitions the answer must use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from dora.definitions import Definitions
from dora.period import Every, Period
from dora.runs import last_complete
from dora.tables import read_table
from dora.warehouse import Reader

#: The ends of the data, aware; None: not known, and so no bound.
Seen = tuple[datetime | None, datetime | None]
#: What days outside the data mean for the figures of a period.
COUNTED = "figures per day count these days too"
#: Until when the data is known where nothing is.
NEVER_READ = datetime.fromtimestamp(0, UTC)
By = Literal["organisation", "team", "service"]
BY: tuple[By, ...] = ("organisation", "team", "service")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question to the facts.

    `teams`, `services`, `environments` are filters; empty means all. `as_of`: the moment up to which the data
    is known: younger failure windows are pending, open failures last at least until it. `data_from`: the moment of the
    earliest deployment record, None when it is not known; time before it is no time without deployments. `newest`: when
    the last production deployment of all finished, None when it is not known.
    """

    period: Period
    as_of: datetime
    data_from: datetime | None = None
    newest: datetime | None = None
    by: By = "organisation"
    every: Every | None = None
    teams: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    definitions: Definitions = field(default_factory=Definitions)
    edition: int = 2024

    def buckets(self) -> list[Period]:
        """The whole period, then its calendar buckets when `every` is set."""
        if self.every is None:
            return [self.period]
        return [self.period, *self.period.buckets(self.every, self.definitions.timezone)]

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """The names asked for, by filter; without a filter that takes all."""
        every = {"services": self.services, "teams": self.teams, "environments": self.environments}
        return {name: asked for name, asked in every.items() if asked}

    @property
    def narrowing(self) -> tuple[str, ...]:
        """The filters as one sentence; none when everything is asked for."""
        parts = [f"{name} {', '.join(asked)}" for name, asked in self.filters.items()]
        return (f"only {'; '.join(parts)}",) if parts else ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know about the question itself: how it is narrowed, and when its period lies partly outside the data."""
        return (*self.narrowing, *self.outside())

    @property
    def of_incidents(self) -> tuple[str, ...]:
        """A sentence where environments are asked for, which time to restore does not go by."""
        sentence = "time to restore is of all production environments: an incident need not be of one"
        return (sentence,) if self.environments else ()

    def outside(self, period: str = "the period", then: str = COUNTED) -> tuple[str, ...]:
        """How far the period goes beyond the beginning and the end of the data, a sentence each, from one day on.

        `then`: what these days mean for the figures.
        """
        if self.as_of == NEVER_READ:
            return ("no source has told anything yet: `dora ingest` reads them, `dora doctor` says what each lacks",)
        ends = ((self.data_from, "begins", "before"), (self.as_of, "ends", "after"))
        found = []
        for at, verb, side in ends:
            if at is None:
                continue
            beyond = at - self.period.start if side == "before" else self.period.end - at
            days = beyond.total_seconds() / 86400
            if days >= 1:
                found.append(f"{period} {verb} {days_text(days)} {side} the data, and {then}")
        return (*found, *self.ended(period))

    def ended(self, period: str = "the period") -> tuple[str, ...]:
        """A sentence where the period begins after all production deployments that are known: an empty answer is no calm."""
        if self.newest is None or self.newest >= self.period.start:
            return ()
        day = self.newest.astimezone(ZoneInfo(self.definitions.timezone)).date()
        return (f"{period} begins after the newest production deployment that is known, of {day}",)

    @property
    def seen(self) -> Seen:
        """From the local day of the first deployment record to the end of the data."""
        if self.data_from is None:
            return None, self.as_of
        first = self.data_from.astimezone(ZoneInfo(self.definitions.timezone)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        return first.astimezone(UTC), self.as_of

    @property
    def horizon(self) -> datetime:
        """The end of the period or of the data, whichever comes first: what is open then has not ended."""
        return min(self.period.end, self.as_of)

    def over(self, period: Period) -> Question:
        """The same question over another period."""
        return replace(self, period=period)


def days_text(days: float) -> str:
    """A number of days in words, rounded: `1 day`, `12 days`."""
    return "1 day" if round(days) == 1 else f"{days:.0f} days"


def published_definitions(reader: Reader) -> Definitions:
    """The definitions that made the facts in a published file."""
    values, place = json.loads(reader.meta()["definitions"]), "the published definitions"
    own = {name: read_table(Definitions, theirs, place) for name, theirs in Definitions.own_of(values).items()}
    values.pop("services", None)
    return replace(read_table(Definitions, values, place), services=tuple(own.items()))


def published_as_of(reader: Reader) -> datetime:
    """The moment up to which the data is known, aware UTC: the last complete ingest, else the newest record.

    A complete ingest that found nothing new proves that nothing happened until then; it changes no file but its
    log. `NEVER_READ` when there is neither.
    """
    newest = newest_record(reader.meta()) or NEVER_READ
    return max(newest, last_complete(reader.path) or newest)


def newest_record(meta: Mapping[str, str]) -> datetime | None:
    """The newest moment that any record of a published file knows of, aware UTC; None without records."""
    return _moment(meta, "data_as_of")


def published_from(reader: Reader) -> datetime | None:
    """The earliest moment of any deployment record of a published file, aware UTC; None without deployments."""
    return _moment(reader.meta(), "data_from")


def _moment(meta: Mapping[str, str], name: str) -> datetime | None:
    text = meta.get(name)
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
