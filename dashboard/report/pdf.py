"""The report as PDF: the HTML format printed by a Chromium that is on this machine.

A PDF library would weigh more than the rest of the report together and lay the page out a second time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from dashboard.report import html
from dora.errors import DoraError
from metrics.story import DeploymentStory

SUFFIX = "pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def render(told: DeploymentStory) -> bytes:
    """PDF bytes; a `DoraError` that says what to do when no browser is here or it prints nothing."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise DoraError("pdf: no Chromium or Chrome is installed; install one, or use --format html and print it")
    with tempfile.TemporaryDirectory() as folder:
        page, out = Path(folder) / "report.html", Path(folder) / "report.pdf"
        page.write_text(html.render(told), encoding="utf-8")
        subprocess.run(_command(browser, folder, page, out), capture_output=True, check=False, timeout=120)
        if not out.is_file():
            raise DoraError(f"pdf: {browser} printed nothing; use --format html and print it from a browser")
        return out.read_bytes()


def _command(browser: str, folder: str, page: Path, out: Path) -> list[str]:
    # The superuser cannot use Chromium's sandbox; the page holds no script and may load nothing.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    quiet = ["--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
    profile = f"--user-data-dir={folder}/profile"
    return [browser, *quiet, *sandbox, profile, "--no-pdf-header-footer", f"--print-to-pdf={out}", page.as_uri()]
