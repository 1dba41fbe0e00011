"""Telling bots from people by the name and address that git shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from dora.errors import ConfigError

#: Regular expressions, matched anywhere in `Name <address>` whatever the case. "Abbot" is a person.
BOTS: tuple[str, ...] = (
    r"\[bot\]",
    r"dependabot",
    r"renovate",
    r"\b(fluxcdbot|argocd-image-updater)\b",
    r"<bot@",
)


def bot_test(more: Sequence[str], place: str) -> Callable[[str], bool]:
    """A test of `Name <address>` by the built-in patterns and `more`; a bad pattern is a `ConfigError`."""
    for pattern in more:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ConfigError(f"{place}: bots: {pattern!r} is not a regular expression ({error}); correct it") from None
    search = re.compile("|".join(f"(?:{pattern})" for pattern in (*BOTS, *more)), re.IGNORECASE).search
    return lambda identity: search(identity) is not None
