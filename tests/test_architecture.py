"""Who may import whom, and the installed package in a folder that holds others of the same names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dora.processes import ROOT, environment

PACKAGES = ("dora", "ingest", "metrics", "dashboard")
#: contract -> (file, line that breaks it)
PLANTED = {
    "data flows one way": ("metrics/catalog.py", "import ingest.sync"),
    "only the command line reads the configuration": ("ingest/rows.py", "import dora.config"),
    "only the warehouse knows duckdb": ("metrics/bands.py", "import duckdb"),
    "charts and reports work without streamlit": ("dashboard/units.py", "import streamlit"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """The import contracts checked in a folder."""
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.is_file():
        pytest.skip("import-linter is not installed")
    words = [str(linter), "--no-cache"]
    return subprocess.run(words, cwd=folder, env=environment(PYTHONPATH=str(folder)), capture_output=True, text=True)


def copied(folder: Path) -> Path:
    """The packages and their settings, without anything that was built."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    return folder


def test_imports_keep_the_contracts() -> None:
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_planted_imports_break_every_contract(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    for file, line in PLANTED.values():
        path = folder / file
        path.write_text(
            path.read_text().replace(
                "from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n"
            )
        )
    done = lint(folder)
    assert done.returncode == 1
    assert set(re.findall(r"^(.+) BROKEN", done.stdout, re.MULTILINE)) == set(PLANTED)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the built wheel was installed into, without its dependencies."""
    pytest.importorskip("hatchling", reason="hatchling is not installed, so no wheel can be built offline")
    folder = tmp_path_factory.mktemp("wheel")
    source = copied(tmp_path_factory.mktemp("source"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(folder / "site"),
        str(wheel),
    ]
    subprocess.run(pip, check=True, capture_output=True)
    return folder / "site"


def foreign(folder: Path) -> Path:
    """A working folder with packages named like ours."""
    for name in ("metrics", "ingest", "dashboard"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(f"raise SystemExit('the foreign {name} was imported')\n")
    (folder / "records").mkdir()
    (folder / "records" / "deployments.csv").write_text("id,service,finished_at\n1,shop,2025-01-01\n")
    (folder / "dora.toml").write_text('[[source]]\ntype = "files"\nfolder = "records"\n')
    return folder


def test_installed_command_works_beside_foreign_packages(installed: Path, tmp_path: Path) -> None:
    folder = foreign(tmp_path)
    for words in (["ingest"], ["metrics", "--from", "2025-01-01", "--format", "csv"]):
        done = subprocess.run(
            [sys.executable, str(installed / "bin" / "dora"), *words], cwd=folder, capture_output=True, text=True,
            env=environment(PYTHONPATH=str(installed)),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert "organisation,2025-01-01" in done.stdout


def test_shadowed_packages_are_one_sentence(installed: Path, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "dora", "metrics"]
    done = subprocess.run(
        words, cwd=foreign(tmp_path), env=environment(PYTHONPATH=str(installed)), capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "another package named 'ingest'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_wheel_holds_only_the_four_packages(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.is_dir() and path.suffix != ".dist-info"} == {
        *PACKAGES,
        "bin",
    }
