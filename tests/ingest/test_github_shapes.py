"""What is sent to GitHub, and what the tests say GitHub sends back, checked against GitHub's own descriptions."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import pytest
from pytest_httpserver import HTTPServer

from ingest.sources import github_queries as queries
from tests.fetch_schemas import folder
from tests.ingest.github_source import read_all, source
from tests.servers import GitHubServer, deployment_node, payload, pull_request_node, run_answers

graphql = pytest.importorskip("graphql")
jsonschema = pytest.importorskip("jsonschema")

OVERFLOW = queries.overflow(["commits", "reviews", "statuses"] * 7)
LISTS = {**queries.ALL, "overflow": OVERFLOW}
TEXTS = {**LISTS, "reach": queries.reach(3, True), "reach nothing": queries.reach(0, False)}
NODE_LIMIT = 500_000
REST = {
    "access_tokens": ("/app/installations/{installation_id}/access_tokens", "post", "201"),
    "workflows": ("/repos/{owner}/{repo}/actions/workflows", "get", "200"),
    "runs": ("/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", "get", "200"),
    "run": ("/repos/{owner}/{repo}/actions/runs/{run_id}", "get", "200"),
    "jobs": ("/repos/{owner}/{repo}/actions/runs/{run_id}/jobs", "get", "200"),
}


@cache
def schema() -> Any:
    """GitHub's GraphQL schema."""
    path = folder() / "github.graphql"
    if not path.exists():
        pytest.skip(f"{path} is not there; run tests/fetch_schemas.py")
    return graphql.build_schema(path.read_text(), assume_valid=True)


@cache
def description() -> Any:
    """GitHub's REST description, with its `nullable` told in JSON Schema's words."""
    path = folder() / "github-openapi.json"
    if not path.exists():
        pytest.skip(f"{path} is not there; run tests/fetch_schemas.py")
    return _nullable(json.loads(path.read_text()))


@pytest.mark.parametrize("name", TEXTS)
def test_every_query_is_valid_in_githubs_schema(name: str) -> None:
    assert graphql.validate(schema(), graphql.parse(TEXTS[name])) == []


def test_a_misspelt_field_would_be_noticed() -> None:
    assert graphql.validate(schema(), graphql.parse(queries.RELEASES.replace("tagName", "tagNames")))


@pytest.mark.parametrize("name", LISTS)
def test_every_query_stays_under_githubs_node_limit(name: str) -> None:
    assert 0 < _most_nodes(graphql.parse(TEXTS[name]).definitions[0].selection_set, 1) <= NODE_LIMIT


def test_every_graphql_answer_of_the_replay_server_has_githubs_shape(httpserver: HTTPServer) -> None:
    server = _full_server(httpserver)
    read_all(source(server, owner="acme"))
    list(source(server, repositories=["acme/shop"]).probe())
    list(source(server, owner="acme").probe())
    asked = [
        (document, value)
        for (path, document), (_, value) in zip(server.requests, server.answers, strict=True)
        if "graphql" in path
    ]
    for document, value in asked:
        _check_answer(document["query"], document["variables"], value["data"])
    kinds = (
        "pullRequests",
        "deployments(",
        "releases",
        "issues",
        "repositoryOwner",
        "nodes(ids",
        "n0: node",
        "n0: repository",
        "owner: ",
    )
    assert [kind for kind in kinds if not any(kind in document["query"] for document, _ in asked)] == []


def test_a_wrong_type_in_an_answer_would_be_noticed() -> None:
    node = payload("release") | {"createdAt": 5}
    page = {"pageInfo": {"hasNextPage": False, "endCursor": None}, "nodes": [node]}
    with pytest.raises(AssertionError, match="createdAt"):
        _check_answer(queries.RELEASES, {}, {"repository": {"items": page}})


def test_every_rest_answer_of_the_replay_server_has_githubs_shape(httpserver: HTTPServer) -> None:
    server = _full_server(httpserver)
    read_all(source(server))
    kinds = set()
    for path, value in server.answers:
        kind = _rest_kind(path)
        if kind:
            kinds.add(kind)
            _check_rest(kind, value)
    assert kinds == {"workflows", "runs", "run", "jobs"}
    _check_rest("access_tokens", payload("access_token"))


def test_a_missing_field_of_a_rest_answer_would_be_noticed() -> None:
    broken = payload("workflows")
    del broken["workflows"][0]["path"]
    with pytest.raises(jsonschema.ValidationError, match="path"):
        _check_rest("workflows", broken)


def test_every_rest_path_and_parameter_exists(httpserver: HTTPServer) -> None:
    server = _full_server(httpserver)
    read_all(source(server))
    for path, parameters in server.requests:
        if kind := _rest_kind(path):
            template, verb, _ = REST[kind]
            entries = description()["paths"][template][verb]["parameters"]
            known = {_resolved(entry)["name"] for entry in entries}
            assert set(parameters) <= known


def _full_server(httpserver: HTTPServer) -> GitHubServer:
    server = GitHubServer(httpserver)
    server.lists["pullRequests"] = [payload("pull_request"), pull_request_node(2, 9000, commits=130, reviews=101)]
    server.lists["deployments"] = [
        payload("deployment"), deployment_node(5, 100, "QUEUED", "IN_PROGRESS"), deployment_node(6, 200)
    ]  # fmt: skip
    server.lists["releases"] = [payload("release")]
    server.lists["issues"] = [payload("issue")]
    server.runs = payload("workflow_runs")["workflow_runs"]
    server.jobs = {9001: payload("workflow_jobs")["jobs"]}
    for number, conclusion in ((9002, None), (9003, "failure")):
        run, jobs = run_answers(number, number, conclusion)
        server.runs.append(run)
        server.jobs[number] = jobs
    return server


def _rest_kind(path: str) -> str | None:
    for pattern, kind in ((r"/workflows", "workflows"), (r"/runs/\d+", "run"), (r"/jobs", "jobs"), (r"/runs", "runs")):
        if re.search(pattern + "$", path):
            return kind
    return None


def _check_rest(kind: str, value: Any) -> None:
    path, verb, status = REST[kind]
    shape = description()["paths"][path][verb]["responses"][status]["content"]["application/json"]["schema"]
    jsonschema.Draft7Validator({**shape, "components": description()["components"]}).validate(value)


def _resolved(entry: Any) -> Any:
    found = entry
    if "$ref" in entry:
        found = description()
        for part in entry["$ref"].removeprefix("#/").split("/"):
            found = found[part]
    return found


def _nullable(value: Any) -> Any:
    if isinstance(value, list):
        return [_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    value = {key: _nullable(item) for key, item in value.items()}
    return {"anyOf": [value, {"type": "null"}]} if value.get("nullable") is True else value


def _most_nodes(selections: Any, times: int) -> int:
    """How many nodes a query could return, counted as GitHub counts: page sizes multiplied down the tree."""
    total = 0
    for selection in selections.selections if selections else ():
        inside = times
        for argument in getattr(selection, "arguments", None) or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                inside = times * int(getattr(value, "value", queries.PAGE_SIZE))
                total += inside
            if argument.name.value == "ids":
                inside = times * queries.PAGE_SIZE
                total += inside
        total += _most_nodes(selection.selection_set, inside)
    return total


def _check_answer(query: str, variables: dict[str, Any], data: Any) -> None:
    _check_fields(graphql.parse(query).definitions[0].selection_set, schema().query_type, data, "data", variables)


def _check_fields(selections: Any, kind: Any, value: Any, place: str, variables: dict[str, Any]) -> None:
    expected = set()
    for selection, owner in _fields(selections, kind, value):
        include = [d for d in selection.directives or () if d.name.value == "include"]
        if include and not variables[include[0].arguments[0].value.name.value]:
            continue
        name = selection.name.value
        key = selection.alias.value if selection.alias else name
        expected.add(key)
        assert key in value, f"{place}.{key} is missing"
        of = graphql.GraphQLNonNull(graphql.GraphQLString) if name == "__typename" else owner.fields[name].type
        _check_value(selection.selection_set, of, value[key], f"{place}.{key}", variables)
    assert set(value) <= expected, f"{place} holds {set(value) - expected}, which were not asked for"


def _fields(selections: Any, kind: Any, value: Any) -> list[tuple[Any, Any]]:
    found = []
    for selection in selections.selections:
        if selection.kind == "inline_fragment":
            narrowed = schema().type_map[selection.type_condition.name.value]
            if value.get("__typename", narrowed.name) == narrowed.name and (value or kind is narrowed):
                found += _fields(selection.selection_set, narrowed, value)
        else:
            found.append((selection, kind))
    return found


def _check_value(selections: Any, kind: Any, value: Any, place: str, variables: dict[str, Any]) -> None:
    if graphql.is_non_null_type(kind):
        assert value is not None, f"{place} must not be null"
        kind = kind.of_type
    if value is None:
        return
    if graphql.is_list_type(kind):
        assert isinstance(value, list), f"{place} must be a list"
        for i, item in enumerate(value):
            _check_value(selections, kind.of_type, item, f"{place}[{i}]", variables)
    elif graphql.is_leaf_type(kind):
        _check_leaf(kind, value, place)
    else:
        assert isinstance(value, dict), f"{place} must be an object"
        _check_fields(selections, kind, value, place, variables)


def _check_leaf(kind: Any, value: Any, place: str) -> None:
    if graphql.is_enum_type(kind):
        assert value in kind.values, f"{place} must be one of {list(kind.values)}"
    elif kind.name == "Int":
        assert isinstance(value, int) and abs(value) < 2**31, f"{place} must be a 32-bit number"  # noqa: PT018
    elif kind.name == "Boolean":
        assert isinstance(value, bool), f"{place} must be true or false"
    else:
        assert isinstance(value, str), f"{place} must be text"
        if kind.name in ("DateTime", "GitTimestamp"):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)", value), f"{place} must be a time"
