"""`dora metrics --power`: what change a group of this size could see after 4, 8, 13 and 26 weeks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from dora.cli.options import say
from dora.cli.settings import ends, stamped
from dora.cli.tables import emit
from dora.cli.trends import forms

if TYPE_CHECKING:
    from dora.warehouse import Reader
    from metrics.power import Plan, Visible
    from metrics.question import Question
    from metrics.results import Group, Scorecard


def show(reader: Reader, question: Question, card: Scorecard, form: str, out: str | None) -> None:
    """Print one row a group and metric, for programs as numbers; the figures of the asked period are taken as usual."""
    from metrics.covered import not_owned
    from metrics.power import plans
    from metrics.weeks import known_times

    known = known_times(reader, question)
    found = [(group, plans(group, known[group.name])) for group in card.groups]
    if form in ("csv", "parquet"):
        from dora.cli.flat_columns import emit_columns
        from dora.cli.flat_trends import plan_columns

        emit_columns(plan_columns(card, found), form, out)
        return
    rows = [_row(group, plan) for group, several in found for plan in several]
    then, owned = "these days count as no time", {name: one.stretches for name, one in known.items()}
    notes = (*question.narrowing, *question.outside(then=then), *not_owned(question, owned, then=then))
    told = [*_footer(question), *notes]
    emit(rows, form, out, document(card, found, notes), notes=told)
    say(told, form)


def _footer(question: Question) -> list[str]:
    start, end = ends(question.period, question.definitions)
    return [
        "the least fall and rise that comparing so many weeks with as many before shows in 80 % of cases at 5 %, two-sided",
        "no fall: even a fall to nothing would not be seen; -: nothing would, or the asked period tells too little to plan with; "
        "n of lead time: deployments that ship changes",
        *stamped(f"usual figures from {start} to {end}", question.definitions),
    ]


def document(
    card: Scorecard, found: Sequence[tuple[Group, tuple[Plan, ...]]], notes: Sequence[str] = ()
) -> dict[str, object]:
    """The JSON document; falls and rises are ratios new / old, of rates the new rates."""
    return {
        "schema_version": 1,
        "generated_at": card.generated_at,
        "data_as_of": card.data_as_of,
        "definitions": card.definitions,
        "period": card.period,
        "power": 0.8,
        "significance": 0.05,
        "filters": card.filters,
        "notes": notes,
        "groups": [
            {"by": group.by, "name": group.name, "plans": {plan.metric: asdict(plan) for plan in several}}
            for group, several in found
        ],
    }


def _row(group: Group, plan: Plan) -> Mapping[str, object]:
    from metrics.catalog import METRICS

    metric = METRICS[plan.metric]
    return {
        group.by: group.name,
        "metric": metric.title,
        "now": "not reached" if plan.now is None and plan.per_week else forms()[metric.unit](plan.now),
        "n a week": round(plan.per_week, 1),
    } | {f"{weeks} weeks": _visible(plan, weeks, metric.unit == "rate") for weeks in _weeks()}


def _weeks() -> tuple[int, ...]:
    from metrics.power import WEEKS

    return WEEKS


def _visible(plan: Plan, weeks: int, is_rate: bool) -> str:
    from dashboard.units import change, percent

    found: Visible | None = next((item for item in plan.visible if item.weeks == weeks), None)
    if found is None or (found.fall is None and found.rise is None):
        return "-"
    form = (lambda rate: f"to {percent(rate)}") if is_rate else change
    ends = [f"no {word}" if end is None else form(end) for word, end in (("fall", found.fall), ("rise", found.rise))]
    return " / ".join(ends)
