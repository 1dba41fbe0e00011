"""The report as PDF: the HTML page printed by an installed Chromium, Chrome, Edge or Brave.

No PDF library: the small ones cannot set the page's tables, dark scripts and pictures, the able ones bring system
libraries of their own. Where no such browser is installed, the HTML file prints the same pages.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from dashboard.report import html
from dora.errors import DoraError
from metrics.story import DeploymentStory

BROWSERS = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "brave-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)  # fmt: skip
#: No name resolves for the browser, so that printing sends nothing anywhere.
_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--no-pdf-header-footer", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
_SECONDS = 120
SUFFIX = "pdf"


def render(told: DeploymentStory) -> bytes:
    """The printed page. Errors: `DoraError` when no browser is installed, or when it fails."""
    browser = find_browser()
    with tempfile.TemporaryDirectory(prefix="dora-report-") as folder:
        page, printed = Path(folder, "report.html"), Path(folder, "report.pdf")
        page.write_text(html.render(told), encoding="utf-8")
        _print(browser, page, printed)
        return printed.read_bytes()


def find_browser(names: Sequence[str] = BROWSERS) -> str:
    """The first installed browser that can print."""
    for name in names:
        if found := shutil.which(name):
            return found
    raise DoraError(
        "pdf: no Chromium, Chrome, Edge or Brave is installed; use --format html and print it, or install one"
    )


def _print(browser: str, page: Path, printed: Path) -> None:
    flags = [*_FLAGS, f"--user-data-dir={page.parent / 'profile'}", f"--print-to-pdf={printed}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        # Chromium refuses to start as root with its sandbox; the page is ours and holds no script.
        flags.append("--no-sandbox")
    try:
        subprocess.run([browser, *flags, page.as_uri()], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DoraError(
            f"pdf: {browser} did not finish ({type(error).__name__}); use --format html and print it"
        ) from error
    if not printed.is_file() or not printed.stat().st_size:
        raise DoraError(f"pdf: {browser} wrote no file; use --format html and print it")
