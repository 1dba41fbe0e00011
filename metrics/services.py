"""Which service a record belongs to, and which environments are production: configuration applied to names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase, translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceName:
    """A service: its repository, the path globs that are its own in it, and other names it goes by."""

    service: str
    repository: str | None = None
    paths: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """A team owns a service during `[owned_from, owned_until)`; None is open."""

    team: str
    service: str
    owned_from: datetime | None = None
    owned_until: datetime | None = None


class ServiceMap:
    """Finds the service of a record by the name it gives, else by its repository.

    A name that several services go by means the one that is called so, else the first of them.
    """

    def __init__(self, services: Sequence[ServiceName]) -> None:
        self.services = {service.service: service for service in services}
        by_name = sorted(services, key=lambda service: service.service, reverse=True)
        self._names = {alias: s.service for s in by_name for alias in s.aliases} | {
            name: name for name in self.services
        }
        self._repositories: dict[str, list[str]] = {}
        for service in services:
            if service.repository:
                self._repositories.setdefault(service.repository, []).append(service.service)

    def find(self, name: object, repository: object = None) -> list[str]:
        """The services meant: one by name, else all that live in the repository; empty when none is known."""
        if name is not None:
            known = self._names.get(str(name))
            return [known] if known else []
        return self._repositories.get(str(repository), []) if repository is not None else []


def discovered(names: Iterable[tuple[object, object]]) -> list[ServiceName]:
    """Services for a configuration that lists none: every service, else repository, that a deployment names.

    `names`: (service, repository) pairs of deployments. A service's repository is the one its deployments name.
    """
    found: dict[str, str | None] = {}
    for service, repository in names:
        name = service if service is not None else repository
        if name is not None:
            found[str(name)] = found.get(str(name)) or (str(repository) if repository is not None else None)
    return [ServiceName(service=name, repository=repository) for name, repository in sorted(found.items())]


def matches(text: str | None, globs: Sequence[str]) -> bool:
    """Whether any glob matches the whole text, ignoring case."""
    return text is not None and any(fnmatchcase(text.lower(), glob.lower()) for glob in globs)


def matching(texts: pl.Series, globs: Sequence[str]) -> list[int]:
    """The places of the texts that any glob matches, as `matches` does, ascending: for very many texts."""
    if not globs:
        return []
    parts = [certain_text(glob.lower()) for glob in globs]
    near = texts.is_not_null()
    if all(parts):
        # Other than plain letters may be lowered in other ways.
        plain = texts.str.len_bytes() == texts.str.len_chars()
        near &= texts.str.to_lowercase().str.contains_any(parts) | ~plain
    match = re.compile("|".join(translate(glob.lower()) for glob in globs)).match
    places = near.arg_true()
    found = zip(places.to_list(), texts.gather(places).to_list(), strict=True)
    return [place for place, text in found if match(text.lower())]


def certain_text(glob: str) -> str:
    """The longest text that whatever the glob matches holds; "" when none is certain."""
    return max(re.split(r"[*?]|\[!?\]?[^\]]*\]", glob), key=len)
