"""Incident clocks kept apart: time to detect, to acknowledge, to mitigate and to restore, open ones censored.

One "MTTR" hides which of them is long. Each clock has its own n: a moment that the tool did not record is missing, not
0; an incident that still waits for it is censored at the end of the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, spread
from metrics.analyses.known import known
from metrics.intervals import kaplan_meier_median
from metrics.members import micros
from metrics.question import Question
from metrics.regions import ALL
from metrics.slices import slices

COLUMNS = (
    "group", "clock", "n", "open", "missing", "impossible", "ended_n", "ended_median_seconds",
    "ended_seconds_interval", "ended_p90_seconds", "kaplan_meier_median_seconds", "kaplan_meier_seconds_interval",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clock:
    """A span of an incident's life: from the first known of `since` to `until`."""

    name: str
    since: tuple[str, ...]
    until: str


CLOCKS = (
    Clock("deployed_to_impact", ("deployed_at",), "impact_started_at"),
    Clock("time_to_detect", ("impact_started_at",), "detected_at"),
    Clock("time_to_acknowledge", ("detected_at",), "acknowledged_at"),
    Clock("time_to_mitigate", ("impact_started_at", "detected_at"), "mitigated_at"),
    Clock("time_to_restore", ("impact_started_at", "detected_at"), "resolved_at"),
)
OF_ENVIRONMENTS = "incidents of other environments are left out; one that names no environment is of all"
#: The clocks that can still run: what an open incident waits for. A cause or a detection is known from the start.
_WAITING = ("acknowledged_at", "mitigated_at", "resolved_at")


def clocks(reader: Reader, question: Question) -> Answer:
    """A row a group and clock over the production incidents that began in the period."""
    cut = slices(reader, question)
    frame = cut.frame(reader, "analyses/clocks", all_regions=ALL)
    now = micros(question.as_of)
    rows = [{"group": name} | _row(part, clock, now) for name, part in by_group(cut, frame) for clock in CLOCKS]
    return Answer(
        name="clocks",
        title="Incident clocks",
        definition="; ".join(f"{clock.name}: {_words(clock.since)} to {_words((clock.until,))}" for clock in CLOCKS)
        + ". Open: it waits for that moment still, censored at the end of the data; only Kaplan-Meier's median holds it. "
        "Missing: the tool recorded no such moment of an incident that is over. Impossible: it ends before it begins. "
        "Deployed to regions that are one: the incident's own, where the last of them came after the impact",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(*of_environments(question), *_notes(frame, known(reader)["incidents"])),
        keys=2,
    )


def of_environments(question: Question) -> tuple[str, ...]:
    """What `--environment` means for incidents; nothing without it."""
    return (OF_ENVIRONMENTS,) if question.environments else ()


def _row(part: pl.DataFrame, clock: Clock, now: int) -> dict[str, object]:
    began, ended = (pl.coalesce(*names).dt.epoch("us") for names in (clock.since, (clock.until,)))
    every = part.select("resolved_at", began=began, ended=ended)
    over = every.filter(pl.col("resolved_at").is_not_null())
    rows = every.filter(pl.col("began").is_not_null())
    seconds = rows.filter(pl.col("ended").is_not_null()).select((pl.col("ended") - pl.col("began")) / 1e6).to_series()
    waits = rows.filter(pl.col("ended").is_null() & pl.col("resolved_at").is_null() & (clock.until in _WAITING))
    going = waits.select(((now - pl.col("began")) / 1e6).clip(lower_bound=0)).to_series()
    possible = seconds.filter(seconds >= 0)
    median, interval = kaplan_meier_median(
        np.concatenate([possible.to_numpy(), going.to_numpy()]),
        np.arange(len(possible) + len(going)) < len(possible),
    )
    return {
        "clock": clock.name,
        "n": len(possible) + len(going),
        "open": len(going),
        "missing": over.height - over.drop_nulls().height,
        "impossible": len(seconds) - len(possible),
        **spread("ended", possible),
        "kaplan_meier_median_seconds": median,
        "kaplan_meier_seconds_interval": interval,
    }


def _words(columns: tuple[str, ...]) -> str:
    return " (else ".join(name.removesuffix("_at").replace("_", " ") for name in columns) + ")" * (len(columns) - 1)


def _notes(frame: pl.DataFrame, incidents_known: bool) -> tuple[str, ...]:
    if not incidents_known:
        return ("no incident is known at all: without a source of incidents nothing can be said about their clocks",)
    if frame.is_empty():
        return ("no production incident of these services began in the period",)
    return ()
