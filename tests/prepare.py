"""Get what the tests need besides Python packages; what cannot be had is said, and its tests skip.

Chromium through apt when this runs as root, GitHub's published schemas through npm. Never fails the check.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def main() -> None:
    """Prepare one thing after the other; each failure is one line."""
    if not shutil.which("git"):
        install("git", "git")
    if not any(map(shutil.which, BROWSERS)):
        install("chromium", "Chromium")
    fetched = subprocess.run([sys.executable, str(Path(__file__).with_name("fetch_schemas.py"))], check=False)
    if fetched.returncode:
        say("GitHub's schemas are not there: tests that compare with them are skipped")


def install(package: str, what: str) -> None:
    """Install a Debian package when that is possible."""
    if os.geteuid() or not shutil.which("apt-get"):
        say(f"{what} is not installed and apt-get cannot be used here: its tests are skipped")
        return
    say(f"installing {what}")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": False}
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], env=environment, **quiet)  # type: ignore[call-overload]
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package]
    if subprocess.run(command, env=environment, **quiet).returncode:  # type: ignore[call-overload]
        say(f"{what} could not be installed: its tests are skipped")


def say(text: str) -> None:
    """One line for the person who runs the tests."""
    sys.stdout.write(f"prepare: {text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
