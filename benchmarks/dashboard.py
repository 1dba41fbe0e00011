"""How long the overview takes to run, as a ratio to an empty Streamlit page in the same process.

    python benchmarks/dashboard.py

Two organisations: 6 teams, and 200 teams. `first` is the run after a file was published (nothing kept), `again` a
run with answers kept, as after a click. Each figure is the median of several runs; both pages take turns, so a
busy machine slows both.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import streamlit as st
from streamlit.testing.v1 import AppTest

sys.path.insert(0, str(Path(__file__).parents[1]))

from dashboard.launch import APP
from tests.organisations import publish

RUNS = 7
#: (teams, deployments a team) -> the most times an empty page that each run may take.
LIMITS = {(6, 600): (700.0, 80.0), (200, 100): (800.0, 100.0)}


def _empty() -> None:
    import streamlit as st

    st.write("nothing")


def _seconds(app: AppTest) -> float:
    started = time.perf_counter()
    app.run()
    if app.exception:
        raise SystemExit(f"the page failed: {app.exception[0].message}")
    return time.perf_counter() - started


def measure(published: Path) -> tuple[float, float, float]:
    """Median seconds of (empty page, overview with nothing kept, overview with answers kept)."""
    sys.argv = ["app.py", str(published)]
    empty, overview = (
        AppTest.from_function(_empty, default_timeout=300),
        AppTest.from_file(str(APP), default_timeout=300),
    )
    _seconds(empty), _seconds(overview)
    rows = []
    for _ in range(RUNS):
        st.cache_data.clear()
        rows.append((_seconds(empty), _seconds(overview), _seconds(overview)))
    nothing, first, again = (statistics.median(column) for column in zip(*rows, strict=True))
    return nothing, first, again


def main() -> int:
    """Print the ratios; 1 when one is above its limit."""
    slow = 0
    for (teams, each), limits in LIMITS.items():
        with tempfile.TemporaryDirectory() as folder:
            published = publish(Path(folder), [f"Team {n:03d}" for n in range(teams)], each=each, days=365)
            empty, *overview = measure(published)
        for name, seconds, limit in zip(("first", "again"), overview, limits, strict=True):
            ratio = seconds / empty
            slow += ratio > limit
            print(
                f"overview, {teams} teams, {teams * each:,} deployments, {name}: {ratio:.0f}x an empty page "
                f"({seconds * 1000:.0f} ms against {empty * 1000:.1f} ms; limit {limit:.0f}x)"
            )
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main())
