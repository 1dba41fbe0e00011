"""First-day deploy: how long until a newcomer's first change runs in production. A distribution; nobody is named.

The book that the idea comes from has new engineers deploy on their first day: it shows that the way to production is short
and safe for somebody who does not know the place.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share
from metrics.intervals import kaplan_meier_median
from metrics.question import Question
from metrics.slices import slices

#: Below this many newcomers a figure would be about a person, and there are none of those.
FEWEST = 5
WITHIN = {"day": timedelta(days=1), "week": timedelta(days=7)}
COLUMNS = (
    "group", "newcomers", "deployed", "waiting", "median_seconds", "median_seconds_interval", "day_n",
    "within_day_share", "within_day_share_interval", "week_n", "within_week_share", "within_week_share_interval",
)  # fmt: skip
DEFINITION = (
    "People (no bots) whose first change that landed, anywhere in the organisation, is of the period: from its commit to the "
    "first production deployment of the group that contains it. Median by Kaplan–Meier, so that those still waiting are not "
    f"dropped; shares of those whose day or week has passed. No figures for fewer than {FEWEST} newcomers, and no share of "
    f"fewer than {FEWEST} whose day or week has passed, so that none is about a person."
)


def first_day(reader: Reader, question: Question) -> Answer:
    """One row per group; figures None below `FEWEST` newcomers, and nothing that could name one."""
    cut = slices(reader, question)
    frame = cut.frame(reader, "analyses/first_day", authored=_authored(reader, question))
    known = frame.filter(~pl.col("before"))
    as_of = question.as_of.replace(tzinfo=None)
    rows = tuple({"group": name, **_figures(own, as_of)} for name, own in by_group(cut, known))
    return Answer(
        name="first_day",
        title="First-day deploy",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({column: row.get(column) for column in COLUMNS} for row in rows),
        notes=(*_history(cut.frame(reader, "analyses/first_day_history")), *_notes(rows, frame)),
    )


def _authored(reader: Reader, question: Question) -> list[str]:
    """The services whose clock is the author's; of all others it is the committer's."""
    names = [str(row[0]) for row in reader.rows("select service from services order by service")]
    return [name for name in names if question.definitions.of(name).clock == "authored"]


def _figures(newcomers: pl.DataFrame, as_of: datetime) -> dict[str, object]:
    """The rows of one group; a deployment before the commit is impossible, so such a row is not one."""
    rows = newcomers.filter(pl.col("deployed_at").is_null() | (pl.col("deployed_at") >= pl.col("first_at")))
    counted: dict[str, object] = {"newcomers": rows.height}
    if rows.height < FEWEST:
        return counted
    observed = rows["deployed_at"].is_not_null()
    waited = (rows["deployed_at"].fill_null(as_of) - rows["first_at"]).dt.total_microseconds() / 1_000_000
    median, interval = kaplan_meier_median(waited.clip(lower_bound=0).to_numpy(), observed.to_numpy())
    counted |= {"deployed": int(observed.sum()), "waiting": int((~observed).sum())}
    return counted | {"median_seconds": median, "median_seconds_interval": interval} | _within(rows, as_of)


def _within(rows: pl.DataFrame, as_of: datetime) -> dict[str, object]:
    """How many there are whose day or week has passed, and their share; no share of fewer than `FEWEST`."""
    out: dict[str, object] = {}
    for name, span in WITHIN.items():
        old = rows.filter(pl.col("first_at") <= as_of - span)
        hits = old.filter(pl.col("deployed_at") - pl.col("first_at") < span).height
        out |= {f"{name}_n": old.height}
        if old.height >= FEWEST:
            out |= share(f"within_{name}_share", hits, old.height)
    return out


def _history(found: pl.DataFrame) -> Iterator[str]:
    repositories, young = found.row(0)
    if young:
        yield (
            f"the stored history of {young} of {repositories} repositories begins inside the period: whoever worked on "
            "them before counts as a newcomer"
        )


def _notes(rows: tuple[Row, ...], frame: pl.DataFrame) -> Iterator[str]:
    few = sum(row.get("deployed") is None for row in rows)
    if few:
        yield f"{few} of {len(rows)} groups {_have(few)} fewer than {FEWEST} newcomers: these figures are left out"
    young = sum(any(f"{name}_n" in row and row.get(f"within_{name}_share") is None for name in WITHIN) for row in rows)
    if young:
        yield f"{young} of {len(rows)} groups {_have(young)} fewer than {FEWEST} whose day or week has passed: that share is left out"
    if frame["before"].any():
        yield "people whose first change is in the first deployment of a service are left out: nobody knows when it was shipped"


def _have(number: int) -> str:
    return "has" if number == 1 else "have"
