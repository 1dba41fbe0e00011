"""`dora explain`: the definition, the rows and the SQL behind one number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dora.cli.options import (
    asked,
    config_option,
    definition_options,
    filter_options,
    format_option,
    out_option,
    question_of,
    reading,
    say,
)
from dora.cli.settings import ends, stamped
from dora.cli.tables import emit

if TYPE_CHECKING:
    from metrics.explain import Explanation


@click.command("explain")
@click.argument("metric")
@config_option
@filter_options
@definition_options
@click.option("--sql", is_flag=True, help="Print the SQL instead of the rows, to be run on the published file.")
@click.option(
    "--excluded/--no-excluded", default=True, show_default=True, help="List rows that do not count, with the reason."
)
@format_option
@out_option
def command(
    metric: str, config: str | None, sql: bool, excluded: bool, form: str, out: str | None, **rest: object
) -> None:
    """Show the rows behind METRIC (deployment_frequency, change_lead_time, change_fail_rate, ...)."""
    from metrics.explain import explain

    with reading(config) as reader:
        told = explain(reader, question_of(reader, asked(rest)), metric)
    if sql:
        click.echo(told.sql)
        return
    rows = [row for row in told.rows if excluded or row["role"] != "excluded"]
    head = _head(told)
    say(head, form)
    shown = rows if form != "table" else [_short(row) for row in rows]
    used = told.question.definitions.hash
    emit(shown, form, out, _document(told, rows), definitions=used, notes=(*head, *told.notes))
    say(told.notes, form)


def _head(told: Explanation) -> list[str]:
    used, period = told.question.definitions, told.question.period
    start, end = ends(period, used)
    lines = [
        f"{told.metric.title}: {told.metric.definition}",
        *stamped(f"definition: {told.metric.source_url}; [{start}, {end}), times of rows in UTC", used),
        f"{told.formula} = {figure_text(told.value, told.metric.unit, 'no data')}",
    ]
    if any(row["role"] == "open" for row in told.rows):
        lines.append(
            f"with the open ones (Kaplan-Meier) = {figure_text(told.with_open, told.metric.unit, 'not reached')}"
        )
    return lines


def figure_text(value: float | None, unit: str, without: str) -> str:
    """A figure as the rows give it, then as `dora metrics` says it: `8154 seconds, 2 h 16 min`."""
    from dashboard.units import duration, percent

    if value is None:
        return without
    if unit == "seconds":
        return f"{value:.12g} seconds, {duration(value)}"
    return f"{value:.6g}, {percent(value)}" if unit == "rate" else f"{value:.6g} {unit}"


def _document(told: Explanation, rows: list[dict[str, object]]) -> dict[str, object]:
    period = told.question.period
    return {
        "schema_version": 1,
        "metric": told.metric.id,
        "definition": told.metric.definition,
        "source": told.metric.source_url,
        "definitions": {"hash": told.question.definitions.hash} | told.question.definitions.as_dict(),
        "period": {"from": period.start.isoformat(), "to": period.end.isoformat()},
        "filters": told.question.filters,
        "notes": told.notes,
        "value": told.value,
        "kaplan_meier": told.with_open if told.metric.unit == "seconds" else None,
        "unit": told.metric.unit,
        "formula": told.formula,
        "sql": told.sql,
        "rows": rows,
    }


def _short(row: dict[str, object]) -> dict[str, object]:
    wanted = ("role", "reason", "finished_at", "service", "version", "change", "subject", "began_at", "deployed_at",
              "incident_id", "title", "recovered_at", "resolved_at", "seconds", "age_seconds", "deployment_id")  # fmt: skip
    return {name: _cut(name, row[name]) for name in wanted if name in row}


def _cut(name: str, cell: object) -> object:
    """Long titles are cut; why a row counts or not is said to the end."""
    return cell[:60] if isinstance(cell, str) and name != "reason" else cell
