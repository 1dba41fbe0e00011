"""When the teams that release on fixed days cut and release."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import History
from dora.demo.organisation import Team
from dora.demo.pulls import between
from dora.demo.working_time import minutes

#: cadence -> days between releases, weekday, hour, and how many days before the end the last one is at least
_RHYTHM = {"weekly": (7, 1, 10, 1), "fortnightly": (14, 3, 13, 4), "quarterly": (91, 5, 21, 24)}


def release_moments(rng: Random, team: Team, history: History) -> list[tuple[datetime, datetime]]:
    """Pairs (cut, release) in time order; none for a team that releases on every merge."""
    if team.cadence == "merge":
        return []
    pairs = []
    for day, hour in _days(team.cadence, history):
        release_at = day.replace(hour=hour) + minutes(rng, 0, 100)
        wait = between(team.wait_hours, history.progress_at(release_at)) * rng.uniform(0.85, 1.15)
        cut_at = (release_at - timedelta(hours=wait)).replace(microsecond=0)
        if cut_at > history.since + timedelta(days=2) and rng.random() > 0.03:
            pairs.append((cut_at, release_at))
    return sorted(pairs)


def _days(cadence: str, history: History) -> Iterator[tuple[datetime, int]]:
    step, weekday, hour, least = _RHYTHM[cadence]
    day = history.until - timedelta(days=least)
    day -= timedelta(days=(day.weekday() - weekday) % 7)
    while day > history.since:
        yield day, hour
        day -= timedelta(days=step)
