"""`dora demo`: a made-up organisation, written to a folder, ingested the real way, and shown."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from dora.cli.dashboard import port_option
from dora.cli.options import note, progress
from dora.config import load_config
from dora.errors import ConfigError

FOLDER = "demo"


@click.command("demo")
@click.option("--folder", default=FOLDER, show_default=True, help="Where the made-up organisation is written.")
@click.option("--seed", type=int, default=2026, show_default=True)
@click.option("--no-dashboard", is_flag=True, help="Stop before opening the dashboard.")
@port_option
@click.pass_context
def command(ctx: click.Context, folder: str, seed: int, no_dashboard: bool, port: int) -> None:
    """Write a seeded, made-up organisation (6 teams, 40 services, two years), ingest it, open the dashboard.

    Offline. A folder that already holds the demo is only brought up to date.
    """
    from dora.cli import ingest
    from dora.cli.dashboard import run

    file = _written(Path(folder), seed)
    loaded = load_config(str(file))
    note("ingesting it through the same sources as real data")
    ctx.invoke(ingest.command, config=str(file))
    note(f"made-up data is ready; try: {_as_called()} metrics -c {file} --by team")
    if not no_dashboard:
        run(loaded.published_path, port)


def _written(folder: Path, seed: int) -> Path:
    """The dora.toml of the demonstration in `folder`, which is written when there is none; else a `ConfigError`."""
    from dora.demo import make_demo

    file = folder / "dora.toml"
    try:
        if not file.is_file():
            note(f"writing a made-up organisation to {folder}/ (seed {seed})")
            file = make_demo(folder, seed=seed, progress=progress())
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}; choose another with --folder") from None
    return file


def _as_called() -> str:
    """`dora` where a shell finds it, else the path by which it was started."""
    return "dora" if shutil.which("dora") else sys.argv[0]
