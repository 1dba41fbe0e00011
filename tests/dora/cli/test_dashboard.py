"""`dora dashboard`: what it says of an address or a port on which it cannot be served, before it announces it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.dora.processes import said


@pytest.mark.parametrize("command", ["dashboard", "demo"])
@pytest.mark.parametrize("port", ["99999999", "-1", "0"])
def test_a_number_that_is_no_port_is_a_usage_mistake(tmp_path: Path, command: str, port: str) -> None:
    told = said(tmp_path, command, "--port", port, code=2).stderr
    assert f"{port} is not in the range 1<=x<=65535" in told
    assert not (tmp_path / "demo").exists()


@pytest.mark.parametrize("address", ["nonsense.invalid", "203.0.113.7", "a" * 70])
def test_an_address_of_another_machine_or_of_none_is_one_sentence(tmp_path: Path, address: str) -> None:
    (tmp_path / "dora.toml").write_text("")
    told = said(tmp_path, "dashboard", "--address", address, code=2).stderr
    assert told.startswith(f"dora: --address: '{address}' is no address of this machine; choose 127.0.0.1")
    assert told.count("\n") == 1


def test_a_port_that_is_taken_is_one_sentence_that_says_what_to_choose(tmp_path: Path) -> None:
    (tmp_path / "dora.toml").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = said(tmp_path, "dashboard", "--port", port, code=1).stderr
    assert told == f"dora: port {port} of 127.0.0.1 is taken by another program; choose another with --port\n"
