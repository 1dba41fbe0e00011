"""What the state of a feature flag means, in the words that flag tools use."""

from __future__ import annotations

from typing import Literal

Meaning = Literal["on", "off", "partly"]
_ON = frozenset({"on", "true", "1", "enabled", "enable", "yes", "100%", "released"})
_OFF = frozenset({"off", "false", "0", "disabled", "disable", "no", "0%", "killed", "archived"})


def meaning(state: str | None) -> Meaning | None:
    """`on` or `off` for everybody, else `partly` (a share, a group of users); None when the tool does not say.

    >>> meaning("10 %")
    'partly'
    """
    word = (state or "").strip().lower().replace(" ", "")
    if not word:
        return None
    return "on" if word in _ON else "off" if word in _OFF else "partly"
