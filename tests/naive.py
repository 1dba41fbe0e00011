"""A second implementation of lineage, ledger and the metrics: one row at a time, sets and loops, slow on purpose.

Written from the wording of the definitions alone and sharing no code with `metrics`, so that agreement of the
two means something. Spans are seconds; None means no data.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from typing import TypeVar
from zoneinfo import ZoneInfo

from dora.definitions import WINDOWED_KINDS, Definitions
from dora.model import (
    Commit,
    CommitPath,
    Deployment,
    Incident,
    MainlineCommit,
    PullRequest,
    Record,
    Tag,
    Verification,
)

T = TypeVar("T", bound=Record)


@dataclass
class NaiveService:
    """A configured service."""

    name: str
    repository: str
    paths: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass
class Evidence:
    """One sign that a deployment failed, and what ended it: a time, and the deployment when it was one."""

    kind: str
    at: datetime | None
    recovered_at: datetime | None
    recovered_by: Deployed | None = None


@dataclass(eq=False)
class Deployed:
    """One succeeded production deployment and everything found out about it."""

    record: Deployment
    service: str
    at: datetime
    commit: str | None
    previous: Deployed | None = None
    replaced: Deployed | None = None
    relation: str = ""
    backward_kind: str | None = None
    ships: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    rework: set[str] = field(default_factory=set)


class Naive:
    """All records of an organisation, and the answers worked out from them."""

    def __init__(self, records: Sequence[Record], services: Sequence[NaiveService], definitions: Definitions) -> None:
        self.definitions = definitions
        self.services = services
        self.commits = {(r.repository, r.sha): r for r in records if isinstance(r, Commit)}
        self.mainline = {(r.repository, r.sha) for r in records if isinstance(r, MainlineCommit)}
        self.tags = {(r.repository, r.name): r.sha for r in records if isinstance(r, Tag)}
        self.pulls = list({(p.repository, p.number): p for p in _of(records, PullRequest)}.values())
        self.incidents = list({(i.source, i.id): i for i in _of(records, Incident)}.values())
        self.verifications = list({(v.source, v.id): v for v in _of(records, Verification)}.values())
        self.deployments = list({(d.source, d.id): d for d in _of(records, Deployment)}.values())
        self.paths: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in _of(records, CommitPath):
            self.paths[row.repository, row.sha].add(row.path)
        self._reach: dict[tuple[str, str], set[str]] = {}
        self.lines: dict[tuple[str, str], list[Deployed]] = {}
        for service in services:
            self._walk(service)
        self._mark_replays()
        for service in services:
            self._judge(service)

    # which commit, which ancestors

    def reach(self, repository: str, sha: str) -> set[str]:
        """The commit and all its ancestors."""
        if (repository, sha) not in self._reach:
            found, todo = set(), [sha]
            while todo:
                at = todo.pop()
                if at not in found and (repository, at) in self.commits:
                    found.add(at)
                    todo.extend(self.commits[repository, at].parents)
            self._reach[repository, sha] = found
        return self._reach[repository, sha]

    def find(self, repository: str, text: str) -> str | None:
        """The one commit whose sha is or begins with `text`."""
        hits = [sha for (name, sha) in self.commits if name == repository and text and sha.startswith(text)]
        return hits[0] if len(hits) == 1 else None

    def resolve(self, repository: str, record: Deployment) -> str | None:
        """The commit that a deployment put live."""
        if record.sha:
            return self.find(repository, record.sha)
        if record.version and record.commit_rule != "none":
            tagged = self.tags.get((repository, record.version))
            if tagged and record.commit_rule != "sha":
                return tagged if (repository, tagged) in self.commits else None
            if record.commit_rule == "sha":
                return self.find(repository, record.version)
        return None

    def service_of(self, name: str | None, repository: str | None) -> str | None:
        """The configured service of that name or alias, else the only one of that repository."""
        for service in self.services:
            if name == service.name or name in service.aliases:
                return service.name
        owners = [service.name for service in self.services if service.repository == repository]
        return owners[0] if name is None and len(owners) == 1 else None

    def is_production(self, environment: str) -> bool:
        """Whether a pattern of the definitions names it."""
        return _like(environment, self.definitions.production)

    def is_live(self, record: Deployment) -> bool:
        """Whether it is a finished, succeeded production deployment."""
        return (
            record.status == "succeeded" and record.finished_at is not None and self.is_production(record.environment)
        )

    def concerns(self, service: NaiveService, sha: str) -> bool:
        """Whether the commit touches the service's part of the repository."""
        if not service.paths:
            return True
        return any(_path_like(path, service.paths) for path in self.paths[service.repository, sha])

    # lineage

    def _walk(self, service: NaiveService) -> None:
        """Order each environment's successes, find relations, and hand every commit to its first deployment."""
        for record in self.deployments:
            mine = self.service_of(record.service, record.repository) == service.name
            if mine and self.is_live(record) and record.finished_at:
                commit = self.resolve(service.repository, record)
                line = self.lines.setdefault((service.name, record.environment), [])
                line.append(Deployed(record, service.name, record.finished_at, commit))
        for (name, _), line in self.lines.items():
            if name == service.name:
                line.sort(key=lambda d: (d.at, d.record.sequence or 0, d.record.source, d.record.id))
                self._relate(service, line)

    def _relate(self, service: NaiveService, line: list[Deployed]) -> None:
        before: Deployed | None = None
        known: Deployed | None = None
        contained: set[str] = set()
        live: set[str] = set()
        for deployed in line:
            deployed.replaced, before = before, deployed
            if deployed.commit is None:
                deployed.relation = "unresolved"
                continue
            deployed.previous = known
            reach = self.reach(service.repository, deployed.commit)
            deployed.relation = self._relation(service.repository, known, deployed.commit)
            if known is not None:
                deployed.ships = sorted(sha for sha in reach - contained if self.concerns(service, sha))
            if deployed.relation == "backward":
                deployed.backward_kind = "rollback" if deployed.commit in live else "out_of_order"
            contained |= reach
            live.add(deployed.commit)
            known = deployed

    def _relation(self, repository: str, known: Deployed | None, commit: str) -> str:
        if known is None or known.commit is None:
            return "baseline"
        if known.commit == commit:
            return "same_commit"
        if known.commit in self.reach(repository, commit):
            return "forward"
        return "backward" if commit in self.reach(repository, known.commit) else "diverged"

    def _mark_replays(self) -> None:
        """Backward moves in a slot in which enough services of the source moved to an earlier version."""
        lines: dict[tuple[str, str, str], list[Deployment]] = defaultdict(list)
        for record in self.deployments:
            if self.is_live(record):
                lines[record.source, str(record.service or record.repository), record.environment].append(record)
        moved: dict[tuple[str, int], set[str]] = defaultdict(set)
        for (source, service, _), line in lines.items():
            line.sort(key=lambda d: (d.finished_at, d.sequence or 0, d.id))
            for index, record in enumerate(line):
                if index and _moves_back(record, line[index - 1], line[:index]):
                    moved[source, self._slot(record)].add(service)
        for line_ in self.lines.values():
            for deployed in line_:
                crowd = moved[deployed.record.source, self._slot(deployed.record)]
                if deployed.backward_kind and len(crowd) >= self.definitions.replay_services:
                    deployed.backward_kind = "replay"

    def _slot(self, record: Deployment) -> int:
        assert record.finished_at is not None
        return int(record.finished_at.timestamp() // self.definitions.replay_slot_seconds)

    # the ledger

    def _judge(self, service: NaiveService) -> None:
        for (name, _), line in self.lines.items():
            if name != service.name:
                continue
            shipper = {sha: deployed for deployed in line for sha in deployed.ships}
            for deployed in line:
                self._rollbacks(deployed)
                self._reverts(service, deployed, shipper)
                self._hotfixes(service, deployed)
                self._checks(deployed, line)
            for incident in self.incidents:
                production = incident.environment is None or self.is_production(incident.environment)
                if production and self.service_of(incident.service, incident.repository) == service.name:
                    self._incident(service, incident, line, shipper)

    def _rollbacks(self, deployed: Deployed) -> None:
        if deployed.backward_kind == "rollback":
            deployed.rework.add("rollback")
            if deployed.replaced:
                deployed.replaced.evidence.append(Evidence("rollback", deployed.at, deployed.at, deployed))

    def _reverts(self, service: NaiveService, deployed: Deployed, shipper: dict[str, Deployed]) -> None:
        repository = service.repository
        for sha in deployed.ships:
            for target in self._targets(repository, self.commits[repository, sha]):
                culprit = shipper.get(target)
                reland = self._is_revert(self.commits[repository, target])
                if culprit and culprit is not deployed and culprit.at <= deployed.at and not reland:
                    culprit.evidence.append(Evidence("revert", deployed.at, deployed.at, deployed))
        if deployed.previous and deployed.previous.commit and deployed.commit:
            base = self.reach(repository, deployed.previous.commit)
            for sha in self.reach(repository, deployed.commit) - base:
                commit = self.commits[repository, sha]
                named = commit.subject.startswith(("Revert", "Reapply"))
                if (named or commit.reverts or commit.reverts_pull_requests) and self.concerns(service, sha):
                    deployed.rework.add("revert")

    def _is_revert(self, commit: Commit) -> bool:
        return bool(commit.reverts or commit.reverts_pull_requests) or commit.subject.lower().startswith("revert")

    def _targets(self, repository: str, commit: Commit) -> list[str]:
        """The commits that this one reverts."""
        found = [self.find(repository, text) for text in commit.reverts]
        for number in commit.reverts_pull_requests:
            found.append(self._merge_of(repository, number))
        return [sha for sha in found if sha]

    def _merge_of(self, repository: str, number: int) -> str | None:
        for pull in self.pulls:
            if pull.repository == repository and pull.number == number and pull.merge_sha:
                return pull.merge_sha
        for (name, sha), commit in self.commits.items():
            if name == repository and commit.pull_request == number and (name, sha) in self.mainline:
                return sha
        return None

    def _shipped_pulls(self, service: NaiveService, deployed: Deployed) -> list[PullRequest]:
        ships = set(deployed.ships)
        return [p for p in self.pulls if p.repository == service.repository and p.merged_at and p.merge_sha in ships]

    def _hotfixes(self, service: NaiveService, deployed: Deployed) -> None:
        d = self.definitions
        for pull in self._shipped_pulls(service, deployed):
            by_label = any(_like(label, d.hotfix_labels) for label in pull.labels)
            if by_label or _like(pull.head_branch, d.hotfix_branches) or _like(pull.title, d.hotfix_titles):
                deployed.rework.add("hotfix")
                if deployed.replaced:
                    deployed.replaced.evidence.append(Evidence("hotfix", deployed.at, deployed.at, deployed))

    def _checks(self, deployed: Deployed, line: list[Deployed]) -> None:
        """A failed check is over with the next deployment."""
        following = next((d for d in line if d.replaced is deployed), None)
        names = {deployed.record.id, f"{deployed.record.source}/{deployed.record.id}"}
        for check in self.verifications:
            if check.deployment in names and check.status == "failed":
                end = following.at if following else None
                deployed.evidence.append(Evidence("verification", check.finished_at, end, following))

    def _incident(
        self, service: NaiveService, incident: Incident, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> None:
        fix = self._by_id(line, incident.fix_deployment)
        if incident.fix_pull_request is not None and fix is None:
            merge = self._merge_of(service.repository, incident.fix_pull_request)
            fix = shipper.get(merge) if merge else None
        if fix:
            fix.rework.add("incident_fix")
        began = incident.impact_started_at or incident.detected_at
        culprit = self._named(service, incident, line, shipper)
        if culprit:
            culprit.evidence.append(Evidence("linked_incident", began, *_end(incident, culprit, fix)))
            return
        seen = incident.detected_at or incident.impact_started_at
        near = [d for d in line if seen and d.at <= seen < d.at + timedelta(seconds=self.definitions.proximity_seconds)]
        if near:
            near[-1].evidence.append(Evidence("proximity", seen, *_end(incident, near[-1], fix)))

    def _named(
        self, service: NaiveService, incident: Incident, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> Deployed | None:
        """The deployment that the incident names, by the most direct name."""
        found = self._by_id(line, incident.deployment)
        if not found and incident.version:
            same = [d for d in line if d.record.version == incident.version]
            began = incident.impact_started_at or incident.detected_at
            earlier = [d for d in same if began is None or d.at <= began]
            found = earlier[-1] if earlier else None
        if not found and incident.sha:
            sha = self.find(service.repository, incident.sha)
            found = shipper.get(sha) if sha else None
        if not found and incident.pull_request is not None:
            merge = self._merge_of(service.repository, incident.pull_request)
            found = shipper.get(merge) if merge else None
        return found

    def _by_id(self, line: list[Deployed], name: str | None) -> Deployed | None:
        hits = [d for d in line if name and name in (d.record.id, f"{d.record.source}/{d.record.id}")]
        return hits[0] if hits else None

    # verdicts

    def counted(self, deployed: Deployed) -> list[Evidence]:
        """The evidence that makes it a failure: of a headline kind, and in time where the kind asks for it."""
        out = []
        for item in deployed.evidence:
            if item.kind not in self.definitions.failure_kinds:
                continue
            if item.kind not in WINDOWED_KINDS or self._in_window(deployed, item.at):
                out.append(item)
        return out

    def _in_window(self, deployed: Deployed, moment: datetime | None) -> bool:
        window = self.definitions.failure_window_seconds
        if window is None:
            return True
        return moment is not None and deployed.at <= moment < deployed.at + timedelta(seconds=window)

    def recovered_at(self, deployed: Deployed) -> datetime | None:
        """The earliest end of the failure; a fix that failed itself hands on to its own end.

        Any sign of a headline kind may tell the end, also one too late to prove the failure. An end before the
        beginning is impossible and stands only where there is no other.
        """
        ends = []
        for item in deployed.evidence:
            if item.kind in self.definitions.failure_kinds and item.recovered_at is not None:
                by = item.recovered_by
                if by is not None and by.at > deployed.at and self.counted(by):
                    ends.append(self.recovered_at(by))
                else:
                    ends.append(item.recovered_at)
        known = [end for end in ends if end is not None]
        possible = [end for end in known if end >= deployed.at]
        return min(possible) if possible else max(known, default=None)

    def matured(self, deployed: Deployed, as_of: datetime) -> bool:
        """Whether its failure window has passed."""
        window = self.definitions.failure_window_seconds
        return window is None or deployed.at + timedelta(seconds=window) <= as_of

    # the metrics of one set of services over [start, end)

    def within(self, names: Iterable[str], start: datetime, end: datetime) -> list[Deployed]:
        """The succeeded production deployments of the services, in time order."""
        wanted = set(names)
        rows = [d for (name, _), line in self.lines.items() if name in wanted for d in line if start <= d.at < end]
        return sorted(rows, key=lambda d: d.at)

    def frequency(self, rows: list[Deployed], start: datetime, end: datetime) -> dict[str, object]:
        """Deployment frequency."""
        zone = ZoneInfo(self.definitions.timezone)
        days = [d.at.astimezone(zone).date() for d in rows]
        calendar = _calendar(start, end, zone)
        weeks = sorted({day - timedelta(days=day.weekday()) for day in calendar})
        per_week = [sum(day - timedelta(days=day.weekday()) == week for day in days) for week in weeks]
        working = [day for day in calendar if day.isoweekday() in self.definitions.working_days]
        relations: dict[str, int] = defaultdict(int)
        for deployed in rows:
            relations[deployed.relation] += 1
        return {
            "deployments": len(rows),
            "days_with_deployment": len(set(days)),
            "weeks_with_deployment": len({day - timedelta(days=day.weekday()) for day in days}),
            "per_day": len(rows) / len(calendar),
            "median_per_week": quantile(per_week, 0.5),
            "median_per_working_day": quantile([days.count(day) for day in working], 0.5),
            "by_weekday": tuple(sum(day.weekday() == n for day in days) for n in range(7)),
            "relations": dict(relations),
            "commits": sum(len(d.ships) for d in rows),
        }

    def lead_times(self, rows: list[Deployed]) -> tuple[list[float], int]:
        """Lead times in seconds, and how many were negative and left out."""
        values, negative = [], 0
        for deployed in rows:
            for start in self._clocks(deployed):
                if start is not None:
                    seconds = (deployed.at - start).total_seconds()
                    negative += seconds < 0
                    values += [seconds] if seconds >= 0 else []
        return values, negative

    def _clocks(self, deployed: Deployed) -> list[datetime | None]:
        service = next(s for s in self.services if s.name == deployed.service)
        d = self.definitions
        pulls = self._shipped_pulls(service, deployed)
        if d.change == "pull_request":
            return [self._pull_clock(pull) for pull in pulls if d.bots or not pull.is_bot]
        out = []
        for sha in deployed.ships:
            commit = self.commits[service.repository, sha]
            if d.change == "commit" and len(commit.parents) > 1:
                continue
            if d.change == "mainline" and (service.repository, sha) not in self.mainline:
                continue
            if not d.bots and commit.is_bot:
                continue
            if d.clock in ("committed", "authored"):
                out.append(commit.committed_at if d.clock == "committed" else commit.authored_at)
            else:
                out.append(self._pull_clock(self._pull_of(service.repository, commit)))
        return out

    def _pull_of(self, repository: str, commit: Commit) -> PullRequest | None:
        for pull in self.pulls:
            mine = commit.sha == pull.merge_sha or commit.sha in pull.commits or commit.pull_request == pull.number
            if pull.repository == repository and mine:
                return pull
        return None

    def _pull_clock(self, pull: PullRequest | None) -> datetime | None:
        if pull is None:
            return None
        clock = self.definitions.clock
        if clock in ("committed", "authored"):
            return pull.first_commit_at
        return {"first_commit": pull.first_commit_at, "opened": pull.opened_at, "merged": pull.merged_at}[clock]

    def fail_rate(self, rows: list[Deployed], as_of: datetime) -> dict[str, object]:
        """Change fail rate."""
        mature = [d for d in rows if self.matured(d, as_of)]
        failed = [d for d in mature if self.counted(d)]
        return {
            "failed": len(failed),
            "deployments": len(mature),
            "pending": len(rows) - len(mature),
            "rate": len(failed) / len(mature) if mature else None,
        }

    def recovery(self, rows: list[Deployed], as_of: datetime) -> dict[str, object]:
        """Failed deployment recovery time."""
        failed = [d for d in rows if self.counted(d)]
        ends = [(d, self.recovered_at(d)) for d in failed]
        closed = [(end - d.at).total_seconds() for d, end in ends if end is not None and end >= d.at]
        going = [max(0.0, (as_of - d.at).total_seconds()) for d, end in ends if end is None]
        return {
            "n": len(closed) + len(going),
            "open": len(going),
            "closed": closed,
            "going": going,
            "median": quantile(closed, 0.5),
            "p90": quantile(closed, 0.9),
        }

    def restore(self, names: Iterable[str], start: datetime, end: datetime) -> dict[str, object]:
        """Time to restore over the services' production incidents that began in the span."""
        closed, still = [], 0
        for incident in self.incidents:
            began = incident.impact_started_at or incident.detected_at
            mine = self.service_of(incident.service, incident.repository) in set(names)
            production = incident.environment is None or self.is_production(incident.environment)
            if mine and production and began and start <= began < end:
                if incident.resolved_at is None:
                    still += 1
                elif incident.resolved_at >= began:
                    closed.append((incident.resolved_at - began).total_seconds())
        return {"n": len(closed) + still, "open": still, "median": quantile(closed, 0.5)}

    def rework(self, rows: list[Deployed]) -> dict[str, object]:
        """Deployment rework rate."""
        kinds = set(self.definitions.rework_kinds)
        hit = [d for d in rows if d.rework & kinds]
        return {"rework": len(hit), "deployments": len(rows), "rate": len(hit) / len(rows) if rows else None}


def quantile(values: Sequence[float], q: float) -> float | None:
    """Linear interpolation between the two nearest ordered values; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def kaplan_meier_median(closed: Sequence[float], still_open: Sequence[float]) -> float | None:
    """The first time at which the product of survivals is at most one half; None when never."""
    survival = 1.0
    for moment in sorted(set(closed)):
        at_risk = sum(t >= moment for t in closed) + sum(t >= moment for t in still_open)
        survival *= 1 - sum(t == moment for t in closed) / at_risk
        if survival <= 0.5 + 1e-12:
            return moment
    return None


def _end(incident: Incident, culprit: Deployed, fix: Deployed | None) -> tuple[datetime | None, Deployed | None]:
    """When the incident was over for its culprit: resolved, or its fix live, whichever came first."""
    resolved = incident.resolved_at
    if fix is not None and fix.at > culprit.at and (resolved is None or fix.at <= resolved):
        return fix.at, fix
    return resolved, None


def _of(records: Sequence[Record], kind: type[T]) -> list[T]:
    return [record for record in records if isinstance(record, kind)]


def _like(text: str | None, globs: Sequence[str]) -> bool:
    return text is not None and any(fnmatchcase(text.lower(), glob.lower()) for glob in globs)


def _path_like(path: str, globs: Sequence[str]) -> bool:
    """`*` stays inside a folder, `**` crosses folders."""
    for glob in globs:
        pattern = re.escape(glob).replace(r"\*\*/", "(?:.*/)?").replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
        if re.fullmatch(pattern, path):
            return True
    return False


def _moves_back(record: Deployment, before: Deployment, earlier: Sequence[Deployment]) -> bool:
    if record.version is None or record.version == before.version:
        return False
    new, old = _number(record.version), _number(before.version)
    lower = new is not None and old is not None and new < old
    return lower or record.version in {item.version for item in earlier}


def _number(version: str | None) -> tuple[int, ...] | None:
    found = re.fullmatch(r"\D*(\d+(?:\.\d+)*)", version or "")
    return tuple(int(part) for part in found[1].split(".")) if found else None


def _calendar(start: datetime, end: datetime, zone: ZoneInfo) -> list[date]:
    """The local days that [start, end) touches."""
    first = start.astimezone(zone).date()
    last = (end.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
