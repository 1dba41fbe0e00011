"""`dora metrics --analysis NAME`: one analysis as a table, JSON, CSV, Markdown or Parquet; `list` names them all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import click

from dora.cli.options import READ, say
from dora.cli.settings import ends, stamped
from dora.cli.tables import emit

if TYPE_CHECKING:
    from dora.warehouse import Reader
    from metrics.analyses.answer import Answer
    from metrics.question import Question
#: Up to so many rows with more columns than that are shown with a line for every column.
FEW_ROWS, FEW_COLUMNS = 4, 8


def emit_list(form: str, out: str | None) -> None:
    """Name every analysis with the question it answers."""
    from metrics.analyses.catalog import ANALYSES

    emit([{"analysis": name, "answers": known.asks} for name, known in ANALYSES.items()], form, out)


def check_every(name: str, every: str | None) -> None:
    """Stop with a usage error when an analysis answers for the whole period only."""
    from metrics.analyses.catalog import analysis

    if every and not analysis(name).every:
        raise click.UsageError(f"--analysis {name} answers for the whole period; leave --every out")


def emit_analysis(reader: Reader, question: Question, name: str, form: str, out: str | None) -> None:
    """Answer one analysis; an unknown name is a `ConfigError`."""
    from metrics.analyses.catalog import analysis

    answer = analysis(name).answer(reader, question)
    if form in READ:
        notes = [*_footer(answer, question), *question.narrowing, *question.ended()]
        emit(_table(answer), form, out, notes=notes)
        say(notes, form)
    else:
        rows, used = [_flat(row) for row in answer.rows], question.definitions.hash
        emit(rows, form, out, contract(answer, question), _flat_names(answer), definitions=used)


def contract(answer: Answer, question: Question) -> dict[str, object]:
    """The JSON document: the answer, the period, what it was narrowed to and the definitions behind it."""
    return {
        "schema_version": 1,
        **answer.as_dict(),
        "notes": [*question.narrowing, *answer.notes],
        "filters": question.filters,
        "by": question.by,
        "period": {"from": question.period.start.isoformat(), "to": question.period.end.isoformat()},
        "data_as_of": question.as_of.isoformat(timespec="seconds"),
        "definitions": {"hash": question.definitions.hash} | question.definitions.as_dict(),
    }


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """An interval as two columns, which CSV and Parquet can hold."""
    flat: dict[str, object] = {}
    for name, value in row.items():
        if name.endswith("interval"):
            flat[f"{name}_low"], flat[f"{name}_high"] = value if isinstance(value, tuple) else (None, None)
        else:
            flat[name] = value
    return flat


def _flat_names(answer: Answer) -> list[str]:
    ends = {name: (f"{name}_low", f"{name}_high") for name in answer.columns if name.endswith("interval")}
    return [part for name in answer.columns for part in ends.get(name, (name,))]


def _table(answer: Answer) -> list[dict[str, object]]:
    """The rows as a person reads them: `median` 2 d 4 h, `fail rate` 12.5 %, its interval after it.

    A lone group and what is empty in every row are left out; a few long rows stand side by side, one line a figure.
    """
    alone = len({row["group"] for row in answer.rows}) < 2
    empty = {name for name in answer.columns[answer.keys :] if all(_is_empty(row[name]) for row in answer.rows)}
    shown = [
        name for name in answer.columns if name not in empty and not (name == "group" and alone and answer.keys > 1)
    ]
    if len(answer.rows) > FEW_ROWS or len(shown) <= FEW_COLUMNS:
        return [{_heading(name): _said(name, row[name]) for name in shown} for row in answer.rows]
    named = {
        " / ".join(str(_said(name, row[name])) for name in shown if name in _keys(answer)): row for row in answer.rows
    }
    figures = [name for name in shown if name not in _keys(answer)]
    return [
        {"figure": _heading(name)} | {key: _said(name, row[name]) for key, row in named.items()} for name in figures
    ]


def _keys(answer: Answer) -> tuple[str, ...]:
    return answer.columns[: answer.keys]


def _is_empty(value: object) -> bool:
    return value is None or value == (None, None)


def _heading(name: str) -> str:
    words = (
        name.replace("_seconds", "").removeprefix("seconds_").replace("_interval", "_95_%").replace("_", " ").strip()
    )
    return words or name


def _said(name: str, value: object) -> object:
    from dashboard.units import duration, interval, percent

    form = duration if "seconds" in name else percent if "rate" in name or "share" in name else _number
    if isinstance(value, tuple):
        low, high = value
        return "-" if low is None and high is None else interval(low, high, form)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value if form is _number else form(float(value))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _footer(answer: Answer, question: Question) -> list[str]:
    used, period = question.definitions, question.period
    start, end = ends(period, used)
    return [
        f"{answer.title}: {answer.definition}",
        *stamped(
            f"[{start}, {end}), times of rows in UTC; data as of {question.as_of.isoformat(timespec='seconds')}", used
        ),
        *answer.notes,
    ]
