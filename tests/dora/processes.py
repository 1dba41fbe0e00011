"""Running `dora` as a person does: in a process of its own, in a folder, with an environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dora.warehouse import open_published, open_warehouse

ROOT = Path(__file__).resolve().parents[2]


def environment(**more: str) -> dict[str, str]:
    """The environment of a test run: dora importable from anywhere, none of the caller's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DORA_") and name != "NO_COLOR"}
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **more}


def command(*arguments: str) -> list[str]:
    """The argument list of a dora command."""
    return [sys.executable, "-m", "dora", *arguments]


def dora(
    folder: Path, *arguments: str, given: str = "", more: Mapping[str, str] | None = None, code: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Run one command in `folder` and expect exit code `code` (None: any)."""
    done = subprocess.run(
        command(*arguments), cwd=folder, env=environment(**(more or {})), input=given, capture_output=True, text=True,
        encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, f"exit {done.returncode}: {done.stderr}"
    return done


def content(folder: Path, name: str = "dora") -> dict[str, dict[str, str]]:
    """The content hash of every table of both files."""
    warehouse = open_warehouse(folder / f"{name}.duckdb")
    published = open_published(folder / f"{name}.published.duckdb")
    try:
        return {"records": warehouse.content_hash(), "published": published.content_hash()}
    finally:
        warehouse.close()
        published.close()


def leftovers(folder: Path) -> list[str]:
    """Files that a run should not leave behind."""
    return sorted(path.name for path in folder.iterdir() if "draft" in path.name or path.suffix == ".wal")
