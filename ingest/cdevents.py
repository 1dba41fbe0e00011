"""One CDEvent (cdevents.dev, specification 0.1 to 0.6 draft) -> a table and a row of it.

What becomes what: service deployed, upgraded, rolledback: a deployment, whose id is the event's; incident
detected, reported, resolved; pipelinerun and taskrun queued, started, finished; testcaserun and testsuiterun:
a verification of the deployment that the event links to; change created, reviewed, merged, abandoned: a pull
request. Other subjects of the vocabulary are no records of ours and give nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from dora.errors import DoraError
from dora.tables import nearest

Row = dict[str, object]
PREFIX = "dev.cdevents."
_QUIET = (
    "approval", "artifact", "branch", "build", "changewindow", "environment", "reconciliation", "repository",
    "scheduledexecution", "targetrollout", "testoutput", "ticket", "deployment", "migration",
)  # fmt: skip
_CHANGES = {
    "created": "opened_at", "reviewed": "first_review_at", "merged": "merged_at", "abandoned": "closed_at", "updated": "",
}  # fmt: skip
_RUN_TIMES = {"queued": "created_at", "started": "started_at", "finished": "finished_at", "skipped": "finished_at"}
_RUN_STATUSES = {"queued": "pending", "started": "running", "skipped": "cancelled"}


def is_cdevent(event: Mapping[str, object]) -> bool:
    """Whether this has the two parts of a CDEvent, a typed context and a subject."""
    context = event.get("context")
    return isinstance(context, Mapping) and str(context.get("type", "")).startswith(PREFIX)


def row_of_cdevent(event: Mapping[str, object]) -> tuple[str, Row] | None:
    """The table and the row, with `updated_at` the event's time; None for an event that is no record of ours."""
    context, subject = _part(event, "context"), _part(event, "subject")
    match = re.match(r"dev\.cdevents\.([a-z]+)\.([a-z]+)(\.\d+\.\d+\.\d+.*)?$", str(context.get("type")))
    if not match:
        raise DoraError(
            f"context.type {str(context.get('type'))[:80]!r} is not a CDEvents type; see cdevents.dev for the list"
        )
    kind, predicate = match[1], match[2]
    if kind in _QUIET:
        return None
    if kind not in _READERS:
        raise DoraError(f"context.type: CDEvents have no subject {kind!r}{nearest(kind, [*_READERS, *_QUIET])}")
    event_time = context.get("timestamp")
    if not event_time:
        raise DoraError("context.timestamp is missing; a CDEvent must say when it happened")
    if not subject.get("id"):
        raise DoraError("subject.id is missing; a CDEvent must say what it is about")
    found = _READERS[kind](predicate, event, _Parts(context, subject))
    if found is None:
        return None
    table, row = found
    return table, {name: value for name, value in {**row, "updated_at": event_time}.items() if value is not None}


class _Parts:
    """The parts of an event, with what is absent as None."""

    def __init__(self, context: Mapping[str, object], subject: Mapping[str, object]) -> None:
        self.context = context
        self.time = context.get("timestamp")
        self.id = subject.get("id")
        self.content = _part(subject, "content", needed=False)
        self.url = self.content.get("uri") or self.content.get("url")

    def id_of(self, name: str) -> object:
        """The id of something that the content refers to."""
        value = self.content.get(name)
        return value.get("id") if isinstance(value, Mapping) else value

    def run(self, predicate: str) -> Row | None:
        """The status and time that a queued, started or finished event of any run tells."""
        if predicate not in _RUN_TIMES:
            return None
        status = _RUN_STATUSES.get(predicate) or self.content.get("outcome") or "succeeded"
        return {"status": status, _RUN_TIMES[predicate]: self.time}


def _service(predicate: str, _event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    if predicate not in ("deployed", "upgraded", "rolledback"):
        return None
    if not parts.context.get("id"):
        raise DoraError("context.id is missing; it becomes the deployment's id")
    row: Row = {"id": parts.context["id"], "service": parts.id, "environment": parts.id_of("environment")}
    artifact = read_artifact(parts.content.get("artifactId"))
    return "deployments", {**row, **artifact, "mechanism": "cdevents", "finished_at": parts.time, "url": parts.url}


def _incident(predicate: str, event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    clocks = {"detected": "detected_at", "reported": "detected_at", "resolved": "resolved_at"}
    if predicate not in clocks:
        return None
    artifact = read_artifact(parts.content.get("artifactId"))
    custom = _part(event, "customData", needed=False)
    row: Row = {
        "id": parts.id,
        "service": parts.id_of("service"),
        "environment": parts.id_of("environment"),
        "severity": custom.get("severity"),
        clocks[predicate]: parts.time,
        "url": parts.content.get("ticketURI") or parts.url,
    }
    if predicate != "resolved":
        row |= {
            "title": parts.content.get("description"),
            "version": artifact.get("version"),
            "sha": artifact.get("sha"),
        }
    return "incidents", row


def _pipeline_run(predicate: str, _event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    told = parts.run(predicate)
    if told is None:
        return None
    return "pipeline_runs", {"id": parts.id, "pipeline": parts.content.get("pipelineName"), "url": parts.url, **told}


def _task_run(predicate: str, _event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    told = parts.run(predicate)
    if told is None:
        return None
    run = parts.id_of("pipelineRun") or parts.context.get("chainId") or parts.id
    errors = str(parts.content.get("errors") or "").strip().split("\n")[0][:200] or None
    name = parts.content.get("taskName") or parts.content.get("task")
    return "pipeline_steps", {"run_id": run, "id": parts.id, "step": name, "signature": errors, **told}


def _test_run(predicate: str, event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    told = parts.run(predicate)
    if told is None:
        return None
    told.pop("created_at", None)
    test = parts.content.get("testCase") or parts.content.get("testSuite")
    name = (test.get("name") or test.get("id")) if isinstance(test, Mapping) else None
    # A test run that links to no deployment has to be kept all the same; "-" is a deployment nobody has.
    deployment = _part(event, "customData", needed=False).get("deployment") or _linked(parts.context) or "-"
    return "verifications", {"id": parts.id, "deployment": deployment, "name": name, "url": parts.url, **told}


def _change(predicate: str, _event: Mapping[str, object], parts: _Parts) -> tuple[str, Row] | None:
    if predicate not in _CHANGES:
        return None
    number = re.search(r"(\d+)$", str(parts.id))
    if not number:
        raise DoraError(f"subject.id {str(parts.id)[:80]!r} does not end in the number of a pull request")
    row: Row = {"repository": parts.id_of("repository"), "number": number[1], "url": parts.url}
    if predicate == "created":
        row["title"] = parts.content.get("description")
    return "pull_requests", row | ({_CHANGES[predicate]: parts.time} if _CHANGES[predicate] else {})


def read_artifact(purl: object) -> Row:
    """What a package URL says: `version` and, where it is one, `sha` or `digest`.

    >>> read_artifact("pkg:oci/myapp@sha256%3A0b31?tag=1.2.3")
    {'digest': 'sha256:0b31', 'version': '1.2.3'}
    """
    if not isinstance(purl, str):
        return {}
    path, _, rest = purl.partition("?")
    qualifiers = dict(part.partition("=")[::2] for part in rest.partition("#")[0].split("&"))
    version = unquote(path.partition("@")[2]) or None
    tag = unquote(qualifiers.get("tag", "")) or None
    if version and ":" in version:
        return {"digest": version, "version": tag} if tag else {"digest": version}
    if version and re.fullmatch(r"[0-9a-f]{40}", version):
        return {"sha": version, "version": tag or version}
    return {"version": version or tag} if version or tag else {}


def _linked(context: Mapping[str, object]) -> object:
    links = context.get("links")
    for link in links if isinstance(links, list) else []:
        for end in ("target", "from"):
            other = link.get(end) if isinstance(link, Mapping) else None
            if isinstance(other, Mapping) and other.get("contextId"):
                return other["contextId"]
    return None


def _part(event: Mapping[str, object], name: str, *, needed: bool = True) -> Mapping[str, object]:
    value = event.get(name)
    if isinstance(value, Mapping):
        return value
    if needed:
        raise DoraError(f"{name} is missing; a CDEvent has a context and a subject")
    return {}


_READERS: Mapping[str, Callable[[str, Mapping[str, object], _Parts], tuple[str, Row] | None]] = {
    "service": _service,
    "incident": _incident,
    "pipelinerun": _pipeline_run,
    "taskrun": _task_run,
    "testcaserun": _test_run,
    "testsuiterun": _test_run,
    "change": _change,
}
