"""Everything the published file knows of one deployment, read by a dozen small questions (metrics/sql/story_*.sql)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import chain, groupby
from pathlib import Path
from typing import TypeVar

import dora
from dora.definitions import Definitions
from dora.errors import DoraError
from dora.warehouse import Reader
from metrics import story as shape
from metrics import story_rules as rules
from metrics import story_timeline as line
from metrics.deployment_search import find_deployment
from metrics.plain_text import plain_text, safe_link
from metrics.question import Question, published_as_of, published_definitions
from metrics.story_caveats import caveats
from metrics.story_compare import centre, compare

__all__ = ["deployment_story", "failed_deployments", "find_deployment"]

T = TypeVar("T")
#: How many earlier deployments are the service's usual.
HISTORY = 50
SIMILAR = 5
AROUND = timedelta(days=1)
_SQL = Path(__file__).parent / "sql"
_FREE_TEXT = frozenset({"subject", "title", "evidence", "reason", "job", "step", "signature", "flag", "detail", "why", "name"})
_UNIT = {"commit": "changes", "all_commits": "commits", "mainline": "mainline_changes", "pull_request": "pull_requests"}


def deployment_story(
    reader: Reader, deployment_id: str, as_of: datetime, *, names: bool = False
) -> shape.DeploymentStory:
    """The story of one deployment as it was known at `as_of`: later moments are not told.

    `names`: show authors and actors by the name in the `people` table; without it no name and no hash leaves the
    file. Errors: `DoraError` when the id is unknown; `find_deployment` turns other spellings into ids.
    """
    teller = _Teller(reader, published_definitions(reader), as_of, names)
    deployed = teller.deployed(deployment_id)
    commits = teller.read(shape.ShippedCommit, "commits", deployed)
    requests = teller.read(shape.ShippedPullRequest, "pull_requests", deployed)
    evidence = tuple(teller.evidence(deployed))
    verdict = rules.verdict(deployed, evidence, as_of, teller.definitions)
    outcome = rules.recovery(deployed, evidence, as_of, teller.recovering(evidence))
    around = _around(deployed, outcome, verdict, as_of)
    incidents = teller.read(shape.NearIncident, "incidents", deployed, **around)
    run = next(iter(teller.read(shape.Run, "run", deployed)), None) if deployed.run_id else None
    checks = teller.read(shape.Check, "checks", deployed, bare_id=deployment_id.removeprefix(f"{deployed.source}/"))
    flags = teller.read(shape.FlagEvent, "flags", deployed, **around)
    history = teller.history(deployed)
    past = history[:-1]
    linked = _first_linked(incidents, evidence)
    told = shape.DeploymentStory(
        deployment=deployed,
        teams=tuple(str(row[0]) for row in teller.rows("teams", service=deployed.service, at=_moment(deployed, as_of))),
        verdict=verdict,
        evidence=evidence,
        recovery=outcome,
        recovers=teller.read(shape.Candidate, "recovers", deployed),
        spans=rules.spans(deployed, outcome, evidence, linked),
        timeline=line.in_order(
            chain(
                line.moments_of_changes(commits, requests),
                line.moments_of_deployment(deployed, run, verdict, as_of),
                line.moments_after(evidence, outcome, incidents, checks, flags),
            )
        ),
        pull_requests=requests,
        commits=commits,
        batch=_batch(deployed, past),
        lead_time=teller.lead_time(deployed, past),
        history=history,
        run=run,
        steps=teller.read(shape.Step, "steps", deployed) if run else (),
        checks=checks,
        flags=flags,
        incidents=incidents,
        similar=teller.similar(deployed),
        caveats=(),
        stamp=teller.stamp(),
    )
    coverage = teller.rows("coverage", repository=deployed.repository, service=deployed.service)[0]
    return replace(told, caveats=tuple(caveats(told, coverage, teller.findings(deployed))))


def failed_deployments(reader: Reader, question: Question) -> list[str]:
    """Ids of the failed production deployments finished in the question's period, in order of time."""
    values = {
        "start": question.period.start, "end": question.period.end, "as_of": question.as_of,
        "services": list(question.services), "environments": list(question.environments),
    }  # fmt: skip
    rows = reader.records(_sql("period_evidence"), values)
    if question.teams:
        rows = [row for row in rows if set(question.teams) & set(_texts(row["teams"]))]
    found = []
    for deployment_id, group in groupby(rows, key=lambda row: str(row["deployment_id"])):
        if rules.counted([_evidence(row, question.definitions) for row in group]):
            found.append(deployment_id)
    return found


@dataclass(frozen=True, slots=True)
class _Teller:
    """One reading of the file: what it is read by, and up to when."""

    reader: Reader
    definitions: Definitions
    as_of: datetime
    names: bool

    def rows(self, name: str, **values: object) -> list[tuple[object, ...]]:
        return self.reader.rows(_sql(name), values)

    def read(self, kind: Callable[..., T], name: str, deployed: shape.Deployed, **more: object) -> tuple[T, ...]:
        """The rows of one question as dataclasses whose fields are its columns."""
        sql = _sql(name)
        known = {
            "id": deployed.deployment_id, "service": deployed.service, "environment": deployed.environment,
            "source": deployed.source, "run_id": deployed.run_id, "as_of": self.as_of, "names": self.names,
        } | more  # fmt: skip
        values = {key: value for key, value in known.items() if f"${key}" in sql}
        owner = (deployed.repository or "").partition("/")[0]
        return tuple(kind(**_clean(row, self.as_of, owner)) for row in self.reader.records(sql, values))

    def deployed(self, deployment_id: str) -> shape.Deployed:
        found = self.reader.records(_sql("deployment"), {"id": deployment_id, "names": self.names})
        if not found:
            raise DoraError(f"no deployment has the id {deployment_id!r}; `dora deploys` lists them")
        return shape.Deployed(**_clean(found[0], self.as_of))  # type: ignore[arg-type]

    def evidence(self, deployed: shape.Deployed) -> Iterable[shape.Evidence]:
        rows = self.reader.records(_sql("evidence"), {"id": deployed.deployment_id, "as_of": self.as_of})
        for row in rows:
            yield _evidence(row | {"finished_at": deployed.finished_at}, self.definitions, self.as_of)

    def recovering(self, evidence: Sequence[shape.Evidence]) -> dict[str, tuple[str | None, str | None]]:
        ids = [row.recovery_id for row in evidence if row.recovery_id]
        rows = self.rows("recovering", ids=ids) if ids else []
        return {str(row[0]): (_text(row[1]), _text(row[2])) for row in rows}

    def history(self, deployed: shape.Deployed) -> tuple[shape.PastDeployment, ...]:
        """Oldest first, this deployment last, each marked when it failed."""
        before = _moment(deployed, self.as_of)
        past = self.read(shape.PastDeployment, "history", deployed, before=before, count=HISTORY)
        this = shape.PastDeployment(
            **{name: getattr(deployed, name) for name in shape.PastDeployment.__dataclass_fields__ if name != "failed"}
        )
        rows = (*reversed(past), this)
        ids = [row.deployment_id for row in rows]
        marks = self.reader.records(_sql("evidence_of"), {"ids": ids, "as_of": self.as_of})
        failed = _failed(marks, self.definitions, self.as_of)
        return tuple(replace(row, failed=row.deployment_id in failed) for row in rows)

    def lead_time(self, deployed: shape.Deployed, past: Sequence[shape.PastDeployment]) -> shape.Comparison:
        ids = [deployed.deployment_id, *(row.deployment_id for row in past)]
        since = min((row.finished_at for row in past if row.finished_at), default=_moment(deployed, self.as_of))
        rows = self.rows(
            "leads", ids=ids, since=since, service=deployed.service, environment=deployed.environment,
            change=self.definitions.change, clock=self.definitions.clock, bots=self.definitions.bots,
        )  # fmt: skip
        mine, others = [], []
        for deployment_id, deployed_at, started_at in rows:
            if isinstance(deployed_at, datetime) and isinstance(started_at, datetime) and deployed_at >= started_at:
                seconds = (deployed_at - started_at).total_seconds()
                (mine if deployment_id == deployed.deployment_id else others).append(seconds)
        return compare("change lead time, median", "seconds", centre(mine), others)

    def similar(self, deployed: shape.Deployed) -> tuple[shape.SimilarFailure, ...]:
        """Earlier failed deployments: of the service, or of its repository when they share paths; nearest first."""
        end = _moment(deployed, self.as_of)
        values = {
            "service": deployed.service, "repository": deployed.repository, "as_of": self.as_of,
            "start": end - timedelta(days=730), "end": end,
        }  # fmt: skip
        rows = self.reader.records(_sql("service_evidence"), values)
        failed = _failed(rows, self.definitions, self.as_of)
        paths = self.paths(deployed, list(failed))
        mine = paths.get(deployed.deployment_id, set())
        about = {str(row["deployment_id"]): row for row in rows}
        relations = self.recovering([best for best in failed.values()])
        found = []
        for deployment_id, best in failed.items():
            row = about[deployment_id]
            shared = tuple(sorted(mine & paths.get(deployment_id, set())))
            if row["service"] == deployed.service or shared:
                found.append(_similar(row, best, relations, shared))
        found.sort(key=lambda item: (len(item.shared_paths), str(item.finished_at)), reverse=True)
        return tuple(found[:SIMILAR])

    def paths(self, deployed: shape.Deployed, ids: list[str]) -> dict[str, set[str]]:
        if not ids or not deployed.commits:
            return {}
        out: dict[str, set[str]] = {}
        for deployment_id, path in self.rows("paths", repository=deployed.repository, ids=[deployed.deployment_id, *ids]):
            out.setdefault(str(deployment_id), set()).add(str(path))
        return out

    def findings(self, deployed: shape.Deployed) -> list[str]:
        subjects = [text for text in (deployed.deployment_id, deployed.version, deployed.sha) if text]
        rows = self.rows("quality", subjects=subjects, service=deployed.service)
        return [plain_text(f"{str(finding).replace('_', ' ')}: {detail}") for finding, detail in rows]

    def stamp(self) -> shape.Stamp:
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


def _failed(
    rows: Sequence[dict[str, object]], definitions: Definitions, as_of: datetime
) -> dict[str, shape.Evidence]:
    """Failed deployment -> its strongest evidence; `rows` may hold several deployments in any order."""
    by_id: dict[str, list[shape.Evidence]] = {}
    for row in rows:
        by_id.setdefault(str(row["deployment_id"]), []).append(_evidence(row, definitions, as_of))
    best = {deployment_id: rules.counted(evidence) for deployment_id, evidence in by_id.items()}
    return {deployment_id: evidence[0] for deployment_id, evidence in best.items() if evidence}
