"""What the state of a feature flag means, in the words that flag tools use, and which environments it reaches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from metrics.regions import ALL
from metrics.services import matches

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


def reaches(flag: str | None, environment: str, production: Sequence[str]) -> bool:
    """Whether a flag change in the environment `flag` (None: everywhere) reaches deployments to `environment`, whatever the case.

    One in any production environment (names or globs in `production`) reaches deployments to all regions.
    """
    return flag is None or flag.lower() == environment.lower() or (environment == ALL and matches(flag, production))
