"""What the levels of an edition rest on, and for 2025, which has none, DORA's Quick Check as a strip a metric."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from dora.cli.options import note
from dora.cli.tables import emit

if TYPE_CHECKING:
    from metrics.quick_check import Strip
    from metrics.results import Group, Scorecard

#: Columns of a strip: two a point of the scale.
_WIDTH = 21


def with_strips(document: dict[str, object], card: Scorecard) -> dict[str, object]:
    """The JSON document, for 2025 with the Quick Check of every group; the same for other editions."""
    from metrics.quick_check import SOURCE, YEAR, quick_check

    if card.edition != YEAR:
        return document
    groups = [
        {
            "by": group.by,
            "name": group.name,
            "strips": [asdict(strip) | {"ours": strip.ours} for strip in quick_check(group)],
        }
        for group in card.groups
    ]
    return document | {"quick_check": {"edition": YEAR, "source": SOURCE, "scale": [0, 10], "groups": groups}}


def provenance(card: Scorecard) -> str:
    """Where the levels come from, as a sentence."""
    from metrics.bands import edition

    found = edition(card.edition)
    return f"levels of {found.year}, status {found.status}: {found.note} {found.source}"


def show_strips(card: Scorecard, form: str, out: str | None) -> None:
    """For 2025 the strips, on stdout after the table when that is there."""
    from metrics.quick_check import YEAR, quick_check

    if card.edition == YEAR and not out:
        click.echo()
        rows = [_row(group, strip) for group in card.groups for strip in quick_check(group)]
        emit(rows, form, None)
        note(
            "= mean and one standard deviation of all who answered, | their mean, o our place, + both, "
            "( ) the ends of its 95 % interval; a strip, not a rank"
        )


def _row(group: Group, strip: Strip) -> Mapping[str, object]:
    from metrics.catalog import METRICS

    return {
        group.by: group.name,
        "metric": METRICS[strip.metric].title,
        "0 to 10": _drawn(strip),
        "best": strip.best,
        "ours": strip.ours,
        "answer": strip.answer,
        "mean": strip.mean,
        "sd": strip.sd,
        "note": strip.note,
    }


def _drawn(strip: Strip) -> str:
    """The scale from 0 to 10 as text."""

    def column(place: float) -> int:
        return round(max(0.0, min(10.0, place)) / 10 * (_WIDTH - 1))

    low, high = column(strip.mean - strip.sd), column(strip.mean + strip.sd)
    marks = ["=" if low <= place <= high else "·" for place in range(_WIDTH)]
    marks[column(strip.mean)] = "|"
    for end, mark in zip(strip.place_interval, "()", strict=True):
        if end is not None:
            marks[column(end)] = mark
    if strip.place is not None:
        ours = column(strip.place)
        marks[ours] = "+" if ours == column(strip.mean) else "o"
    return "".join(marks)
