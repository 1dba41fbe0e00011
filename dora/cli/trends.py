"""`dora metrics --trend`: each metric against the period before, and the weeks outside its control limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING

from dora.cli.definition_breaks import as_entries, changes_in, sentences
from dora.cli.options import say
from dora.cli.settings import ends, stamped
from dora.cli.tables import emit

if TYPE_CHECKING:
    from dora.warehouse import Reader
    from metrics.estimates import Estimate
    from metrics.own_past import Change
    from metrics.question import Question
    from metrics.results import Interval
    from metrics.trends import GroupTrends, Trend, TrendCard

NO_DATA = "insufficient data"


def show(reader: Reader, question: Question, form: str, out: str | None) -> None:
    """Print one row a group and metric, for programs as numbers; JSON holds every bucket with its limits."""
    from metrics.trends import trends

    found = trends(reader, question)
    if form in ("csv", "parquet"):
        from dora.cli.flat_columns import emit_columns
        from dora.cli.flat_trends import trend_columns

        emit_columns(trend_columns(found), form, out)
        return
    breaks = changes_in(reader.path, question.over(found.before))
    plain = document(found) | {"definition_changes": as_entries(breaks)}
    rows = [_row(group, trend) for group in found.groups for trend in group.trends]
    notes = [*sentences(breaks), *_footer(found, question), *found.notes]
    emit(rows, form, out, plain, notes=notes)
    say(notes, form)


def _footer(found: TrendCard, question: Question) -> list[str]:
    used = question.definitions
    (start, end), (before, until) = (ends(period, used) for period in (question.period, found.before))
    return [
        f"before: {before} to {until}; an arrow needs a 95 % interval of the "
        f"change that excludes none; outside: a {found.every} beyond its control limits, or one of 8 in a row on one side of the median",
        *stamped(f"{start} to {end}; data as of {found.card.data_as_of}", used),
    ]


def document(found: TrendCard) -> dict[str, object]:
    """The JSON document: all that the table says, unrounded, and the points of every series."""
    return {
        "schema_version": 1,
        "generated_at": found.card.generated_at,
        "data_as_of": found.card.data_as_of,
        "definitions": found.card.definitions,
        "period": found.card.period,
        "before": {"from": found.before.start.isoformat(), "to": found.before.end.isoformat()},
        "every": found.every,
        "filters": found.card.filters,
        "notes": found.notes,
        "groups": [
            {"by": group.by, "name": group.name, "trends": {trend.metric: _plain(trend) for trend in group.trends}}
            for group in found.groups
        ],
    }


def _plain(trend: Trend) -> dict[str, object]:
    points = zip(trend.starts, trend.limits.points, strict=True)
    return {
        "now": asdict(trend.now),
        "before": asdict(trend.before),
        "change": asdict(trend.change) | {"clear": trend.change.clear},
        "arrow": trend.arrow,
        "better": trend.better,
        "limits": {
            "state": trend.limits.state,
            "centre": trend.limits.centre,
            "points": [{"start": start} | asdict(point) for start, point in points],
        },
    }


def _row(group: GroupTrends, trend: Trend) -> Mapping[str, object]:
    from metrics.catalog import METRICS

    metric = METRICS[trend.metric]
    form = forms()[metric.unit]
    return {
        group.by: group.name,
        "metric": metric.title,
        "now": _figure(trend.now, form),
        "n": trend.now.n,
        "before": _figure(trend.before, form),
        "n before": trend.before.n,
        "change": _size(trend.change),
        "95 %": _span(trend.change),
        "trend": _verdict(trend),
        "centre": form(trend.limits.centre) if trend.limits.centre is not None else NO_DATA,
        "limits": _limits(trend, form),
        "outside": _outside(trend),
    }


def _figure(found: Estimate, form: Callable[[float | None], str]) -> str:
    """The figure, `not reached` where too many have not ended yet for a median, or that there is no data."""
    return "not reached" if found.value is None and found.n else form(found.value)


def forms() -> Mapping[str, Callable[[float | None], str]]:
    """How a person reads a figure, by the unit of its metric."""
    from dashboard.units import duration, per_day, percent

    return {"per day": per_day, "seconds": duration, "rate": percent}


def _verdict(trend: Trend) -> str:
    """An arrow with evidence; `insufficient data`, and why, without an interval of the change."""
    if trend.change.interval == (None, None):
        return f"{NO_DATA}: {trend.change.reason}" if trend.change.reason else NO_DATA
    if trend.arrow is None:
        return "no clear change"
    return f"{'▲' if trend.arrow == 'up' else '▼'} {'better' if trend.better else 'worse'}"


def _size(change: Change) -> str:
    from dashboard.units import change as ratio

    if change.difference is not None:
        return points(change.difference)
    return "-" if change.ratio is None else ratio(change.ratio)


def _span(change: Change) -> str:
    from dashboard.units import change as ratio

    ends: Interval = change.interval
    if ends == (None, None):
        return "-"
    form = points if change.difference is not None else ratio
    return " to ".join("?" if end is None else form(end) for end in ends)


def points(difference: float) -> str:
    """A difference of shares in percentage points: `−1.2 pp`."""
    size = f"{abs(difference) * 100:.1f}".removesuffix(".0")
    sign = "±" if size == "0" else "+" if difference > 0 else "−"
    return f"{sign}{size} pp"


def _limits(trend: Trend, form: Callable[[float | None], str]) -> str:
    """The limits of the last bucket that has some: those of shares differ by its deployments."""
    known = [point for point in trend.limits.points if point.high is not None]
    return f"{form(known[-1].low)} to {form(known[-1].high)}" if known else "-"


def _outside(trend: Trend) -> str:
    """The buckets beyond a limit, then the first and last of each run, by the day they begin."""
    marked = list(zip(trend.starts, trend.limits.points, strict=True))
    words = [
        f"{start} {'above' if (point.value or 0) > (point.high or 0) else 'below'}"
        for start, point in marked
        if point.outside
    ]
    return ", ".join([*words, *_runs(trend)]) or "-"


def _runs(trend: Trend) -> list[str]:
    """First and last bucket of each run; buckets without a figure do not end one."""
    known = [
        (start, point.run)
        for start, point in zip(trend.starts, trend.limits.points, strict=True)
        if point.value is not None
    ]
    found = []
    for side, group in groupby(known, key=lambda item: item[1]):
        run = [start for start, _ in group]
        if side is not None:
            found.append(f"{run[0]} to {run[-1]} all {side} the median")
    return found
