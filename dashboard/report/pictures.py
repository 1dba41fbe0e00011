"""The report's two pictures as small hand-made SVG: a chart library would take a hundred times as long per report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from dashboard import units
from metrics.story import DeploymentStory, Moment

WIDTH = 720
_MARGIN = 24
_TICKS = (60, 3600, 86400, 7 * 86400, 30 * 86400)
_ROW = 26


def draw(name: str, told: DeploymentStory) -> str:
    """The SVG text of `timeline` or `history`; all text in it is escaped."""
    return {"timeline": timeline, "history": history}[name](told)


def timeline(told: DeploymentStory) -> str:
    """Every known moment as a numbered dot, before and after the deployment on a logarithmic scale."""
    centre = told.deployment.finished_at
    if centre is None:
        return ""
    seconds = [(moment.at - centre).total_seconds() for moment in told.timeline]
    low, high = min(-60.0, *seconds), max(60.0, *seconds)
    places = [_x(value, low, high) for value in seconds]
    rows = _rows(places)
    bottom = 30 + _ROW * (max(rows) + 1)
    parts = [*_axis(low, high, bottom)]
    for number, (moment, x, row) in enumerate(zip(told.timeline, places, rows, strict=True), 1):
        parts += _dot(number, moment, x, bottom - 16 - _ROW * row, bottom)
    label = f"{len(seconds)} moments around the deployment, logarithmic in time"
    return _svg(bottom + 26, label, parts)


def history(told: DeploymentStory) -> str:
    """Commits of each of the last deployments as bars; failed ones marked, this one outlined."""
    sizes = [row.changes for row in told.history]
    most, step = max(1, *sizes), (WIDTH - 2 * _MARGIN) / max(1, len(sizes))
    parts = []
    for place, row in enumerate(told.history):
        height = max(2.0, 90 * row.changes / most)
        kind = "this" if place == len(sizes) - 1 else "bar"
        title = f"{units.version(row.version)}: {row.changes} commits" + (", failed" if row.failed else "")
        x = _MARGIN + place * step
        shape = f'x="{x:.1f}" y="{110 - height:.1f}" width="{max(1.5, step - 2):.1f}" height="{height:.1f}"'
        parts.append(
            f'<rect class="{kind}{" failed" if row.failed else ""}" {shape}><title>{escape(title)}</title></rect>'
        )
    parts.append(f'<text class="tick" x="{_MARGIN}" y="128">older</text>')
    parts.append(
        f'<text class="tick" x="{WIDTH - _MARGIN}" y="128" text-anchor="end">this one; most: {most} commits</text>'
    )
    return _svg(134, f"commits in each of the last {len(sizes)} deployments", parts)


def _x(seconds: float, low: float, high: float) -> float:
    start, end = _log(low), _log(high)
    return _MARGIN + (WIDTH - 2 * _MARGIN) * (_log(seconds) - start) / (end - start)


def _log(seconds: float) -> float:
    return math.copysign(math.log1p(abs(seconds) / 30), seconds)


def _rows(places: Sequence[float]) -> list[int]:
    """A row for each dot, so that dots of one row stand apart."""
    ends: list[float] = []
    rows = []
    for x in places:
        row = next((i for i, end in enumerate(ends) if x - end >= 24), len(ends))
        ends[row : row + 1] = [x]
        rows.append(row)
    return rows


def _axis(low: float, high: float, bottom: float) -> Iterator[str]:
    yield f'<line class="axis" x1="{_MARGIN}" x2="{WIDTH - _MARGIN}" y1="{bottom}" y2="{bottom}"/>'
    last = -100.0
    for seconds in sorted({0, *_TICKS, *(-tick for tick in _TICKS)}):
        x = _x(seconds, low, high)
        if not low <= seconds <= high or x - last < 58:
            continue
        last = x
        text = "deployed" if seconds == 0 else f"{'−' if seconds < 0 else '+'}{units.duration(abs(seconds))}"
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 5}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{text}</text>'


def _dot(number: int, moment: Moment, x: float, y: float, bottom: float) -> Iterator[str]:
    kind = "good" if moment.name in ("recovered", "incident resolved", "mitigated") else "plain"
    if moment.name.startswith(("evidence", "impact", "check failed")):
        kind = "alarm"
    about = f"{units.words(moment.name)}{': ' + moment.about if moment.about else ''}"
    yield f'<line class="stem" x1="{x:.1f}" x2="{x:.1f}" y1="{y:.1f}" y2="{bottom:.1f}"/>'
    yield f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="11"><title>{escape(about)}</title></circle>'
    yield f'<text class="number" x="{x:.1f}" y="{y + 4:.1f}" text-anchor="middle">{number}</text>'


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {WIDTH} {height:.0f}"'
    return (
        f'<svg {size} role="img" aria-label="{escape(label)}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
