"""Two small pictures as inline SVG: the timeline of one deployment, and its service's last deployments.

Drawn here rather than with a chart library: a Vega conversion costs about 70 ms a picture and 2 s to start, these
cost well under one, and they take their colours from the page, also in the dark and on paper. Every picture is
drawn for a wide and a narrow page, since letters in a shrunk SVG cannot be read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dashboard import units
from dashboard.report.document import span
from metrics.story import DeploymentStory, Moment

WIDE, NARROW = 880, 340
_ROW, _LETTER, _BAND = 17, 6.3, 10
#: Steps for the ticks of an axis, in seconds.
_STEPS = (
    60,
    300,
    600,
    1800,
    3600,
    7200,
    21600,
    43200,
    86400,
    2 * 86400,
    604800,
    2 * 604800,
    2629746,
    7889238,
    31556952,
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One SVG element: what it is, its attributes, and the text inside; escaped by the template."""

    tag: str
    values: Mapping[str, str]
    text: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG of `width` by `height` with a description for those who cannot see it."""

    width: int
    height: int
    description: str
    shapes: tuple[Shape, ...]


def timeline(told: DeploymentStory, width: int) -> Picture:
    """Two strips, each with a linear scale: what led to the deployment, and what followed it."""
    at = told.deployment.finished_at
    numbered = list(enumerate(told.timeline, 1))
    before = [(n, m) for n, m in numbered if at and m.at <= at]
    after = [(n, m) for n, m in numbered if at and m.at >= at and (m.name != "failure window ended")]
    shapes: list[Shape] = []
    top = 0.0
    if at and len(before) > 1:
        top = _strip(shapes, before, at, width, top, "until deployed", leftward=True, band="lead")
    if at and len(after) > 1:
        failed = told.verdict.state == "failed"
        top = _strip(shapes, after, at, width, top, "after it", leftward=False, band="trouble" if failed else "calm")
    description = f"Timeline with {len(numbered)} moments; the table below lists them with the same numbers."
    return Picture(width, int(top) + 4, description, tuple(shapes))


def _strip(
    shapes: list[Shape], points: Sequence[tuple[int, Moment]], deployed: datetime, width: int, top: float,
    name: str, *, leftward: bool, band: str,
) -> float:  # fmt: skip
    """Draw one strip below `top` and return where it ends; labels rise like stairs so that no line crosses one."""
    labels = _labels(points)
    points = [points[place] for place, _ in labels]
    margin = min(max(len(text) for _, text in labels) * _LETTER + 14, width * 0.62)
    start, stop = points[0][1].at, points[-1][1].at
    length = max((stop - start).total_seconds(), 1.0)
    left, right = (margin, width - 8.0) if leftward else (8.0, width - margin)
    xs = [left + (moment.at - start).total_seconds() / length * (right - left) for _, moment in points]
    rows = _stairs(xs, [len(text) * _LETTER + 10 for _, text in labels], leftward)
    base = top + 24 + (max(rows) + 1) * _ROW
    shapes.append(_text(0 if leftward else 8, top + 13, name, "strip", "start"))
    shapes.append(_rect(xs[0], base, xs[-1] - xs[0], _BAND, band))
    _ticks(shapes, deployed, (start, stop), (left, right), base + _BAND)
    for x, row, (_, text), (_, moment) in zip(xs, rows, labels, points, strict=True):
        y = base - 6 - row * _ROW
        shapes.append(_line(x, y + 3, x, base + _BAND, "leader"))
        kind = _kind(moment.name)
        shapes.append(Shape("circle", {"class": kind, "cx": f"{x:.1f}", "cy": f"{base + _BAND / 2:.1f}", "r": "4"}))
        shapes.append(_text(x - 4 if leftward else x + 4, y, text, f"label {kind}", "end" if leftward else "start"))
    return base + _BAND + 34


def _labels(points: Sequence[tuple[int, Moment]]) -> list[tuple[int, str]]:
    """The place and text of each label; moments of one name and time share one: `3–9 check failed`."""
    out: list[tuple[int, str]] = []
    for _, group in groupby(range(len(points)), key=lambda place: (points[place][1].name, points[place][1].at)):
        places = list(group)
        first, last = points[places[0]], points[places[-1]][0]
        numbers = str(first[0]) if len(places) == 1 else f"{first[0]}–{last}"
        out.append((places[0], f"{numbers} {units.words(first[1].name)}"))
    return out


def _stairs(xs: Sequence[float], widths: Sequence[float], leftward: bool) -> list[int]:
    """A row for every label, one above all labels it reaches over.

    A label runs left (or right) of its point; those points lie before (after) it.
    """
    rows = [0] * len(xs)
    order = range(len(xs)) if leftward else range(len(xs) - 1, -1, -1)
    done: list[int] = []
    for place in order:
        reach = (xs[place] - widths[place], xs[place]) if leftward else (xs[place], xs[place] + widths[place])
        rows[place] = max((rows[other] + 1 for other in done if reach[0] <= xs[other] <= reach[1]), default=0)
        done.append(place)
    return rows


def _kind(name: str) -> str:
    if name in ("recovered", "mitigated", "incident resolved"):
        return "good"
    return "alarm" if name.startswith(("evidence", "impact", "check failed")) else "plain"


def _ticks(
    shapes: list[Shape], zero: datetime, ends: tuple[datetime, datetime], place: tuple[float, float], y: float
) -> None:
    """Ticks at round distances from the deployment."""
    first, last = ((end - zero).total_seconds() for end in ends)
    length = max(last - first, 1.0)
    room = (place[1] - place[0]) / 64
    step = next((step for step in _STEPS if length / step <= room), 10 * _STEPS[-1])
    for index in range(int(length // step) + 1):
        offset = index * step if last > 0 else -index * step
        x = place[0] + (offset - first) / length * (place[1] - place[0])
        shapes.append(_line(x, y, x, y + 4, "tick"))
        sign = "" if offset == 0 else "+" if offset > 0 else "−"
        shapes.append(
            _text(x, y + 17, f"{sign}{span(abs(offset))}" if offset else "deployed", "axis", _anchor(x, place))
        )


def _anchor(x: float, place: tuple[float, float]) -> str:
    if x - place[0] < 20 and place[0] < 20:
        return "start"
    return "end" if place[1] - x < 20 and place[0] > 20 else "middle"


def history(told: DeploymentStory, width: int) -> Picture:
    """A bar a deployment, as tall as the commits it shipped; failed ones and this one stand out."""
    rows = told.history[-51:] if width > NARROW else told.history[-25:]
    height, foot = 120.0, 140.0
    most = max(max(row.changes for row in rows), 1)
    pitch = (width - 40.0) / len(rows)
    shapes = [_line(36, foot, width, foot, "tick"), _text(32, foot, "0", "axis", "end")]
    shapes.append(_text(32, foot - height + 8, f"{most:,}", "axis", "end"))
    for place, row in enumerate(rows):
        tall = max(row.changes / most * height, 2.0)
        kind = ("bar failed" if row.failed else "bar") + (" this" if place == len(rows) - 1 else "")
        shapes.append(_rect(38 + place * pitch, foot - tall, max(pitch - 2, 1.0), tall, kind))
    middle = told.batch[0].median
    if middle is not None and middle <= most:
        y = foot - middle / most * height
        shapes.append(_line(36, y, width, y, "usual"))
    first = units.day(rows[0].finished_at)
    shapes.append(_text(36, foot + 17, first, "axis", "start"))
    shapes.append(_text(width, foot + 17, "this one", "axis", "end"))
    failures = sum(row.failed for row in rows)
    description = (
        f"Commits shipped by the last {len(rows)} deployments, this one last, {failures} of them failed; "
        "the dashed line is the usual (median)."
    )
    return Picture(width, int(foot) + 24, description, tuple(shapes))


PICTURES: Mapping[str, Callable[[DeploymentStory, int], Picture]] = {"timeline": timeline, "history": history}


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> Shape:
    return Shape("text", {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}, text)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Shape:
    values = {"class": kind, "x1": f"{x1:.1f}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}
    return Shape("line", values)


def _rect(x: float, y: float, width: float, height: float, kind: str) -> Shape:
    values = {"class": kind, "x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    return Shape("rect", values)
