"""`dora dashboard`: Streamlit over the published file, on this machine only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from dora.cli.options import config_option, note, reading
from dora.config import load_config


@click.command("dashboard")
@config_option
@click.option("--port", type=int, default=8501, show_default=True)
@click.option(
    "--address", default="127.0.0.1", show_default=True, help="0.0.0.0 lets other machines in; there is no log-in."
)
def command(config: str | None, port: int, address: str) -> None:
    """Open the dashboard; it follows every `dora ingest` by itself."""
    loaded = load_config(config)
    if loaded.published_path.is_file():
        with reading(config):  # warns of changed definitions
            pass
    run(loaded.published_path, port, address)


def run(published: Path, port: int, address: str = "127.0.0.1") -> None:
    """Run the pages of a published file until they are stopped; exits with Streamlit's code."""
    from dashboard.launch import command as streamlit

    note(f"dashboard of {published} on http://{address}:{port} (stop with Ctrl-C)")
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
    sys.exit(subprocess.run(streamlit(published, port, address=address), env=environment, check=False).returncode)
