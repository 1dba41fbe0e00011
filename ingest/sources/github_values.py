"""The small values inside GitHub's answers: texts, times, people, labels; the wrong type is an error, never a guess."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from dora.model import Person

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from, how a login becomes a hash, and how `Name <address>` is known to be a bot.

    `names`: whether people's logins are kept.
    """

    source: str
    repository: str
    author: Callable[[str], str]
    is_bot: Callable[[str], bool]
    names: bool = True


def matches(word: str, globs: Iterable[str]) -> bool:
    """Whether any glob matches, in any case of letters."""
    return any(fnmatchcase(word.lower(), glob.lower()) for glob in globs)


def text(value: object) -> str:
    """`value`, which must be text; half a surrogate pair, which no file can hold, becomes `?`."""
    if not isinstance(value, str):
        raise TypeError(f"expected text, got {type(value).__name__}")
    return value.encode("utf-8", "replace").decode("utf-8")


def actor_of(actor: Node | None, origin: Origin) -> tuple[str | None, str | None, list[Person]]:
    """The hash, the kind and the name behind it; GraphQL and REST write a bot's login differently."""
    if not actor:
        return None, None, []
    login, bot = text(actor["login"]).removesuffix("[bot]"), is_bot(actor, origin)
    known = origin.author(login)
    people = [Person(author=known, name=login, is_bot=bot)] if origin.names else []
    return known, "bot" if bot else "human", people


def is_bot(actor: Node, origin: Origin) -> bool:
    """Whether GitHub says so, or its login looks like one."""
    login = text(actor["login"])
    return "Bot" in (actor.get("__typename"), actor.get("type")) or origin.is_bot(f"{login} <{login}@users>")


def labels_of(node: Node) -> tuple[str, ...]:
    """The names of its labels."""
    return tuple(text(label["name"]) for label in (node["labels"] or {"nodes": ()})["nodes"])


def whole(value: object) -> int:
    """`value`, which must be a whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"expected a whole number, got {type(value).__name__}")
    return value


def time_of(value: object) -> datetime | None:
    """An ISO 8601 time with its offset as UTC; None stays None."""
    if value is None:
        return None
    moment = datetime.fromisoformat(text(value))
    if moment.tzinfo is None:
        raise ValueError(f"the time {value!r} has no offset")
    return moment.astimezone(UTC)


def times_of(*values: object) -> list[datetime]:
    """The times among `values` that are there."""
    return [moment for moment in map(time_of, values) if moment]


def earliest(times: Iterable[datetime | None]) -> datetime | None:
    """The earliest of the times that are there, None when none is."""
    return min((moment for moment in times if moment), default=None)
