"""GitHub and GitHub Enterprise: pull requests, deployments, releases, incident issues and deploy workflows.

One stream a kind of thing. A stream's cursor is a JSON object: list (a repository, for incidents with its
label, for workflows with its number) -> `github_pages.Position`; it moves with every page.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Literal
from urllib.parse import urlsplit

from dora.errors import AuthError, ConfigError, SourceError
from dora.model import Record
from ingest.bots import bot_test
from ingest.http import Client, Forbidden, NotFound, Patience
from ingest.source import Batch, Context
from ingest.sources import github_queries as queries
from ingest.sources.github_client import Api, app_auth, token_auth
from ingest.sources.github_lists import GraphList, List, RunList, list_of
from ingest.sources.github_pages import Position, first_position, read_position, read_unfinished, sweep
from ingest.sources.github_probe import probe
from ingest.sources.github_records import deployment, incident, pull_request, release
from ingest.sources.github_values import Node, Origin, matches

Stream = Literal["pull_requests", "deployments", "releases", "incidents", "workflows"]
Origins = Literal["deployments", "releases", "workflows"]
STREAMS: tuple[Stream, ...] = ("pull_requests", "deployments", "releases", "incidents", "workflows")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A `[[sources]]` table of type `github`.

    repositories: `owner/name` each.  owner: all repositories of a user or organisation that are not forks.
    base_url: `https://HOST/api/v3` for GitHub Enterprise Server.
    token_env: name of the variable that holds a token; or a GitHub App by app_id, installation_id and
    private_key_env, the name of the variable that holds its PEM text.
    streams: what is read; incidents need incident_labels, workflows need deploy_workflows.
    deployments_from: what becomes a deployment.  incident_labels: an issue with any of them is an incident.
    severity_labels: globs of labels that say how severe.  deploy_workflows: globs of workflow names or paths.
    workflow_environment: glob of a workflow -> the environment it deploys to (else `production`).
    release_environment: the environment that a release stands for.
    check_times: also read how long checks took, which makes GitHub's answers slower.
    bots: regular expressions of logins that are bots, besides GitHub's own and the built-in ones.
    max_wait_seconds: how long one rate limit may be waited out.
    """

    repositories: tuple[str, ...] = ()
    owner: str | None = None
    base_url: str = "https://api.github.com"
    token_env: str = "GITHUB_TOKEN"
    app_id: int | None = None
    installation_id: int | None = None
    private_key_env: str | None = None
    streams: tuple[Stream, ...] = STREAMS
    deployments_from: tuple[Origins, ...] = ("deployments",)
    incident_labels: tuple[str, ...] = ("incident",)
    severity_labels: tuple[str, ...] = ("sev*", "severity*", "p[0-5]")
    deploy_workflows: tuple[str, ...] = ()
    workflow_environment: Mapping[str, str] = field(default_factory=dict)
    release_environment: str = "production"
    check_times: bool = True
    bots: tuple[str, ...] = ()
    max_wait_seconds: float = 900.0


def open_source(
    name: str,
    options: Options,
    context: Context,
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> GitHub:
    """The source that `options` describe; nothing is asked yet.

    `sleep` and `clock` (Unix seconds) are what waiting uses. Errors: `ConfigError`, `AuthError`.
    """
    _check(name, options)
    app = options.app_id is not None
    variable = (options.private_key_env or "") if app else options.token_env
    secret = context.secrets.get(variable, "").strip()
    if not secret:
        raise AuthError(f"{name}: {variable} is not set; put {'the App key' if app else 'a token'} for GitHub there")
    hint = f"set {variable} with read access to the repository"
    auth = app_auth(options.app_id or 0, options.installation_id or 0, secret) if app else token_auth(secret)
    patience = Patience(progress=context.progress, max_wait_seconds=options.max_wait_seconds, sleep=sleep, clock=clock)
    api = Api(options.base_url.rstrip("/"), auth, Client(name, patience, (secret,), hint))
    return GitHub(name, options, context, api)


class GitHub:
    """One configured GitHub source."""

    def __init__(self, name: str, options: Options, context: Context, api: Api) -> None:
        self.name, self.options, self.api = name, options, api
        self._context = context

    def streams(self) -> Sequence[str]:
        """The configured streams that have something to read."""
        wanted: dict[str, object] = {
            "deployments": "deployments" in self.options.deployments_from,
            "incidents": self.options.incident_labels,
            "workflows": self.options.deploy_workflows,
        }
        return [stream for stream in STREAMS if stream in self.options.streams and wanted.get(stream, True)]

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        """One batch a page, repository by repository, newest first within a pass (see `github_pages`).

        A repository that is not there or not allowed is told of after the others were read.
        """
        state = self._state(cursor)
        refused: list[SourceError] = []
        for repository in self._repositories:
            try:
                for listed in self._lists(stream, repository):
                    known = state.get(listed.key)
                    position = read_position(known) if known else first_position(since, listed.overlap)
                    for records, after in _read(listed, position):
                        state[listed.key] = after.as_json()
                        yield Batch(records=records, cursor=json.dumps(state))
            except (NotFound, Forbidden) as error:
                refused.append(error)
        if refused:
            raise type(refused[0])("; ".join(map(str, refused)))

    def probe(self) -> Iterator[str]:
        """Whose the credentials are, what is left of the rate limit, and which repositories answer."""
        return probe(self.api, self.options.repositories, self.options.owner)

    @cached_property
    def _repositories(self) -> Sequence[str]:
        """The configured names, then the owner's."""
        names = list(self.options.repositories)
        after: str | None = None
        while self.options.owner:
            variables = {"owner": self.options.owner, "after": after}
            page = self.api.listing(queries.REPOSITORIES, variables, f"{self.options.owner}'s repositories")
            names += [node["nameWithOwner"] for node in page.nodes if node]
            after = page.next
            if after is None:
                break
        return list(dict.fromkeys(names))

    def _lists(self, stream: str, repository: str) -> Iterator[List]:
        is_bot = bot_test(self.options.bots, self.name)
        origin = Origin(self.name, repository, self._context.author, is_bot, self._context.keep_names)
        match stream:
            case "pull_requests":
                yield self._pull_requests(origin)
            case "deployments":
                yield self._deployments(origin)
            case "releases":
                yield self._releases(origin)
            case "incidents":
                yield from (self._incidents(origin, label) for label in self.options.incident_labels)
            case "workflows":
                yield from self._workflows(origin)

    def _pull_requests(self, origin: Origin) -> GraphList:
        return GraphList(
            api=self.api,
            origin=origin,
            stream="pull_requests",
            key=origin.repository,
            query=queries.PULL_REQUESTS,
            variables={"checkTimes": self.options.check_times},
            at="updatedAt",
            make=lambda node: pull_request(node, origin),
        )

    def _deployments(self, origin: Origin) -> GraphList:
        return GraphList(
            api=self.api,
            origin=origin,
            stream="deployments",
            key=origin.repository,
            query=queries.DEPLOYMENTS,
            by_ids=queries.DEPLOYMENTS_BY_ID,
            variables={},
            at="createdAt",
            make=lambda node: deployment(node, origin),
            # A failed deployment may still be tried again under the same number.
            overlap=timedelta(days=1),
        )

    def _releases(self, origin: Origin) -> GraphList:
        environment = self.options.release_environment if "releases" in self.options.deployments_from else None
        return GraphList(
            api=self.api,
            origin=origin,
            stream="releases",
            key=origin.repository,
            query=queries.RELEASES,
            by_ids=queries.RELEASES_BY_ID,
            variables={},
            at="createdAt",
            make=lambda node: release(node, origin, environment),
            # A release of an older commit may take its place below newer ones.
            overlap=timedelta(days=60),
        )

    def _incidents(self, origin: Origin, label: str) -> GraphList:
        return GraphList(
            api=self.api,
            origin=origin,
            stream="incidents",
            key=f"{origin.repository} {label}",
            query=queries.INCIDENTS,
            variables={"label": label},
            at="updatedAt",
            make=lambda node: incident(node, origin, self.options.severity_labels),
        )

    def _workflows(self, origin: Origin) -> Iterator[RunList]:
        """The lists of runs of the workflows whose name, path or file name matches."""
        what = f"{origin.repository} workflows"
        found = 0
        for page in range(1, 100):
            value = self.api.rest(
                f"/repos/{origin.repository}/actions/workflows", {"per_page": 100, "page": page}, what
            )
            workflows = list_of(value, "workflows", what)
            for workflow in workflows:
                self._same_name(origin.repository, workflow)
                names = _names(workflow)
                if any(matches(name, self.options.deploy_workflows) for name in names):
                    found += 1
                    yield RunList(
                        api=self.api, origin=origin, workflow=int(workflow["id"]), environment=self._environment(names)
                    )
            if len(workflows) < 100:
                break
        if not found:
            self._context.progress(f"{self.name}: no workflow of {origin.repository} matches deploy_workflows")

    def _same_name(self, repository: str, workflow: Node) -> None:
        """PyGithub follows a renamed repository's redirect without the parameters, which would never end."""
        match = re.search(r"/repos/([^/]+/[^/]+)/actions/", str(workflow.get("url", "")))
        if match and match[1].lower() != repository.lower():
            raise NotFound(f"{self.name}: {repository} is now called {match[1]}; write that name in repositories")

    def _environment(self, names: Sequence[str]) -> str | None:
        if "workflows" not in self.options.deployments_from:
            return None
        for glob, environment in self.options.workflow_environment.items():
            if any(matches(name, (glob,)) for name in names):
                return environment
        return "production"

    def _state(self, cursor: str | None) -> dict[str, Any]:
        try:
            state = json.loads(cursor or "{}")
            return {key: read_position(value).as_json() for key, value in state.items()}
        except (ValueError, TypeError, AttributeError):
            raise SourceError(f"{self.name}: the stored cursor cannot be read; run once with --full") from None


def _read(listed: List, position: Position) -> Iterator[tuple[list[Record], Position]]:
    for records, after in read_unfinished(listed.read_ids, position, listed.ids_at_once):
        position = after
        yield records, position
    yield from sweep(listed.read, position, listed.overlap)


def _names(workflow: Node) -> tuple[str, ...]:
    path = str(workflow.get("path", ""))
    return str(workflow.get("name", "")), path, path.rpartition("/")[2]


def _check(name: str, options: Options) -> None:
    """`ConfigError` for what no reading could succeed with."""
    if not options.repositories and not options.owner:
        raise ConfigError(f"{name}: neither repositories nor owner is given; add repositories = ['owner/name']")
    for repository in (*options.repositories, *([f"{options.owner}/x"] if options.owner else [])):
        if not re.fullmatch(r"[A-Za-z0-9_][\w.-]*/(?!\.{1,2}$)[\w.-]+", repository, re.ASCII):
            raise ConfigError(f"{name}: {repository!r} is no GitHub repository; write owner/name")
    url = urlsplit(options.base_url)
    if url.username or url.password:
        raise ConfigError(f"{name}: base_url holds credentials; name the variable that holds the token in token_env")
    local = url.hostname in ("localhost", "127.0.0.1", "::1")
    if not url.hostname or not (url.scheme == "https" or (url.scheme == "http" and local)):
        raise ConfigError(f"{name}: base_url must begin with https://, so that the token is not sent in the open")
    if options.app_id is not None and not (options.installation_id and options.private_key_env):
        raise ConfigError(f"{name}: app_id needs installation_id and private_key_env beside it")
    if "workflows" in options.deployments_from and not options.deploy_workflows:
        raise ConfigError(f"{name}: deployments_from names workflows; say which in deploy_workflows")
    bot_test(options.bots, name)
    for origin in options.deployments_from:
        if origin not in options.streams:
            raise ConfigError(f"{name}: deployments_from names {origin}, which streams leaves out; add it there")
