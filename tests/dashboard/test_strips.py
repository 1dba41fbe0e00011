"""The 2025 Quick Check as a chart and on the overview."""

from __future__ import annotations

from dataclasses import replace

import vl_convert

from dashboard.colours import DARK, LIGHT
from dashboard.strips import strip_chart
from dashboard.views.quick_check import rows
from metrics.quick_check import Strip, quick_check
from tests.metrics.test_own_past import group


def _strips() -> tuple[Strip, ...]:
    """Thirty deployments, of which none is known to have shipped a change or to have failed."""
    found = group("2025-06-01", "2025-07-01", 30)
    frequency = replace(found.deployment_frequency, per_day=1.0, per_day_interval=(0.67, 1.43))
    return quick_check(replace(found, deployment_frequency=frequency))


def test_every_metric_has_a_bar_and_those_with_enough_data_a_dot_and_a_line() -> None:
    frame = rows(_strips())
    assert frame["place"].is_null().to_list() == [False, True, False, True, False]
    assert frame["place_low"].is_null().equals(frame["place_high"].is_null())
    for palette in (LIGHT, DARK):
        svg: str = vl_convert.vegalite_to_svg(strip_chart(frame, palette).to_dict())
        assert svg.count('aria-roledescription="bar"') == 5
        assert svg.count('aria-roledescription="point"') == svg.count('aria-roledescription="rule mark"') == 3
        assert svg.count(">insufficient data</text>") == 2
        assert "NaN" not in svg


def test_each_row_says_which_end_is_good_what_all_answered_and_where_ours_may_lie() -> None:
    frame = rows(_strips())
    assert frame["name"].to_list()[1] == "Change lead time (10 is best)"
    assert frame["name"].to_list()[3] == "Failed deployment recovery time (0 is best)"
    assert frame["published"].to_list()[1] == "5.5 ± 2.4"
    assert frame["shown"].to_list()[:2] == ["8 (6 to 10): once per hour to once per day", "insufficient data"]
