"""The published levels behind a chart: shaded zones for ranges, dashed marks for single figures, names where they fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import polars as pl

from dashboard.axes import Axis, axis_of, scale_of
from dashboard.colours import Palette

#: Plot width in px that labels must fit at a 1280 px page, and the width of a letter of theirs.
_NARROW, _LETTER = 185, 6.2
Label = Mapping[str, str | float | bool | None]


@dataclass(frozen=True, slots=True)
class Zone:
    """A published level on an axis: `[low, high)`; None is open; low equal to high is a single mark."""

    label: str
    low: float | None
    high: float | None
    elite: bool = False


def zone_layers(zones: Sequence[Zone], domain: tuple[float, float], axis: Axis, palette: Palette) -> list[alt.Chart]:
    """The layers to lie under a chart; without zones only the words `no published levels`."""
    spans = [_clipped(zone, domain) for zone in zones if zone.low is None or zone.low != zone.high]
    marks = [zone for zone in zones if zone.low is not None and zone.low == zone.high]
    if not zones:
        spans = [(Zone("no published levels", None, None), *domain)]
    shaded: list[Label] = [
        {
            "label": z.label,
            "from": a,
            "to": b,
            "elite": z.elite,
            "colour": _colour(z, palette),
            "shade": _shade(z, i, bool(zones)),
        }
        for i, (z, a, b) in enumerate(span for span in spans if span[1] < span[2])
    ]
    points: list[Label] = [
        {"label": z.label, "from": z.low, "to": z.low, "elite": z.elite, "colour": _colour(z, palette), "shade": 1.0}
        for z in marks
    ]
    schema = {
        "label": pl.String,
        "from": pl.Float64,
        "to": pl.Float64,
        "elite": pl.Boolean,
        "colour": pl.String,
        "shade": pl.Float64,
    }
    x = alt.X("from:Q", scale=scale_of(axis, domain), title=None, axis=axis_of(axis, domain))
    colour = alt.Color("colour:N", scale=None, legend=None)
    rectangles = alt.Chart(pl.DataFrame(shaded, schema=schema)).encode(x=x, x2="to:Q")
    rules = alt.Chart(pl.DataFrame(points, schema=schema)).encode(x=x)
    above = alt.YValue(-6)  # type: ignore[no-untyped-call]
    both = pl.DataFrame(_readable(shaded + points, domain, axis), schema=schema)
    return [
        rectangles.mark_rect().encode(color=colour, opacity=alt.Opacity("shade:Q", scale=None, legend=None)),
        rules.mark_rule(strokeDash=[4, 3], strokeWidth=1.5).encode(color=colour),
        alt.Chart(both).encode(x=x, text="label:N", y=above, color=colour).mark_text(align="left", fontSize=11, dx=1, fontWeight="bold"),
    ]  # fmt: skip


def _colour(zone: Zone, palette: Palette) -> str:
    return palette.elite if zone.elite else palette.muted


def _shade(zone: Zone, place: int, published: bool) -> float:
    if not published:
        return 0.0
    return 0.2 if zone.elite else 0.13 - 0.04 * (place % 3)


def _clipped(zone: Zone, domain: tuple[float, float]) -> tuple[Zone, float, float]:
    low = domain[0] if zone.low is None else max(zone.low, domain[0])
    high = domain[1] if zone.high is None else min(zone.high, domain[1])
    return zone, low, high


def _readable(labels: list[Label], domain: tuple[float, float], axis: Axis) -> list[Label]:
    """The labels that fit side by side at the narrowest width; elite first, the others where there is room."""

    def place(value: object) -> float:
        at = float(str(value))
        if axis == "rate":
            return _NARROW * (at - domain[0]) / (domain[1] - domain[0])
        return _NARROW * math.log(at / domain[0]) / math.log(domain[1] / domain[0])

    taken: list[tuple[float, float]] = []
    kept = []
    for label in sorted(labels, key=lambda row: not row["elite"]):
        start = place(label["from"])
        end = start + _LETTER * len(str(label["label"]))
        if all(end <= a or start >= b for a, b in taken) and (label["elite"] or end <= _NARROW + 4):
            taken.append((start, end))
            kept.append(label)
    return kept
