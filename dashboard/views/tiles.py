"""The five metrics as tiles: figure, level in words, interval, what it rests on, and the change against before."""

from __future__ import annotations

import streamlit as st

from dashboard import units
from dashboard.figures import FIGURES, Figure, Reading, change_text, is_better, level_text
from metrics.own_past import Change, changes
from metrics.question import Question
from metrics.results import Group
from metrics.weeks import Known

#: Streamlit's own badge colours; the level is always written out, so the colour only supports it.
_COLOURS = {"elite": "green", "high": "blue", "medium": "orange", "low": "red"}


def row(now: Group, before: Group, question: Question, known: tuple[Known, Known]) -> None:
    """Draw the tiles side by side; `known`: the time of both periods that counts."""
    found = changes(now, before, known)
    for column, figure in zip(st.columns(len(FIGURES)), FIGURES, strict=True):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            _tile(figure, figure.of(now), found[figure.id], question)


def _tile(figure: Figure, reading: Reading, change: Change, question: Question) -> None:
    st.metric(figure.title, reading.missing or figure.text(reading), help=figure.meaning)
    level = level_text(reading)
    st.badge(level, color=_COLOURS.get(level, "gray"))  # type: ignore[arg-type]
    lines = [reading.basis, f"95 %: {figure.interval(reading)}", _change_line(figure, change, question)]
    st.caption("  \n".join(lines))


def _change_line(figure: Figure, change: Change, question: Question) -> str:
    """An arrow only when the interval of the change excludes none; better and worse are said in words."""
    span = f"the {units.count(question.period.days)} days before"
    text = change_text(change)
    if text is None:
        return f"no data to compare with {span}"
    if change.reason:
        return f"insufficient data to compare with {span}, {change.reason}: {text}"
    if not change.clear:
        return f"no clear change against {span}: {text}"
    arrow = "▲" if change.upwards else "▼"
    return f"**{arrow} {'better' if is_better(figure, change) else 'worse'}** than {span}: {text}"
