"""Running `dora` as a person does: in a process of its own, in a folder, with an environment."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from dora.cli import main
from dora.warehouse import open_published, open_warehouse

#: A repository `code` whose tags are deployments of the service shop.
GIT_ALONE = """
[[service]]
name = "shop"
repository = "acme/shop"
[[source]]
type = "git"
name = "code"
repositories = [{ name = "acme/shop", url = "code" }]
deployments = [{ tags = "v*", environment = "production", service = "shop" }]
"""

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


def said(folder: Path, *arguments: str, given: str = "", code: int | None = 0) -> subprocess.CompletedProcess[str]:
    """The same in this process, a second faster; for what a command says and does, not for how it starts or dies."""
    out, err = io.StringIO(), io.StringIO()
    pipe = io.TextIOWrapper(io.BytesIO(given.encode()), "utf-8")
    before = sys.argv, sys.stdin, dict(os.environ)
    ended = 0
    try:
        sys.argv, sys.stdin = ["dora", *arguments], pipe
        os.environ.clear()
        os.environ.update(environment())
        with redirect_stdout(out), redirect_stderr(err), chdir(folder):
            main()
    except SystemExit as exit_:
        ended = int(exit_.code or 0)
    finally:
        sys.argv, sys.stdin = before[:2]
        os.environ.clear()
        os.environ.update(before[2])
    assert code is None or ended == code, f"exit {ended}: {err.getvalue()}"
    return subprocess.CompletedProcess(list(arguments), ended, out.getvalue(), err.getvalue())


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


def ingested(folder: Path, deployments: str, services: str = "") -> None:
    """Ingest a CSV of deployments: id, service, version and finished_at in every line; `services`: of dora.toml."""
    (folder / "dora.toml").write_text(f'{services}[[source]]\ntype = "files"\nfolder = "records"\n')
    (folder / "records").mkdir()
    (folder / "records" / "deployments.csv").write_text(f"id,service,version,finished_at\n{deployments}")
    said(folder, "ingest")


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of a few megabytes; skips where one cannot be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="dora-disk-"))
    options = ["-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    try:
        mounted = os.geteuid() == 0 and subprocess.run(["mount", *options], capture_output=True).returncode == 0
        if not mounted:
            pytest.skip("a small disk needs the right to mount a tmpfs")
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True)
        folder.rmdir()


def make_read_only(disk: Path) -> None:
    """Let nobody write there any more, not even the superuser."""
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
