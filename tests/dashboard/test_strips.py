"""The 2025 Quick Check as a chart and on the overview."""

from __future__ import annotations

import vl_convert

from dashboard.colours import DARK, LIGHT
from dashboard.strips import strip_chart
from dashboard.views.quick_check import rows
from metrics.quick_check import quick_check
from tests.metrics.test_own_past import group


def test_every_metric_has_a_bar_and_only_those_with_data_a_dot() -> None:
    frame = rows(quick_check(group("2025-06-01", "2025-07-01", 30)))
    assert frame["place"].is_null().to_list() == [False, True, False, True, False]
    for palette in (LIGHT, DARK):
        svg: str = vl_convert.vegalite_to_svg(strip_chart(frame, palette).to_dict())
        assert svg.count('aria-roledescription="bar"') == 5
        assert svg.count('aria-roledescription="point"') == 3
        assert "NaN" not in svg


def test_each_row_says_which_end_is_good_and_what_all_answered() -> None:
    frame = rows(quick_check(group("2025-06-01", "2025-07-01", 30)))
    assert frame["name"].to_list()[1] == "Change lead time (10 is best)"
    assert frame["name"].to_list()[3] == "Failed deployment recovery time (0 is best)"
    assert frame["published"].to_list()[1] == "5.5 ± 2.4"
    assert frame["shown"].to_list()[1] == "no data"
