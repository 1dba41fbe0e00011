"""The command line that starts the dashboard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dashboard.launch import APP, command


def test_the_pages_are_served_to_this_machine_only_and_nothing_is_sent_home() -> None:
    line = command(Path("p.duckdb"), 8600)
    assert line[:5] == [sys.executable, "-P", "-m", "streamlit", "run"]
    assert {"--server.address=127.0.0.1", "--server.port=8600", "--browser.gatherUsageStats=false"} <= set(line)
    assert line[line.index("--") + 1 :] == ["p.duckdb"]
    assert APP.is_file()


def test_streamlit_knows_every_option_given() -> None:
    known = subprocess.run(
        [sys.executable, "-m", "streamlit", "run", "--help"], capture_output=True, text=True, check=True
    ).stdout
    given = [part.split("=")[0] for part in command(Path("p")) if part.startswith("--") and "=" in part]
    assert [option for option in given if option not in known] == []
