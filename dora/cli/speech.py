"""What is said to the person, on stderr: one plain line at a time, without secrets and without control characters."""

from __future__ import annotations

import sys
from collections.abc import Callable

import click

from dora.environment import without_secrets


def note(text: str) -> None:
    """A line for the person, on stderr."""
    click.echo("\n".join(printable(line) for line in without_secrets(text).split("\n")), err=True)


def progress() -> Callable[[str], None]:
    """A sink for progress lines: one rewritten line on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        return lambda _line: None
    return lambda line: click.echo(f"\r\x1b[2K{printable(without_secrets(line))[:118]}", nl=False, err=True)


def printable(text: str) -> str:
    """The text with every letter that a terminal would obey, or that cannot be encoded, replaced.

    >>> printable("v1\\x1b[31m")
    'v1�[31m'
    """
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
