"""Whether GitHub can be reached: whose the credentials are, what is left of the limit, which repositories answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dora.errors import SourceError
from ingest.http import NotFound
from ingest.sources.github_client import Api
from ingest.sources.github_queries import PAGE_SIZE, reach
from ingest.sources.github_values import text, time_of

#: So many names are shown of a long list.
SHOWN = 5


def probe(api: Api, repositories: Sequence[str], owner: str | None) -> Iterator[str]:
    """A line for each thing found, at one request for every hundred repositories.

    `NotFound` names, at the end, all that do not answer; other errors are those of `Api`.
    """
    missing: list[str] = []
    for start in range(0, max(len(repositories), 1), PAGE_SIZE):
        asked, first = repositories[start : start + PAGE_SIZE], start == 0
        data, wrong = _ask(api, asked, owner if first else None)
        try:
            if first:
                yield _identity(data)
            if first and owner:
                yield from _owned(data["owner"], owner, missing)
            yield from _named(data, wrong, asked, missing)
        except (KeyError, TypeError, ValueError):
            raise SourceError(
                f"{api.client.tool}: the answer for the repositories has an unexpected shape; "
                "check that base_url is GitHub's interface"
            ) from None
    if missing:
        raise NotFound(
            f"{api.client.tool}: {_some(missing)} not found, or the credentials may not see it; {api.client.hint}"
        )


def _ask(api: Api, repositories: Sequence[str], owner: str | None) -> tuple[dict[str, Any], dict[int, str]]:
    variables: dict[str, Any] = {"owner": owner} if owner else {}
    for i, repository in enumerate(repositories):
        variables[f"owner{i}"], variables[f"name{i}"] = repository.split("/")
    return api.facts(reach(len(repositories), bool(owner)), variables, "the repositories")


def _identity(data: dict[str, Any]) -> str:
    """Whose the credentials are and what they may still ask; GitHub Enterprise may set no limit."""
    login, limit = text(data["viewer"]["login"]), data["rateLimit"]
    if limit is None:
        return f"signed in as {login}, no rate limit"
    left, whole, reset = int(limit["remaining"]), int(limit["limit"]), time_of(limit["resetAt"])
    return f"signed in as {login}, {left:,} of {whole:,} points left until {reset:%Y-%m-%d %H:%M} UTC"


def _owned(holder: Any, owner: str, missing: list[str]) -> Iterator[str]:
    if holder is None:
        missing.append(owner)
    else:
        yield f"{owner} has {int(holder['repositories']['totalCount']):,} repositories that are no forks"


def _named(data: dict[str, Any], wrong: dict[int, str], asked: Sequence[str], missing: list[str]) -> Iterator[str]:
    reached: list[str] = []
    for i, repository in enumerate(asked):
        found = data[f"n{i}"]
        if found is None or i in wrong:
            missing.append(repository)
            continue
        name = text(found["nameWithOwner"])
        if name.lower() != repository.lower():
            yield f"{repository} is now called {name}; write that name in repositories"
        reached.append(repository)
    if reached:
        yield f"{len(reached)} of {len(asked)} repositories can be read: {_some(reached)}"


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
