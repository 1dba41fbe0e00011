"""One reading of the published file: questions in, dataclasses of `metrics.story` out, made fit to be shown."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar, cast

import dora
from dora.definitions import Definitions
from dora.errors import DoraError
from dora.warehouse import Reader
from metrics import story as shape
from metrics import story_rules as rules
from metrics.plain_text import plain_text, safe_link
from metrics.question import published_as_of
from metrics.story_compare import centre, compare
from metrics.story_recovery import recoveries
from metrics.uncounted import why_not

T = TypeVar("T")
Row = Mapping[str, object]
#: How many earlier deployments are the service's usual.
HISTORY = 50
SIMILAR = 5
_SQL = Path(__file__).parent / "sql"
_FREE_TEXT = frozenset(
    {"subject", "title", "reason", "about", "job", "step", "signature", "flag", "why", "name", "unresolved_reason"}
)


@dataclass(frozen=True, slots=True)
class Teller:
    """One reading of the file: what it is read by, and up to when."""

    reader: Reader
    definitions: Definitions
    as_of: datetime
    names: bool

    def rows(self, name: str, **values: object) -> list[tuple[object, ...]]:
        """The rows of one question as tuples; `values` are its parameters."""
        return self.reader.rows(question(name), values)

    def read(self, kind: Callable[..., T], name: str, deployed: shape.Deployed, **more: object) -> tuple[T, ...]:
        """The rows of one question as dataclasses whose fields are its columns."""
        sql = question(name)
        known = asdict(deployed) | {"id": deployed.deployment_id, "as_of": self.as_of, "names": self.names} | more
        values = {name: known[name] for name in set(re.findall(r"\$(\w+)", sql))}
        owner = _owner(deployed)
        return tuple(kind(**_clean(row, self.as_of, owner)) for row in self.reader.records(sql, values))

    def deployed(self, deployment_id: str) -> shape.Deployed:
        """The deployment with what ran before it and what it replaced; a `DoraError` when no deployment has the id."""
        found = self.reader.records(question("deployment"), {"id": deployment_id, "names": self.names})
        if not found:
            raise DoraError(f"no deployment has the id {deployment_id!r}; `dora deploys` lists them")
        row = _clean(found[0], self.as_of)
        ids = [row["previous_id"], row["replaced_id"]]
        rows = self.rows("neighbours", ids=ids) if any(ids) else []
        nobody = (None, None, None, None)
        near = {other[0]: other for other in rows}
        previous, replaced = (near.get(name, nobody) for name in ids)
        row |= {"previous_version": previous[1], "previous_sha": previous[2], "previous_at": _aware(previous[3])}
        return shape.Deployed(**row, replaced_version=replaced[1])  # type: ignore[arg-type]

    def commits(self, deployed: shape.Deployed, evidence: Sequence[shape.Evidence]) -> tuple[shape.ShippedCommit, ...]:
        """What it shipped, each marked with the commit of the evidence that says it takes it back."""
        shipped = self.read(shape.ShippedCommit, "commits", deployed)
        shas = [row.evidence_id for row in evidence if row.evidence == "commit"]
        if not shas:
            return shipped
        rows = self.rows("reverting", repository=deployed.repository, ids=shas)
        return tuple(replace(commit, taken_back_by=_taken_back(commit, rows)) for commit in shipped)

    def evidence(self, deployed: shape.Deployed, marks: Sequence[Row]) -> tuple[shape.Evidence, ...]:
        """Those of `marks` that speak of the deployment, each with its title."""
        found = [row for row in marks if row["deployment_id"] == deployed.deployment_id]
        if not found:
            return ()
        ids = [row["evidence_id"] for row in found]
        titles = {row[0]: row[1] for row in self.rows("about", repository=deployed.repository, ids=ids)}
        owner = _owner(deployed)
        told = ({**row, "about": titles.get(row["evidence_id"])} for row in found)
        return tuple(rules.decided(evidence_of(row, self.definitions, self.as_of, owner) for row in told))

    def marks(self, ids: Sequence[str]) -> list[dict[str, object]]:
        """The rows of the ledger about these deployments."""
        return self.reader.records(question("marks"), {"ids": list(ids), "as_of": self.as_of})

    def recoveries(self, rows: Sequence[Row]) -> dict[str, shape.Recovery]:
        """What ended the failures of the deployments that these rows of the ledger speak of, by id."""
        return recoveries(self.reader, self.definitions, self.as_of, rows)

    def failed(self, marks: Sequence[Row]) -> dict[str, list[shape.Evidence]]:
        """The evidence that counts, by the deployment that failed; see `failed_of`."""
        return failed_of(marks, self.definitions, self.as_of)

    def history(self, deployed: shape.Deployed) -> tuple[shape.PastDeployment, ...]:
        """Oldest first, this deployment last; none marked as failed yet."""
        before = moment_of(deployed, self.as_of)
        past = self.read(shape.PastDeployment, "history", deployed, before=before, count=HISTORY)
        names = [name for name in shape.PastDeployment.__dataclass_fields__ if name != "failed"]
        return (*reversed(past), shape.PastDeployment(**{name: getattr(deployed, name) for name in names}))

    def lead_time(self, deployed: shape.Deployed, past: Sequence[shape.PastDeployment]) -> shape.Comparison:
        """The median seconds from change to production of what it shipped, against the changes of `past`."""
        ids = [deployed.deployment_id, *(row.deployment_id for row in past)]
        since = min((row.finished_at for row in past if row.finished_at), default=moment_of(deployed, self.as_of))
        rows = self.rows(
            "leads", ids=ids, since=since, service=deployed.service, environment=deployed.environment,
            change=self.definitions.change, clock=self.definitions.clock, bots=self.definitions.bots,
        )  # fmt: skip
        mine: list[float] = []
        others: list[float] = []
        for deployment_id, deployed_at, started_at in rows:
            if isinstance(deployed_at, datetime) and isinstance(started_at, datetime) and deployed_at >= started_at:
                seconds = (deployed_at - started_at).total_seconds()
                (mine if deployment_id == deployed.deployment_id else others).append(seconds)
        return compare("change lead time, median", "seconds", centre(mine), others)

    def similar(self, deployed: shape.Deployed) -> tuple[shape.SimilarFailure, ...]:
        """Earlier failed deployments: of the service, or of its repository when they share paths; nearest first."""
        end = moment_of(deployed, self.as_of)
        values = {
            "service": deployed.service, "repository": deployed.repository, "as_of": self.as_of,
            "start": end - timedelta(days=730), "end": end,
        }  # fmt: skip
        rows = self.reader.records(question("service_evidence"), values)
        failed = failed_of(rows, self.definitions, self.as_of)
        paths = self.paths(deployed, list(failed))
        mine = paths.get(deployed.deployment_id, set())
        about = {str(row["deployment_id"]): row for row in rows}
        found = []
        for deployment_id in failed:
            shared = tuple(sorted(mine & paths.get(deployment_id, set())))
            if about[deployment_id]["service"] == deployed.service or shared:
                found.append((about[deployment_id], failed[deployment_id][0], shared))
        found.sort(key=lambda item: (len(item[2]), str(item[0]["finished_at"])), reverse=True)
        ended = self.recoveries([row for row, _, _ in found[:SIMILAR]])
        return tuple(
            _similar(row, best, ended.get(best.deployment_id), shared) for row, best, shared in found[:SIMILAR]
        )

    def paths(self, deployed: shape.Deployed, ids: list[str]) -> dict[str, set[str]]:
        """The paths that this deployment and those of `ids` changed, by deployment; empty where none are kept."""
        if not ids or not deployed.commits:
            return {}
        out: dict[str, set[str]] = {}
        for deployment_id, path in self.rows(
            "paths", repository=deployed.repository, ids=[deployed.deployment_id, *ids]
        ):
            out.setdefault(str(deployment_id), set()).add(str(path))
        return out

    def findings(self, deployed: shape.Deployed) -> list[str]:
        """What data quality found about the deployment or its service, a sentence each."""
        subjects = [text for text in (deployed.deployment_id, deployed.version, deployed.sha) if text]
        rows = self.rows("quality", subjects=subjects, service=deployed.service)
        return [plain_text(f"{str(finding).replace('_', ' ')}: {detail}") for finding, detail in rows]

    def teams(self, deployed: shape.Deployed) -> tuple[str, ...]:
        """The teams that owned the service at that moment; empty when nobody did."""
        at = moment_of(deployed, self.as_of)
        return tuple(str(row[0]) for row in self.rows("teams", service=deployed.service, at=at))

    def coverage(self, deployed: shape.Deployed) -> tuple[object, ...]:
        """Whether there are pull requests of its repository, incidents of its service, verifications: what could have been told."""
        return self.rows("coverage", repository=deployed.repository, service=deployed.service)[0]

    def stamp(self) -> shape.Stamp:
        """What the answer rests on: definitions, age of the data, version."""
        meta = self.reader.meta()
        return shape.Stamp(
            definitions=self.definitions.as_dict(),
            definitions_hash=meta.get("definitions_hash", self.definitions.hash),
            data_as_of=published_as_of(self.reader),
            as_of=self.as_of,
            tool_version=dora.__version__,
            organisation=meta.get("organisation"),
            names=self.names,
        )


def moment_of(deployed: shape.Deployed, as_of: datetime) -> datetime:
    """When the deployment counts as having happened: its end, else its start, else `as_of`."""
    return deployed.finished_at or deployed.started_at or deployed.created_at or as_of


def question(name: str) -> str:
    """The text of `metrics/sql/story_NAME.sql`."""
    return (_SQL / f"story_{name}.sql").read_text()


def evidence_of(row: Row, definitions: Definitions, as_of: datetime, owner: str | None = None) -> shape.Evidence:
    """One row of the ledger; `finished_at` in the row is that of the deployment it speaks of."""
    clean = _clean(row, as_of, owner)
    kind, at, finished_at = str(row["kind"]), clean["evidence_at"], clean["finished_at"]
    return shape.Evidence(
        deployment_id=str(row["deployment_id"]),
        kind=kind,
        evidence=str(row["evidence"]),
        evidence_id=_text(row["evidence_id"]),
        evidence_at=cast("datetime | None", at),
        recovery_id=_text(row["recovery_id"]),
        recovered_at=cast("datetime | None", clean["recovered_at"]),
        confidence=cast(float, row["confidence"]),
        decided_by="rule" if str(row["decided_by"]).startswith("rule") else "human",
        reason=_text(clean["reason"]),
        why_not=why_not(kind, cast("datetime | None", at), cast("datetime | None", finished_at), definitions),
        about=_text(clean.get("about")),
        candidates=_candidates(_text(row["candidates"])),
    )


def failed_of(rows: Sequence[Row], definitions: Definitions, as_of: datetime) -> dict[str, list[shape.Evidence]]:
    """Failed deployment -> the evidence that counts, strongest first; `rows` may hold several deployments."""
    by_id: dict[str, list[shape.Evidence]] = {}
    for row in rows:
        by_id.setdefault(str(row["deployment_id"]), []).append(evidence_of(row, definitions, as_of))
    best = {deployment_id: rules.counted(rules.decided(evidence)) for deployment_id, evidence in by_id.items()}
    return {deployment_id: evidence for deployment_id, evidence in best.items() if evidence}


def _owner(deployed: shape.Deployed) -> str:
    return (deployed.repository or "").partition("/")[0]


def _taken_back(commit: shape.ShippedCommit, reverting: Sequence[Sequence[object]]) -> str | None:
    for sha, shas, numbers in reverting:
        named = any(commit.sha.startswith(str(name)) for name in cast("list[str]", shas))
        if named or (commit.pull_request is not None and commit.pull_request in cast("list[int]", numbers)):
            return str(sha)
    return None


def _similar(
    row: Row, best: shape.Evidence, ended: shape.Recovery | None, shared: tuple[str, ...]
) -> shape.SimilarFailure:
    return shape.SimilarFailure(
        deployment_id=best.deployment_id,
        service=str(row["service"]),
        version=_text(row["version"]),
        finished_at=_aware(row["finished_at"]),
        kind=best.kind,
        evidence=best.reason or best.evidence,
        style=ended.style if ended else None,
        seconds=ended.seconds if ended and not ended.is_open else None,
        shared_paths=shared,
    )


def _candidates(text: str | None) -> tuple[shape.Candidate, ...]:
    try:
        listed = json.loads(text) if text else []
        return tuple(
            shape.Candidate(deployment_id=str(c["deployment_id"]), why=plain_text(str(c["why"]))) for c in listed
        )
    except (ValueError, TypeError, KeyError):
        return ()


def _clean(row: Row, as_of: datetime, owner: str | None = None) -> dict[str, object]:
    """Times aware and none after `as_of`, lists as tuples, free text and links fit to be shown."""
    return {name: _fit(name, value, as_of, owner) for name, value in row.items()}


def _fit(name: str, value: object, as_of: datetime, owner: str | None) -> object:
    if isinstance(value, datetime):
        at = _aware(value)
        return at if at and at <= as_of else None
    if isinstance(value, list):
        return tuple(plain_text(item, owner) if isinstance(item, str) else item for item in value)
    if isinstance(value, str):
        return safe_link(value) if name == "url" else plain_text(value, owner) if name in _FREE_TEXT else value
    return value


def _aware(value: object) -> datetime | None:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
