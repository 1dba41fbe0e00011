"""Charts on a page: made once for the same rows, then sent as they are.

Making a chart in Python costs more than all the figures in it, most of it for checking it against the schema of
Vega-Lite; the tests do that, a page does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import altair
import streamlit as st
from altair.utils.schemapi import debug_mode

P = ParamSpec("P")


def draw(chart: Callable[P, altair.LayerChart], height: int, spoken: str, *args: P.args, **kwargs: P.kwargs) -> None:
    """Draw `chart(*args, **kwargs)` as wide as its column; `spoken` is what a screen reader says."""
    st.vega_lite_chart(spec=_spec(chart.__name__, chart, args, kwargs), height=height, alt=spoken)


@st.cache_data(max_entries=512, show_spinner=False)
def _spec(
    name: str,  # noqa: ARG001 - the cache's key
    _chart: Callable[..., altair.LayerChart],
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> dict[str, object]:
    with debug_mode(False):
        spec: dict[str, object] = _chart(*args, **kwargs).to_dict(validate=False)
    return spec
