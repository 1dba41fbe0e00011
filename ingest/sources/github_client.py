"""The conversation with GitHub or GitHub Enterprise, carried by PyGithub, with the patience of `ingest.http`.

PyGithub signs the requests (token, or App with its short-lived installation tokens), knows where a server keeps
its GraphQL, and keeps the connection. Its own waiting is switched off: it sleeps unseen and without bound.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dora.errors import AuthError, SourceError
from ingest.http import Answer, Broken, Client, Forbidden, Limited, NotFound, Unavailable
from ingest.sources.github_queries import INNER_LISTS, OVERFLOW_SIZE, PAGE_SIZE, overflow
from ingest.sources.github_values import Node

if TYPE_CHECKING:
    from github.Auth import Auth

SMALLEST_PAGE = 10
_LIMITS = ("RATE_LIMITED", "RATE_LIMIT")
_TOO_MUCH = ("RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED")
_FORBIDDEN = ("FORBIDDEN", "INSUFFICIENT_SCOPES")


@dataclass(slots=True)
class Listing:
    """One page of a list: its nodes (None where GitHub gave none), what is wrong with which, and the next cursor."""

    nodes: list[Node | None]
    wrong: dict[int, str] = field(default_factory=dict)
    next: str | None = None


class Api:
    """GitHub's GraphQL and REST; every error is one of `dora.errors` and holds no secret."""

    def __init__(self, base_url: str, auth: Auth, client: Client) -> None:
        from github import Github

        # At DEBUG, PyGithub logs whole answers, and the one that signs in an App holds its token.
        logging.getLogger("github.Requester").setLevel(logging.INFO)
        self.client = client
        self._github = Github(
            auth=auth, base_url=base_url, timeout=60, retry=0, seconds_between_requests=0, seconds_between_writes=0
        )
        self._size = PAGE_SIZE

    def listing(self, query: str, variables: Mapping[str, Any], what: str) -> Listing:
        """One page of a repository's (or an owner's) list, with its inner lists read to their ends.

        A page that GitHub cannot make in its time is asked for again in smaller pieces.
        """
        while True:
            try:
                value = self._graphql(query, {**variables, "first": self._size}, what)
                break
            except Unavailable:
                if self._size <= SMALLEST_PAGE:
                    raise
                self._size = max(self._size // 2, SMALLEST_PAGE)
                self.client.patience.progress(f"{self.client.tool}: {what}: trying pages of {self._size}")
        holder = next(iter(value["data"].values()))
        if holder is None:
            raise NotFound(
                f"{self.client.tool}: {what} not found, or the credentials may not see it; {self.client.hint}"
            )
        try:
            nodes, info = list(holder["items"]["nodes"]), holder["items"]["pageInfo"]
            page = Listing(nodes, _wrong(value), info["endCursor"] if info["hasNextPage"] else None)
        except (KeyError, TypeError):
            raise self._unknown(what) from None
        self._complete(page, what)
        return page

    def by_ids(self, query: str, ids: Sequence[str], what: str) -> Listing:
        """The things with these ids, in their order; None for one that is gone."""
        value = self._graphql(query, {"ids": list(ids)}, what)
        found = value["data"].get("items")
        if not isinstance(found, list) or len(found) != len(ids):
            raise self._unknown(what)
        page = Listing(list(found), _wrong(value))
        page.wrong = {i: reason for i, reason in page.wrong.items() if page.nodes[i]}
        self._complete(page, what)
        return page

    def facts(self, query: str, variables: Mapping[str, Any], what: str) -> tuple[dict[str, Any], dict[int, str]]:
        """The data of a query that asks for no list, and why which of its `n0`, `n1`, … could not be read."""
        value = self._graphql(query, variables, what)
        return value["data"], _wrong(value)

    def rest(self, path: str, parameters: Mapping[str, Any], what: str) -> Any:
        """The JSON object at `path`."""

        def check(value: Any) -> None:
            if not isinstance(value, dict):
                raise Broken("the answer is no JSON object")

        return self.client.json(self._sender("GET", path, dict(parameters), None), what, check)

    def _unknown(self, what: str) -> SourceError:
        return SourceError(
            f"{self.client.tool}: the answer for {what} is no list; check that base_url is GitHub's interface"
        )

    def _graphql(self, query: str, variables: Mapping[str, Any], what: str) -> Any:
        def check(value: Any) -> None:
            _check_graphql(value, self.client, what)

        document = {"query": query, "variables": dict(variables)}
        return self.client.json(self._sender("POST", self._github.requester.graphql_url, None, document), what, check)

    def _sender(self, verb: str, url: str, parameters: Any, document: Any) -> Callable[[], Answer]:
        from github import GithubException

        def send() -> Answer:
            try:
                status, headers, body = self._github.requester.requestJson(verb, url, parameters, None, document)
            except GithubException as error:
                # Raised while an App asks for its installation token.
                headers = {key.lower(): value for key, value in (error.headers or {}).items()}
                return Answer(error.status, headers, json.dumps(error.data))
            except RuntimeError as error:
                # PyGithub's word for a redirect to another host.
                raise SourceError(f"{self.client.tool}: {self.client.redact(str(error))}; check base_url") from None
            return Answer(status, headers, body)

        return send

    def _complete(self, page: Listing, what: str) -> None:
        """Append to every inner list what its first page left out, in as few requests as there are levels."""
        waiting = [(i, name) for i, node in enumerate(page.nodes) for name in INNER_LISTS if _goes_on(node, name)]
        while waiting:
            batch, waiting = waiting[:OVERFLOW_SIZE], waiting[OVERFLOW_SIZE:]
            variables: dict[str, Any] = {}
            for place, (i, name) in enumerate(batch):
                node = page.nodes[i] or {}
                variables |= {f"id{place}": node.get("id"), f"after{place}": node[name]["pageInfo"]["endCursor"]}
            value = self._graphql(overflow([name for _, name in batch]), variables, f"{what}, long entries")
            wrong = _wrong(value)
            for place, (i, name) in enumerate(batch):
                node, more = page.nodes[i] or {}, value["data"].get(f"n{place}")
                if place in wrong or not isinstance(more, dict) or not isinstance(more.get(name), dict):
                    page.wrong[i] = wrong.get(place, f"its {name} could not be read")
                    continue
                node[name] = {**more[name], "nodes": [*node[name]["nodes"], *more[name]["nodes"]]}
                if _goes_on(node, name):
                    waiting.append((i, name))


def token_auth(token: str) -> Auth:
    """Signs with a personal, fine-grained or workflow token."""
    from github import Auth

    return Auth.Token(token)


def app_auth(app_id: int, installation_id: int, private_key: str) -> Auth:
    """Signs as an installation of a GitHub App; `AuthError` when the key is no RSA private key."""
    from github import Auth
    from jwt.exceptions import PyJWTError

    app = Auth.AppAuth(app_id, private_key.replace("\\n", "\n"))
    try:
        app.create_jwt()
    except (PyJWTError, ValueError, TypeError):
        raise AuthError(
            "github: the App's private key cannot be read; it must be the whole PEM text of an RSA key"
        ) from None
    return app.get_installation_auth(installation_id)


def _check_graphql(value: Any, client: Client, what: str) -> None:
    """Tell apart limits, faults that pass, and refusals; an error inside one node is left to `_wrong`."""
    if not isinstance(value, dict):
        raise Broken("the answer is no JSON object")
    errors = _errors(value)
    for error in errors:
        if error.get("type") in _LIMITS:
            raise Limited(until_reset=True)
        if re.search("secondary rate limit|abuse detection", str(error.get("message")), re.IGNORECASE):
            raise Limited
    whole = [error for error in errors if _place(error) is None]
    if not whole and isinstance(value.get("data"), dict) and value["data"]:
        return
    if not whole:
        raise Broken("the answer holds no data")
    kind, said = whole[0].get("type"), client.redact(str(whole[0].get("message"))[:200])
    if kind == "NOT_FOUND":
        raise NotFound(f"{client.tool}: {what} not found, or the credentials may not see it; {client.hint}")
    if kind in _FORBIDDEN:
        raise Forbidden(f"{client.tool}: access to {what} refused ({said}); {client.hint}")
    if kind in _TOO_MUCH:
        raise Unavailable(
            f"{client.tool}: {what} is more than GitHub answers at once ({said}); read fewer repositories"
        )
    if (whole[0].get("extensions") or {}).get("code"):
        raise SourceError(f"{client.tool}: the server refuses the query for {what} ({said}); it may be too old for it")
    raise Broken(said)


def _errors(value: Any) -> list[Any]:
    errors = value.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def _place(error: Any) -> int | None:
    """Which node of the page an error is about; None when it is about all of it."""
    path = error.get("path") or []
    if len(path) > 3 and path[1:3] == ["items", "nodes"] and isinstance(path[3], int):
        return path[3]
    if len(path) > 1 and path[0] == "items" and isinstance(path[1], int):
        return path[1]
    alias = re.fullmatch(r"n(\d+)", str(path[0])) if path else None
    return int(alias[1]) if alias else None


def _wrong(value: Any) -> dict[int, str]:
    """Why which nodes are not whole; what a record can do without is not counted as wrong."""
    found: dict[int, str] = {}
    for error in _errors(value):
        place, path = _place(error), error.get("path") or [""]
        spare = path[-1] == "databaseId" or ("statusCheckRollup" in path and error.get("type") in _FORBIDDEN)
        if place is not None and not spare:
            found.setdefault(place, str(error.get("message")))
    return found


def _goes_on(node: Any, name: str) -> bool:
    inner = node.get(name) if isinstance(node, dict) else None
    info = inner.get("pageInfo") if isinstance(inner, dict) else None
    return isinstance(info, dict) and bool(info.get("hasNextPage"))
