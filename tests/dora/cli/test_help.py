"""The help pages, and what they cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dora import __version__
from dora.cli import COMMANDS
from tests.dora.processes import dora, environment

HEAVY = ("duckdb", "polars", "github", "streamlit", "altair", "requests", "numpy", "jinja2", "pyarrow", "yaml")
IMPORTED = """
import json, sys
sys.argv = ["dora", "--help"]
from dora.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def test_help_imports_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], env=environment(), capture_output=True, text=True, check=True
    )
    imported = {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}
    assert "dora" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, tmp_path: Path) -> None:
    done = dora(tmp_path, name, "--help")
    assert done.stdout.startswith("Usage: ")
    assert f" {name} " in done.stdout.splitlines()[0] + " "
    assert done.stderr == ""


def test_help_lists_every_command(tmp_path: Path) -> None:
    done = dora(tmp_path, "--help")
    assert all(f"\n  {name} " in done.stdout for name in COMMANDS)


def test_version(tmp_path: Path) -> None:
    assert __version__ in dora(tmp_path, "--version").stdout
