"""What is said to the person, on stderr: one plain line at a time, without secrets and without control characters."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable

import click

from dora.environment import without_secrets

_MARKS = r"\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
#: Control characters, ends of lines, marks that turn the direction of writing, halves of surrogate pairs.
_OBEYED = re.compile(f"[\\x00-\\x1f{_MARKS}]")
_OBEYED_IN_TEXT = re.compile(f"\\r(?!\\n)|[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f{_MARKS}]")
#: The forms that a person reads: what is said beside figures is said beside these.
READ = ("table", "markdown")


def note(text: str) -> None:
    """A line for the person, on stderr."""
    click.echo(spoken(text), err=True)


def spoken(text: str) -> str:
    """A note as it may leave the process."""
    return document(without_secrets(text))


def say(notes: Iterable[str], form: str) -> None:
    """Notes beside what a person reads; none beside what a program does."""
    for line in notes if form in READ else ():
        note(line)


def progress() -> Callable[[str], None]:
    """A sink for progress lines: one rewritten line on a terminal, silence elsewhere."""
    if not sys.stderr.isatty():
        return lambda _line: None
    return lambda line: click.echo(f"\r\x1b[2K{printable(without_secrets(line))[:118]}", nl=False, err=True)


def printable(text: str) -> str:
    """One line with every letter that a terminal would obey, or that cannot be encoded, replaced.

    >>> printable("v1\\x1b[31m")
    'v1�[31m'
    """
    return _OBEYED.sub("\N{REPLACEMENT CHARACTER}", text)


def document(text: str) -> str:
    """A text of several lines in the same way; ends of lines and tabs stay."""
    return _OBEYED_IN_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)
