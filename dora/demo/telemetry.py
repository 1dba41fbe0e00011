"""Hourly requests, errors and response times of a few services, with the marks that failures leave in them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import Failure, History
from dora.demo.records import SOURCE
from dora.demo.working_time import poisson
from dora.model import TelemetrySample

#: service -> requests in a usual hour, share of errors
_SERVICES = {
    "basket": (2600.0, 0.002), "trending": (700.0, 0.012), "search-api": (5200.0, 0.006),
    "prices": (3400.0, 0.003), "payment-gateway": (420.0, 0.005), "identity": (1900.0, 0.002),
}  # fmt: skip
_HOUR = timedelta(hours=1)


def telemetry_samples(
    history: History, rng: Random, days: int = 120, services: tuple[str, ...] = tuple(_SERVICES)
) -> Iterator[TelemetrySample]:
    """Three series a service for the last `days`, hour by hour; two hours in a thousand are missing."""
    for service in services:
        requests, errors = _SERVICES[service]
        at = max(history.since, history.until - timedelta(days=days))
        failures = [
            f for f in history.failures
            if f.rollout.service == service and f.mode != "verification" and (f.ended_at or history.until) > at
        ]  # fmt: skip
        while at < history.until:
            if rng.random() > 0.002:
                touching = [f for f in failures if f.began_at < at + _HOUR and at < (f.ended_at or history.until)]
                yield from _hour(rng, service, at, requests, errors, touching, history.until)
            at += _HOUR


def _hour(
    rng: Random, service: str, at: datetime, requests: float, errors: float, failures: list[Failure], until: datetime
) -> Iterator[TelemetrySample]:
    usual = requests * _daily(at) * (0.75 if at.weekday() >= 5 else 1.0) * rng.uniform(0.93, 1.07)
    count = poisson(rng, usual)
    broken = max((_share(failure, at, until) for failure in failures), default=0.0)
    wrong = min(count, poisson(rng, count * errors * (1 + 9 * broken) * rng.uniform(0.8, 1.25)))
    seconds = round(0.18 * (1 + 0.8 * broken) * (1 + 0.1 * _daily(at)) * rng.uniform(0.95, 1.05), 4)
    for series, kind, value in (
        ("requests", "count", float(count)), ("errors", "count", float(wrong)), ("latency_p95", "seconds", seconds),
    ):  # fmt: skip
        yield TelemetrySample(
            source=SOURCE, service=service, series=series, sampled_at=at, step_seconds=3600, kind=kind, value=value
        )


def _daily(at: datetime) -> float:
    """Quiet at four in the morning, busy in the afternoon."""
    return 0.6 + 0.5 * math.sin((at.hour - 10) / 24 * 2 * math.pi)


def _share(failure: Failure, at: datetime, until: datetime) -> float:
    """How much of the hour the failure lasted, 0..1."""
    begin, end = max(at, failure.began_at), min(at + _HOUR, failure.ended_at or until)
    return max(0.0, (end - begin) / _HOUR)
