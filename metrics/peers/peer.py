"""What a peer is: its rules as text, and a function of the facts that answers by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import polars as pl

from metrics.peers.facts import Facts

Metric = Literal[
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "time_to_restore",
    "failed_deployment_recovery_time",
]
Unit = Literal["deployments", "per day", "per week", "seconds", "share"]
Moves = Literal["higher", "lower", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One published rule that differs: what the peer does, what dora does, and how the peer's figure moves by it."""

    code: str
    metric: Metric
    peer: str
    published: str
    dora: str
    moves: Moves


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A peer's figure: spans in seconds, shares as a fraction that may pass 1 where the peer's may; None is no data."""

    metric: Metric
    value: float | None
    n: int
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A tool whose rules are published; `read`: the version of its code and pages that the rules were read from."""

    name: str
    title: str
    read: str
    rules: tuple[Rule, ...]
    figures: Callable[[Facts], Iterator[Figure]]


def frequency(value: float | None, n: int, unit: Unit) -> Figure:
    """A deployment frequency over n deployments."""
    return Figure(metric="deployment_frequency", value=value, n=n, unit=unit)


def lead_time(value: float | None, n: int) -> Figure:
    """A change lead time in seconds over n changes."""
    return Figure(metric="change_lead_time", value=value, n=n, unit="seconds")


def fail_rate(failed: int, deployments: int, most: int = 0) -> Figure:
    """Failed (or incidents) of deployments; `most`: the least that is divided by when there is anything to divide."""
    divisor = max(deployments, most) if failed or deployments else 0
    value = failed / divisor if divisor else None
    return Figure(metric="change_fail_rate", value=value, n=deployments, unit="share")


def restore(value: float | None, n: int) -> Figure:
    """A time to restore in seconds over n incidents."""
    return Figure(metric="time_to_restore", value=value, n=n, unit="seconds")


def recovery(value: float | None, n: int) -> Figure:
    """A failed deployment recovery time in seconds over n failures."""
    return Figure(metric="failed_deployment_recovery_time", value=value, n=n, unit="seconds")


def seconds(start: str, end: str) -> pl.Expr:
    """The span between two clocks."""
    return (pl.col(end) - pl.col(start)).dt.total_microseconds() / 1e6


def median(values: pl.Series) -> float | None:
    """The median, between the two middle values when there are two; None when there are none."""
    return _plain(values.cast(pl.Float64).median())


def mean(values: pl.Series) -> float | None:
    """The mean; None when there are none."""
    return _plain(values.cast(pl.Float64).mean())


def lower_median(values: pl.Series) -> float | None:
    """The middle value, the smaller of the two when there are two; None when there are none."""
    ordered = values.drop_nulls().cast(pl.Float64).sort()
    return float(ordered[(len(ordered) - 1) // 2]) if len(ordered) else None


def _plain(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
