"""`dora dashboard`: Streamlit over the published file, on this machine only."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import click

from dora.cli.options import config_option, note, reading
from dora.config import load_config
from dora.errors import ConfigError, DoraError

port_option = click.option("--port", type=click.IntRange(1, 65535), default=8501, show_default=True)


@click.command("dashboard")
@config_option
@port_option
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
    """Run the pages of a published file until they are stopped; exits with Streamlit's code.

    An address or a port that cannot be listened on is a `DoraError`.
    """
    from dashboard.launch import command as streamlit

    check_free(address, port)
    note(f"dashboard of {published} on http://{address}:{port} (stop with Ctrl-C)")
    root = str(Path(__file__).resolve().parents[2])
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))}
    sys.exit(subprocess.run(streamlit(published, port, address=address), env=environment, check=False).returncode)


def check_free(address: str, port: int) -> None:
    """Raise a `DoraError` that says what to choose when nothing can listen on `address:port`.

    A name may stand for several addresses, of which one is enough: `localhost` is of IPv6 too where that is switched off.
    """
    try:
        places = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError):
        raise ConfigError(_no_address(address)) from None
    failures = [failure for family, *_, place in places if (failure := _failure(family, place))]
    if errno.EADDRINUSE in failures:
        raise DoraError(f"port {port} of {address} is taken by another program; choose another with --port")
    if len(failures) < len(places):
        return
    if errno.EACCES in failures:
        raise DoraError(f"this user may not listen on port {port}; choose one above 1023 with --port")
    raise ConfigError(_no_address(address))


def _no_address(address: str) -> str:
    return f"--address: {address!r} is no address of this machine; choose 127.0.0.1, 0.0.0.0 or one of its own"


def _failure(family: int, place: tuple[object, ...]) -> int | None:
    """The error number of listening on one place; None when it can be done."""
    try:
        with socket.socket(family, socket.SOCK_STREAM) as tried:
            if os.name == "posix":  # as Streamlit's server does: a port just given back is free
                tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                with suppress(OSError):
                    tried.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tried.bind(place)
            tried.listen(1)
    except OSError as error:
        return error.errno or errno.EIO
    return None
