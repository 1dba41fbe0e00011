"""What a tile says of a change: an arrow with evidence, else why there is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dashboard.figures import FIGURES
from dashboard.views.tiles import _change_line
from dora.period import Period
from metrics.own_past import FEW_WEEKS, Change, frequency_change
from metrics.question import Question

START, END = datetime(2025, 5, 1, tzinfo=UTC), datetime(2025, 5, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change(), "no data to compare with the 21 days before"),
        (Change(ratio=6.0, interval=(4.0, 9.0)), "**▲ better** than the 21 days before: 6× (4× to 9×)"),
        (Change(ratio=1.0, interval=(0.5, 2.0)), "no clear change against the 21 days before: ±0 % (−50 % to 2×)"),
        (
            frequency_change(60, 10, spread=None),
            f"insufficient data to compare with the 21 days before, {FEW_WEEKS}: 6×",
        ),
    ],
)
def test_a_change_without_an_interval_is_not_called_unclear(change: Change, line: str) -> None:
    frequency = next(figure for figure in FIGURES if figure.id == "deployment_frequency")
    assert _change_line(frequency, change, Question(period=Period(START, END), as_of=END)) == line
