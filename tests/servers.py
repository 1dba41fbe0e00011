"""Local servers that answer as the real tools do, from made-up data: every test talks to one of these.

`GitHubServer` holds lists of nodes and serves GraphQL pages and REST answers from them, counts what it was
asked, and can be told to misbehave at the nth request.
"""

from __future__ import annotations

import copy
import heapq
import json
import re
import socket
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

PAYLOADS = Path(__file__).parent / "payloads" / "github"
Node = dict[str, Any]
Fault = Callable[[Request, Response], Response]
_LIST = re.compile(r"items: (\w+)\(")


def payload(name: str) -> Any:
    """A stored payload, fresh each time."""
    return json.loads(_stored(name))


@cache
def _stored(name: str) -> str:
    return (PAYLOADS / f"{name}.json").read_text()


def stamp(seconds: float) -> str:
    """A GitHub time, `seconds` after the first of January 2025."""
    return f"{datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def changed(name: str, **values: Any) -> Node:
    """The payload with some values replaced."""
    return {**payload(name), **values}


def pull_request_node(number: int, updated: float, commits: int = 2, reviews: int = 1) -> Node:
    """A merged pull request, last touched `updated` seconds into 2025."""
    return changed(
        "pull_request",
        id=f"PR_{number}",
        number=number,
        createdAt=stamp(updated - 7200),
        updatedAt=stamp(updated),
        mergedAt=stamp(updated),
        closedAt=stamp(updated),
        commits=[{"commit": {"oid": f"{number:032x}{i:08x}", "authoredDate": stamp(updated - 7000 + i)}} for i in range(commits)],
        reviews=[_review(updated - 60 + i) for i in range(reviews)],
    )  # fmt: skip


def deployment_node(number: int, created: float, *states: str) -> Node:
    """A deployment whose statuses follow each other a minute apart, listed newest first."""
    statuses = [
        {"state": state, "createdAt": stamp(created + 60 * (i + 1)), "logUrl": None, "environmentUrl": None}
        for i, state in enumerate(states)
    ]
    moved = stamp(created + 60 * len(states))
    return changed(
        "deployment", id=f"DE_{number}", databaseId=number, createdAt=stamp(created), updatedAt=moved,
        statuses=statuses[::-1],
    )  # fmt: skip


class GitHubServer:
    """A GitHub with one repository, `acme/shop`, unless `repositories` says more; `renamed`: old name -> new.

    `lists`: GraphQL list name -> nodes, each inner list whole; pages are cut here, newest first by the time in
    `order`. `faults`: request number (from 0) -> what to do to its answer. `requests`: what was asked.
    """

    order: ClassVar = {
        "pullRequests": "updatedAt",
        "issues": "updatedAt",
        "deployments": "createdAt",
        "releases": "createdAt",
    }

    def __init__(self, server: HTTPServer) -> None:
        self.url = server.url_for("").rstrip("/")
        self.lists: dict[str, list[Node]] = {name: [] for name in self.order}
        self.repositories = ["acme/shop"]
        self.renamed: dict[str, str] = {}
        self.runs: list[Node] = []
        self.jobs: dict[int, list[Node]] = {}
        self.faults: dict[int, Fault] = {}
        self.requests: list[tuple[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[tuple[str, Any]] = []
        server.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        document: Node = request.get_json() if request.method == "POST" and request.data else dict(request.args)
        number = len(self.requests)
        self.requests.append((request.path, document))
        self.headers.append(dict(request.headers))
        if request.path.endswith("/graphql"):
            value = self._graphql(document["query"], document["variables"])
        else:
            value = self._rest(request.path, document)
        self.answers.append((request.path, value))
        status = 404 if value is None else 200
        response = answer(value if value is not None else {"message": "Not Found"}, status)
        return self.faults[number](request, response) if number in self.faults else response

    def _graphql(self, query: str, variables: Node) -> Any:
        if "nodes(ids:" in query:
            return {"data": {"items": [self._cut(self._by_id(i)) for i in variables["ids"]]}}
        if "n0: node(" in query:
            return {"data": self._more(query, variables)}
        if "viewer" in query:
            return self._reach(query, variables)
        if "repositoryOwner" in query:
            page = _page([{"nameWithOwner": name} for name in self.repositories], variables)
            return {"data": {"repositoryOwner": {"items": page}}}
        if f"{variables['owner']}/{variables['name']}" not in self.repositories:
            error = {"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve to a Repository"}
            return {"data": {"repository": None}, "errors": [error]}
        name = _LIST.search(query)[1]  # type: ignore[index]
        nodes = self.lists[name]
        if "label" in variables:
            nodes = [node for node in nodes if {"name": variables["label"]} in node["labels"]["nodes"]]
        page = _ordered_page(nodes, self.order[name], variables)
        page["nodes"] = [self._cut(node) for node in page["nodes"]]
        return {"data": {"repository": {"items": page}}}

    def _reach(self, query: str, variables: Node) -> Node:
        limit = {"limit": 5000, "remaining": 4987, "resetAt": stamp(3600)}
        data: Node = {"viewer": {"login": "ann"}, "rateLimit": limit}
        errors = []
        if "owner: repositoryOwner" in query:
            known = [name for name in self.repositories if name.startswith(f"{variables['owner']}/")]
            data["owner"] = {"repositories": {"totalCount": len(known)}} if known else None
        for i in re.findall(r"n(\d+): repository", query):
            name = f"{variables[f'owner{i}']}/{variables[f'name{i}']}"
            name = self.renamed.get(name, name)
            data[f"n{i}"] = {"nameWithOwner": name} if name in self.repositories else None
            if data[f"n{i}"] is None:
                errors.append({"type": "NOT_FOUND", "path": [f"n{i}"], "message": f"Could not resolve to {name}"})
        return {"data": data, **({"errors": errors} if errors else {})}

    def _more(self, query: str, variables: Node) -> Node:
        found = {}
        for place, name in re.findall(r"n(\d+): node\(id: \$id\d+\) \{ \.\.\. on \w+ \{ (\w+)\(", query):
            node = self._by_id(variables[f"id{place}"])
            inner = _page(node[name], {"first": 100, "after": variables[f"after{place}"]}) if node else None
            found[f"n{place}"] = {name: inner} if inner else None
        return found

    def _by_id(self, node_id: str) -> Node | None:
        return next((node for nodes in self.lists.values() for node in nodes if node["id"] == node_id), None)

    def _cut(self, node: Node | None) -> Node | None:
        """The node with the first page of each of its inner lists."""
        if node is None:
            return None
        node = dict(node)
        for name in ("commits", "reviews", "statuses"):
            if isinstance(node.get(name), list):
                node[name] = _page(node[name], {"first": 100, "after": None})
        return node

    def _rest(self, path: str, parameters: Node) -> Any:
        size, page = int(parameters.get("per_page", 30)), int(parameters.get("page", 1))
        if path.endswith("/access_tokens"):
            return payload("access_token")
        if path.endswith("/actions/workflows"):
            return payload("workflows")
        if match := re.search(r"/actions/runs/(\d+)/jobs$", path):
            jobs = self.jobs.get(int(match[1]), [])
            return {"total_count": len(jobs), "jobs": jobs[(page - 1) * size : page * size]}
        if match := re.search(r"/actions/runs/(\d+)$", path):
            return next((run for run in self.runs if run["id"] == int(match[1])), None)
        if match := re.search(r"/actions/workflows/(\d+)/runs$", path):
            runs = [run for run in self.runs if run["workflow_id"] == int(match[1])]
            runs = [run for run in runs if run["created_at"] <= parameters.get("created", "<=9")[2:]]
            runs = sorted(runs, key=lambda run: (run["created_at"], run["id"]), reverse=True)
            return {"total_count": len(runs), "workflow_runs": runs[(page - 1) * size : page * size]}
        return None


def run_answers(number: int, created: float, conclusion: str | None = "success") -> tuple[Node, list[Node]]:
    """A run of the deploy workflow and its jobs, `created` seconds into 2025."""
    done = conclusion is not None
    run = payload("workflow_runs")["workflow_runs"][0] | {
        "id": number, "created_at": stamp(created), "updated_at": stamp(created + 600), "run_attempt": 1,
        "run_started_at": stamp(created), "status": "completed" if done else "in_progress", "conclusion": conclusion,
    }  # fmt: skip
    job = copy.deepcopy(payload("workflow_jobs")["jobs"][1]) | {
        "id": number * 10, "run_id": number, "run_attempt": 1, "started_at": stamp(created + 60),
        "completed_at": stamp(created + 590) if done else None, "status": run["status"], "conclusion": conclusion,
    }  # fmt: skip
    return run, [job]


def answer(value: Any, status: int = 200, headers: Node | None = None) -> Response:
    """A JSON answer as GitHub sends it."""
    return Response(json.dumps(value), status, headers, content_type="application/json; charset=utf-8")


def replaced(value: Any, status: int = 200, **headers: Any) -> Fault:
    """Another answer instead; header names are written with `_` for `-`."""
    named = {key.replace("_", "-"): str(text) for key, text in headers.items()}
    return lambda request, response: answer(value, status, named)


def cut(request: Request, response: Response) -> Response:
    """Half of the answer, then the connection closes: the promised length never comes."""
    body = response.get_data()
    half = Response(body[: len(body) // 2], content_type="application/json; charset=utf-8")
    half.headers["Content-Length"] = str(len(body))
    half.automatically_set_content_length = False
    return half


def hang_up(request: Request, response: Response) -> Response:
    """The connection closes without a word."""
    request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    return response


def truncated(request: Request, response: Response) -> Response:
    """A well-formed answer whose JSON stops half way."""
    body = response.get_data()
    return Response(body[: len(body) // 2], content_type="application/json; charset=utf-8")


def _page(nodes: Iterable[Any], variables: Node) -> Node:
    """One page of a list that keeps its order; the cursor is the place of its last entry."""
    nodes = list(nodes)
    start = int(variables["after"] or 0)
    end = min(start + variables["first"], len(nodes))
    return {"pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)}, "nodes": nodes[start:end]}


def _ordered_page(nodes: Iterable[Node], order: str, variables: Node) -> Node:
    """One page, newest first; the cursor names the last entry's time and id, so it holds while entries move."""
    after = variables["after"]
    keyed = [(f"{node[order]} {node['id']}", node) for node in nodes]
    left = [pair for pair in keyed if after is None or pair[0] < after]
    page = heapq.nlargest(variables["first"], left, key=lambda pair: pair[0])
    end = page[-1][0] if page else None
    info = {"hasNextPage": len(left) > len(page), "endCursor": end}
    return {"pageInfo": info, "nodes": [node for _, node in page]}


def _review(at: float) -> Node:
    return {"state": "APPROVED", "submittedAt": stamp(at), "author": {"__typename": "User", "login": "ben"}}
