"""The charts, drawn without a browser by the same engine."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import altair as alt
import polars as pl
import pytest
import vl_convert

from dashboard import charts
from dashboard.axes import Axis
from dashboard.colours import DARK, LIGHT, Palette
from dashboard.zones import Zone

NAMES = ["Atlas", "<script>alert(1)</script>", "$x$ :red[b]", "None yet"]
LEVELS = [Zone("elite", None, 86400, True), Zone("high", 86400, 604800), Zone("low", 2e6, None)]


def _rows(values: list[float | None], level: str = "high") -> pl.DataFrame:
    return pl.DataFrame({
        "name": NAMES[: len(values)], "value": values, "low": [v and v / 2 for v in values], "high": [v and v * 2 for v in values],
        "label": ["insufficient data" if v is None else "shown" for v in values], "level": [level] * len(values),
        "shown": ["shown"] * len(values), "interval": ["a to b"] * len(values), "n": ["n"] * len(values),
    }, schema_overrides={"value": pl.Float64, "low": pl.Float64, "high": pl.Float64})  # fmt: skip


def _svg(chart: alt.LayerChart) -> str:
    svg: str = vl_convert.vegalite_to_svg(chart.to_dict())
    return svg


@pytest.mark.parametrize("palette", [LIGHT, DARK])
@pytest.mark.parametrize(
    ("axis", "values"),
    [("seconds", [60.0, 90000.0, 0.0, None]), ("per_day", [0.01, 12.0, 900.0, None]), ("rate", [0.0, 0.5, 1.0, None])],
)
def test_names_and_missing_figures_are_drawn_as_text(axis: Axis, values: list[float | None], palette: Palette) -> None:
    svg = _svg(charts.band_chart(_rows(values), LEVELS if axis == "seconds" else [], axis, palette))
    assert "<script" not in svg
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in svg
    assert svg.count(">insufficient data<") == 1
    assert "NaN" not in svg


def test_a_missing_figure_has_no_dot_at_zero() -> None:
    spec = json.dumps(charts.band_chart(_rows([None]), LEVELS, "seconds", LIGHT).to_dict())
    points = [layer for layer in json.loads(spec)["layer"] if layer["mark"]["type"] == "point"]
    data = json.loads(spec)["datasets"]
    assert [data[point["data"]["name"]] for point in points] == [[]]


def test_time_ticks_are_words() -> None:
    svg = _svg(charts.band_chart(_rows([7200.0, 90000.0]), LEVELS, "seconds", LIGHT))
    assert all(f">{tick}<" in svg for tick in ("1 h", "1 d", "1 wk"))
    assert ">elite<" in svg


def test_a_metric_without_levels_says_so() -> None:
    assert ">no published levels<" in _svg(charts.band_chart(_rows([0.1]), [], "rate", LIGHT))


def test_two_hundred_rows_draw() -> None:
    rows = pl.concat([_rows([60.0]).with_columns(name=pl.lit(f"Team {n}")) for n in range(200)])
    assert charts.band_chart(rows, LEVELS, "seconds", LIGHT).height == 200 * charts.ROW_HEIGHT


@pytest.mark.parametrize("values", [[1.0, None, 3.0], [None, None, None], [0.0, 0.0, 0.0]])
@pytest.mark.parametrize("axis", ["seconds", "per_day", "rate"])
def test_a_trend_with_gaps_draws(axis: Axis, values: list[float | None]) -> None:
    frame = pl.DataFrame({
        "start": [datetime(2025, 1, 6) + timedelta(weeks=n) for n in range(3)], "value": values, "low": values, "high": values,
        "when": [""] * 3, "shown": [""] * 3, "interval": [""] * 3, "n": [""] * 3,
    }, schema_overrides={"value": pl.Float64, "low": pl.Float64, "high": pl.Float64})  # fmt: skip
    assert "NaN" not in _svg(charts.trend_chart(frame, axis, LIGHT, before=1.0))


def _weeks(values: list[float], **more: list[object]) -> pl.DataFrame:
    n = len(values)
    columns: dict[str, list[object]] = {
        "start": [datetime(2025, 1, 6) + timedelta(weeks=i) for i in range(n)], "value": list(values), "low": list(values),
        "high": list(values), "when": [""] * n, "shown": [""] * n, "interval": [""] * n, "n": [""] * n,
    }  # fmt: skip
    return pl.DataFrame(columns | more)


def test_a_point_outside_its_limits_has_a_ring_and_the_limits_are_dotted() -> None:
    rows = _weeks(
        [2.0, 2.0, 9.0], limit_low=[1.0] * 3, limit_high=[3.0] * 3, signal=[None, None, "outside its control limits"]
    )
    spec = charts.trend_chart(rows, "per_day", LIGHT).to_dict()
    rings = [layer for layer in spec["layer"] if layer["mark"].get("filled") is False]
    assert [[row["value"] for row in spec["datasets"][ring["data"]["name"]]] for ring in rings] == [[9.0]]
    assert sum(layer["mark"].get("strokeDash") == [1, 3] for layer in spec["layer"]) == 2
    assert "outside its control limits" in json.dumps(spec)


def test_a_change_of_definitions_breaks_the_line() -> None:
    """Two pieces of two points each, not one line of four."""
    rows = _weeks([2.0, 2.0, 3.0, 3.0], definitions=["aaa", "aaa", "bbb", "bbb"])
    assert _lines(_svg(charts.trend_chart(rows, "per_day", LIGHT))) == 2
    assert _lines(_svg(charts.trend_chart(rows.drop("definitions"), "per_day", LIGHT))) == 1


def _lines(svg: str) -> int:
    return svg.count('aria-roledescription="line mark"')


def test_waiting_changes_name_their_total() -> None:
    frame = pl.DataFrame({"name": ["a", "a"], "age": [charts.AGES[0], charts.AGES[3]], "changes": [3, 4], "total": [7, 7],
                          "label": ["7, oldest 40 d", None]})  # fmt: skip
    assert ">7, oldest 40 d<" in _svg(charts.waiting_chart(frame, DARK))


def test_a_timeline_of_one_event_draws() -> None:
    frame = pl.DataFrame(
        {"at": [datetime(2025, 1, 6)], "what": ["<b>deployed</b>"], "when": ["x"], "lane": ["deployment"]}
    )
    svg = _svg(charts.timeline_chart(frame, LIGHT))
    assert "&lt;b&gt;deployed&lt;/b&gt;" in svg
