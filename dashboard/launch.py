"""The command that starts the dashboard in its own process, with nothing left to a settings file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

APP = Path(__file__).with_name("app.py")
#: Every setting is given here: a `.streamlit` folder would not travel with the installed package.
OPTIONS = (
    "--server.headless=true",
    "--server.fileWatcherType=none",
    "--server.runOnSave=false",
    "--server.showEmailPrompt=false",
    "--server.enableStaticServing=false",
    "--browser.gatherUsageStats=false",
    "--client.toolbarMode=minimal",
    "--client.showErrorDetails=none",
    "--client.showErrorLinks=false",
    "--runner.magicEnabled=false",
    "--logger.level=warning",
    "--theme.light.primaryColor=#0b6e63",
    "--theme.dark.primaryColor=#45c4b0",
    "--theme.baseRadius=0.5rem",
    "--theme.metricValueFontSize=1.9rem",
    "--theme.headingFontSizes=1.7rem,1.35rem,1.1rem,1rem,0.9rem,0.8rem",
)


def command(published: Path, port: int = 8501, *, address: str = "127.0.0.1", options: Sequence[str] = ()) -> list[str]:
    """The argument list that serves the pages of one published file on `http://address:port`.

    `-P` keeps the working directory off the import path, so that a folder named `metrics` or `dashboard` there
    is not taken for ours. `options` are further Streamlit options, which win over ours.
    """
    return [
        sys.executable, "-P", "-m", "streamlit", "run", str(APP),
        f"--server.address={address}", f"--server.port={port}", f"--browser.serverAddress={address}",
        *OPTIONS, *options, "--", str(published),
    ]  # fmt: skip
