"""Take the README's pictures: the dashboard over a folder that holds a dora.toml, in a headless Chromium.

python docs/screenshot.py demo
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from dashboard.launch import command
from dora.config import load_config

PORT = 8599
HERE = Path(__file__).parent


def main(folder: str) -> None:
    """Serve the published file, wait for the page to stand still, and save what it shows."""
    published = load_config(str(Path(folder) / "dora.toml")).published_path
    server = subprocess.Popen(command(published, PORT))
    try:
        _wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1440, "height": 1150})
            _shoot(page, "", "overview.png")
            browser.close()
    finally:
        server.terminate()
        server.wait()


def _wait() -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/_stcore/health", timeout=1)
            return
        except OSError:
            time.sleep(0.2)
    raise SystemExit("the dashboard did not start")


def _shoot(page: Page, path: str, name: str) -> None:
    page.goto(f"http://127.0.0.1:{PORT}/{path}")
    page.wait_for_selector("canvas, svg.marks", timeout=60_000)
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=str(HERE / name))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "demo")
