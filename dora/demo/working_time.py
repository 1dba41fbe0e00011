"""Random moments and spans that look like people's work; every function is a pure function of its generator."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

K = TypeVar("K")
_OPEN, _CLOSE = 8, 18


def is_working(moment: datetime) -> bool:
    """Whether it is a weekday between 08:00 and 18:00 UTC."""
    return moment.weekday() < 5 and _OPEN <= moment.hour < _CLOSE


def last_working(rng: Random, moment: datetime) -> datetime:
    """The moment itself in working hours, else a random time of the working afternoon before it."""
    if is_working(moment):
        return moment
    day = moment if moment.hour >= _CLOSE else moment - timedelta(days=1)
    while day.weekday() >= 5:
        day -= timedelta(days=1)
    return day.replace(hour=_CLOSE - 3, minute=0, second=0) + timedelta(seconds=rng.randrange(3 * 3600))


def next_working(rng: Random, moment: datetime) -> datetime:
    """The moment itself in working hours, else a random time of the next working morning."""
    if is_working(moment):
        return moment
    day = moment if moment.hour < _OPEN else moment + timedelta(days=1)
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return day.replace(hour=_OPEN, minute=0, second=0) + timedelta(seconds=rng.randrange(2 * 3600))


def span(rng: Random, median_hours: float, sigma: float = 0.7) -> timedelta:
    """A log-normal span around a median, in whole seconds."""
    return timedelta(seconds=round(median_hours * 3600 * math.exp(sigma * rng.gauss(0.0, 1.0))))


def minutes(rng: Random, low: float, high: float) -> timedelta:
    """An even span between two numbers of minutes, in whole seconds."""
    return timedelta(seconds=round(60 * rng.uniform(low, high)))


def poisson(rng: Random, mean: float) -> int:
    """A Poisson count; by multiplication for small means, by the normal approximation above 50."""
    if mean > 50:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    limit, product, count = math.exp(-mean), rng.random(), 0
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def pick(rng: Random, weights: Mapping[K, float]) -> K:
    """One key, by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]
