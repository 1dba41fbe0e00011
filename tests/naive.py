"""A second implementation of lineage, ledger and the metrics: one row at a time, sets and loops, slow on purpose.

Written from the wording of the definitions alone and sharing no code with `metrics`, so that agreement of the
two means something. Spans are seconds; None means no data.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fnmatch import fnmatchcase
from math import comb
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
from dora.overrides import Override, Overrides

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
    brings: set[str] = field(default_factory=set)
    ships: list[str] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    rework: set[str] = field(default_factory=set)
    absolved: bool = False


@dataclass(frozen=True)
class Stretch:
    """A service as long as a group owns it: `[since, until)`, open ends None."""

    service: str
    since: datetime | None = None
    until: datetime | None = None

    def holds(self, service: str, at: datetime) -> bool:
        """Whether it is this service's, at this moment."""
        return service == self.service and (not self.since or at >= self.since) and (not self.until or at < self.until)


@dataclass
class Pull:
    """A merged pull request: the commit that its merge made, and what the host says about it, if it says anything."""

    repository: str
    number: int
    merge: Commit
    record: PullRequest | None = None

    @property
    def is_bot(self) -> bool:
        """Whether a bot made it."""
        return self.record.is_bot if self.record else self.merge.is_bot


class Naive:
    """All records of an organisation, and the answers worked out from them, by each service's own definitions."""

    def __init__(
        self,
        records: Sequence[Record],
        services: Sequence[NaiveService],
        definitions: Definitions,
        overrides: Overrides | None = None,
    ) -> None:
        self.definitions = definitions
        self.overrides = overrides or Overrides()
        self.services = services
        self.commits = {(r.repository, r.sha): r for r in records if isinstance(r, Commit)}
        self.mainline = {(r.repository, r.sha) for r in records if isinstance(r, MainlineCommit)}
        self.tags = {(r.repository, r.name): r.sha for r in records if isinstance(r, Tag)}
        self.records = _newest(_of(records, PullRequest))
        self.incidents = _newest(_of(records, Incident))
        self.verifications = _newest(_of(records, Verification))
        self.deployments = _newest(_of(records, Deployment))
        self.paths: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in _of(records, CommitPath):
            self.paths[row.repository, row.sha].add(row.path)
        self.parted = {repository for repository, _ in self.paths}
        self._reach: dict[tuple[str, str], set[str]] = {}
        self.landings: dict[tuple[str, str], str] = {}
        for repository in {name for name, _ in self.commits}:
            self._land(repository)
        self.copies: dict[tuple[str, str], list[str]] = {}
        self._pick()
        self.pulls = self._pulls()
        self.lines: dict[tuple[str, str], list[Deployed]] = {}
        self.linked: set[tuple[str, str, str]] = set()
        self.shippers: dict[tuple[str, str], dict[str, Deployed]] = {}
        self._concerned: dict[tuple[str, int], bool] = {}
        self._first: dict[tuple[str, str, int], Deployed | None] = {}
        self.fixes: dict[tuple[str, str, str, str], Deployed | None] = {}
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

    def _land(self, repository: str) -> None:
        """The mainline commit with which each commit came onto the default branch: the first that contains it."""
        line = [sha for (name, sha) in self.mainline if name == repository and (name, sha) in self.commits]
        for sha in sorted(line, key=lambda sha: -len(self.reach(repository, sha))):
            for inside in self.reach(repository, sha):
                self.landings[repository, inside] = sha

    def _pick(self) -> None:
        """The copies of what came to the default branch first, itself first: same author, time and subject, none on top of another."""
        groups: dict[tuple[object, ...], list[Commit]] = defaultdict(list)
        for commit in self.commits.values():
            if (
                commit.author
                and commit.authored_at
                and commit.subject
                and commit.committed_at
                and len(commit.parents) < 2
            ):
                groups[commit.repository, commit.author, commit.authored_at, commit.subject].append(commit)
        for group in groups.values():
            group.sort(key=_age)
            repository, landed = group[0].repository, [c for c in group if (c.repository, c.sha) in self.landings]
            if landed:
                home = min(landed, key=lambda c: (_age(self._landing(c))[0], _age(c)))
                copies = [home.sha]
                for commit in group:
                    if commit is not home and self._is_copy(commit, home) and not self._is_stacked(commit, copies):
                        copies.append(commit.sha)
                self.copies |= {(repository, sha): copies for sha in copies if len(copies) > 1}

    def _landing(self, commit: Commit) -> Commit:
        return self.commits[commit.repository, self.landings[commit.repository, commit.sha]]

    def _is_copy(self, commit: Commit, home: Commit) -> bool:
        """Made when its home had landed, and not to land again after a revert; or at the very moment, if it never landed."""
        landed = (commit.repository, commit.sha) in self.landings
        if not landed and commit.committed_at == home.committed_at:
            return True
        if _age(commit)[0] < _age(self._landing(home))[0]:
            return False
        return not landed or not self._is_named_by_revert(home)

    def _is_stacked(self, commit: Commit, others: Sequence[str]) -> bool:
        """Whether it holds one of these, or one of these it."""
        own = self.reach(commit.repository, commit.sha)
        return any(sha in own or commit.sha in self.reach(commit.repository, sha) for sha in others)

    def _is_named_by_revert(self, commit: Commit) -> bool:
        """Whether a message takes back it or what brought it, by id or by the number in its subject."""
        both = [commit, self._landing(commit)]
        for other in self.commits.values():
            if other.repository == commit.repository:
                if {self.find(other.repository, text) for text in other.reverts} & {c.sha for c in both}:
                    return True
                if {c.pull_request for c in both} & set(other.reverts_pull_requests):
                    return True
        return False

    def _alike(self, service: NaiveService, shas: Iterable[str]) -> set[str]:
        """These commits with all copies of them, as far as both concern the service."""
        found = set(shas)
        for sha in list(found):
            copies = self.copies.get((service.repository, sha), ())
            if copies and self.concerns(service, sha):
                found |= {copy for copy in copies if self.concerns(service, copy)}
        return found

    def _home(self, commit: Commit) -> Commit:
        """What tells of a copy: the commit of the default branch that it is one of."""
        return self.commits[commit.repository, self.copies.get((commit.repository, commit.sha), [commit.sha])[0]]

    def _pulls(self) -> list[Pull]:
        """Merged pull requests with the commit that the merge made: the host's word, else what one commit says of itself."""
        found: dict[tuple[str, int], Pull] = {}
        for (repository, _), commit in sorted(self.commits.items(), key=lambda item: self._order(item[1])):
            number = commit.pull_request
            if number is not None and self._made(commit):
                found[repository, number] = Pull(repository, number, commit)
        for record in self.records:
            if record.merge_sha and (repository := record.repository):
                found[repository, record.number] = Pull(
                    repository, record.number, self.commits[repository, record.merge_sha]
                )
        for record in self.records:
            if (record.repository, record.number) in found:
                found[record.repository, record.number].record = record
        return list(found.values())

    def _order(self, commit: Commit) -> tuple[bool, datetime, str]:
        """Those on the default branch have the last word, then the youngest."""
        young = commit.committed_at or datetime.min.replace(tzinfo=UTC)
        return (commit.repository, commit.sha) in self.mainline, young, commit.sha

    def _made(self, commit: Commit) -> bool:
        """Whether the merge of the pull request that it names made it: on the default branch, as a join, or as the only one that says so."""
        if (commit.repository, commit.sha) in self.mainline or len(commit.parents) > 1:
            return True
        named = (commit.repository, commit.pull_request)
        if named in [(record.repository, record.number) for record in self.records]:
            return False
        alike = [c for c in self.commits.values() if (c.repository, c.pull_request) == named]
        return len(alike) == 1 and not self._is_part(commit)

    def _is_part(self, commit: Commit) -> bool:
        """Whether it is of another pull request: by the host, or because the merge of that brought it anywhere."""
        own = [r for r in self.records if r.repository == commit.repository]
        if any(commit.sha == record.merge_sha or commit.sha in record.commits for record in own):
            return True
        merges = {record.merge_sha for record in own}
        others = [c for c in self.commits.values() if c.repository == commit.repository and c is not commit]
        brought = [c for c in others if c.pull_request is not None or c.sha in merges]
        return any(commit.sha in self._brings(merge) for merge in brought)

    def _brings(self, merge: Commit) -> set[str]:
        """What a merge brings: to the default branch what landed there with it, to another what came there no sooner."""
        home = self.landings.get((merge.repository, merge.sha))
        if home != merge.sha and len(merge.parents) < 2:
            return set()
        there = self.reach(merge.repository, merge.sha)
        if home != merge.sha:
            there = there - self.reach(merge.repository, merge.parents[0])
        return {sha for sha in there if self.landings.get((merge.repository, sha)) == home} - {merge.sha}

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

    def services_of(self, name: str | None, repository: str | None) -> list[str]:
        """The configured service of that name or alias; without a name all of that repository."""
        if name is None:
            return [service.name for service in self.services if repository and service.repository == repository]
        return [service.name for service in self.services if name == service.name or name in service.aliases]

    def rules(self, service: str | None) -> Definitions:
        """The definitions of a service: its own, else the organisation's."""
        return next((own for name, own in self.definitions.services if name == service), self.definitions)

    def is_production(self, environment: str, service: str | None) -> bool:
        """Whether a pattern of the service's definitions names it."""
        return _like(environment, self.rules(service).production)

    def is_live(self, record: Deployment, service: str | None) -> bool:
        """Whether it is a finished, succeeded production deployment."""
        ended = record.status == "succeeded" and record.finished_at is not None
        return ended and self.is_production(record.environment, service)

    def concerns(self, service: NaiveService, sha: str) -> bool:
        """Whether the commit touches the service's part of the repository; where no paths are known all do."""
        if not service.paths or service.repository not in self.parted:
            return True
        return any(path_like(path, service.paths) for path in self.paths[service.repository, sha])

    def pull_concerns(self, service: NaiveService, pull: Pull) -> bool:
        """Whether a commit of the pull request touches the service's part of its repository."""
        if pull.repository != service.repository:
            return False
        key = (service.name, pull.number)
        if key not in self._concerned:
            held = [sha for (name, sha) in self.commits if name == pull.repository and self.concerns(service, sha)]
            self._concerned[key] = pull.merge.sha in held or any(
                self._number_of(pull.repository, sha) == pull.number for sha in held
            )
        return self._concerned[key]

    def _number_of(self, repository: str, sha: str) -> int | None:
        """The pull request of a commit: one whose merge it is, else that lists it, else that it landed with; the highest of several."""
        own = [r.number for r in self.records if r.repository == repository and r.merge_sha == sha]
        listed = [r.number for r in self.records if r.repository == repository and sha in r.commits]
        if not own and not listed and self._is_beside(repository, sha):
            return self.commits[repository, sha].pull_request
        home = self._home(self.commits[repository, sha])
        if not own and not listed and home.sha != sha:
            return self._number_of(repository, home.sha)
        landing = self.landings.get((repository, sha))
        hosted = [r.number for r in self.records if r.repository == repository and landing and r.merge_sha == landing]
        named = self.commits[repository, landing].pull_request if landing else None
        return max(own or listed or hosted, default=named)

    def _is_beside(self, repository: str, sha: str) -> bool:
        """Whether it is a squashed pull request that it alone tells of, on another branch than the default one."""
        merges = [p.merge for p in self.pulls if p.repository == repository and p.record is None]
        return any(len(m.parents) < 2 and m.sha == sha and (repository, sha) not in self.mainline for m in merges)

    # lineage

    def _walk(self, service: NaiveService) -> None:
        """Order each environment's successes, find relations, and hand every commit to its first deployment."""
        for record in self.deployments:
            mine = service.name in self.services_of(record.service, record.repository)
            if mine and self.is_live(record, service.name) and record.finished_at:
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
                deployed.brings = self._once(service, reach - contained, contained)
                deployed.ships = sorted(sha for sha in deployed.brings if self.concerns(service, sha))
            if deployed.relation == "backward":
                deployed.backward_kind = "rollback" if deployed.commit in live else "out_of_order"
            contained |= reach
            live.add(deployed.commit)
            known = deployed

    def _once(self, service: NaiveService, new: set[str], contained: set[str]) -> set[str]:
        """Without copies of what was there before, and of copies that come together the first of them."""
        kept, known = set[str](), self._alike(service, contained)
        for sha in sorted(new, key=lambda sha: self.copies.get((service.repository, sha), [sha]).index(sha)):
            if sha not in known:
                kept.add(sha)
                known |= self._alike(service, [sha])
        return kept

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
            known = self.services_of(record.service, record.repository)
            stranger = [] if known else [str(record.service or record.repository)]
            for name in [n for n in known if self.is_live(record, n)] + [
                n for n in stranger if self.is_live(record, None)
            ]:
                lines[record.source, name, record.environment].append(record)
        moved: dict[tuple[str, int], set[str]] = defaultdict(set)
        for (source, service, _), line in lines.items():
            line.sort(key=lambda d: (d.finished_at, d.sequence or 0, d.id))
            for index, record in enumerate(line):
                if index and _moves_back(record, line[index - 1], line[:index]):
                    # What one record moves of a whole repository is one.
                    whole = len(self.services_of(record.service, record.repository)) > 1
                    moved[source, self._slot(record)].add(str(record.repository) if whole else service)
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
        own = {environment: line for (name, environment), line in self.lines.items() if name == service.name}
        merged = {pull.merge.sha for pull in self.pulls if self.pull_concerns(service, pull)}
        for environment, line in own.items():
            self.shippers[service.name, environment] = {
                sha: deployed
                for deployed in line
                for sha in self._alike(service, deployed.brings)
                if sha in merged or self.concerns(service, sha)
            }
        for environment, line in own.items():
            shipper = self.shippers[service.name, environment]
            for deployed in line:
                self._rollbacks(deployed)
                self._reverts(service, deployed, shipper)
                self._hotfixes(service, deployed, line, shipper)
                self._checks(deployed, line)
                self._decided(service, deployed, line)
            for incident in self.incidents:
                if self._concerns(service, incident) and self._is_about(service, incident, line):
                    self._incident(service, incident, line, shipper)
        self._nearby(service)

    def _decided(self, service: NaiveService, deployed: Deployed, line: list[Deployed]) -> None:
        """What people said: it failed until its incident was over, else until the next deployment; or it did not fail."""
        following = next((d for d in line if d.replaced is deployed), None)
        deployed.absolved = any(self._means(row, deployed) for row in self.overrides.absolve)
        for row in self.overrides.blame:
            if self._means(row, deployed):
                named = [i for i in self.incidents if row.incident in (i.id, f"{i.source}/{i.id}")]
                end, by = following.at if following else None, following
                for incident in named[:1]:
                    end, by = _end(incident, deployed, self._ending(service, incident, line))
                    self.linked.add((service.name, incident.source, incident.id))
                deployed.evidence.append(Evidence("override", deployed.at, end, by))

    def _means(self, row: Override, deployed: Deployed) -> bool:
        record = deployed.record
        same = (row.service, row.environment) == (deployed.service, record.environment)
        return same and row.deployment == f"{record.source}/{record.id}"

    def _rollbacks(self, deployed: Deployed) -> None:
        if deployed.backward_kind == "rollback":
            deployed.rework.add("rollback")
            if deployed.replaced:
                deployed.replaced.evidence.append(Evidence("rollback", deployed.at, deployed.at, deployed))

    def _reverts(self, service: NaiveService, deployed: Deployed, shipper: dict[str, Deployed]) -> None:
        repository = service.repository
        for sha in [sha for sha in deployed.brings if shipper.get(sha) is deployed]:
            for culprit in self._taken_back(service, sha, deployed, shipper):
                culprit.evidence.append(Evidence("revert", deployed.at, deployed.at, deployed))
        if deployed.previous and deployed.previous.commit and deployed.commit:
            base = self.reach(repository, deployed.previous.commit)
            for sha in self.reach(repository, deployed.commit) - base - self._repeated(service, deployed):
                commit = self.commits[repository, sha]
                named = commit.subject.startswith(("Revert", "Reapply"))
                if (named or self._targets(repository, commit)) and self.concerns(service, sha):
                    deployed.rework.add("revert")

    def _repeated(self, service: NaiveService, deployed: Deployed) -> set[str]:
        """What is only a copy of what a deployment of the line shipped or the first one held."""
        line = [d for d in self.lines[service.name, deployed.record.environment] if d.commit]
        first = self.reach(service.repository, str(line[0].commit))
        told = set[str]().union(*(d.brings for d in line))
        held = {min((c for c in self._alike(service, [sha]) if c in first), key=self._rank(service)) for sha in first}
        return self._alike(service, told | held) - told - held

    def _rank(self, service: NaiveService) -> Callable[[str], int]:
        return lambda sha: self.copies.get((service.repository, sha), [sha]).index(sha)

    def _taken_back(
        self, service: NaiveService, sha: str, deployed: Deployed, shipper: dict[str, Deployed]
    ) -> list[Deployed]:
        """Who had shipped what a commit of this deployment takes back; of a re-land nobody."""
        found = []
        for target in self._targets(service.repository, self.commits[service.repository, sha]):
            culprit = self._culprit(service, target, deployed, shipper)
            reland = self._takes_away(service.repository, target)
            if culprit and culprit is not deployed and culprit.at <= deployed.at and not reland:
                found.append(culprit)
        return found

    def _culprit(
        self, service: NaiveService, target: str, deployed: Deployed, shipper: dict[str, Deployed]
    ) -> Deployed | None:
        """Who first shipped what a revert takes back: the pull request whose merge it names, else the commit."""
        line = self.lines[service.name, deployed.record.environment]
        merged = [p for p in self.pulls if (p.repository, p.merge.sha) == (service.repository, target)]
        return self._shipper_of(service, merged[-1], line) if merged else shipper.get(target)

    def _takes_away(self, repository: str, sha: str) -> bool:
        """Whether it takes back what brings something: by what is known of that, else, and where that leads round, by its name."""
        commit = self.commits[repository, sha]
        targets, chain = self._targets(repository, commit), self._chain(repository, sha)
        if targets and not any(one in self._chain(repository, one) for one in (sha, *chain)):
            return not all(self._takes_away(repository, target) for target in targets)
        return _is_called_revert(commit.subject)

    def _chain(self, repository: str, sha: str) -> set[str]:
        """What it reverts, what that reverts, and so on."""
        found, todo = set[str](), [sha]
        while todo:
            more = set(self._targets(repository, self.commits[repository, todo.pop()])) - found
            found |= more
            todo += more
        return found

    def _targets(self, repository: str, commit: Commit) -> list[str]:
        """The commits that this one reverts."""
        found = [self.find(repository, text) for text in commit.reverts]
        for number in commit.reverts_pull_requests:
            found.append(self._merge_of(repository, number))
        return [sha for sha in found if sha]

    def _merge_of(self, repository: str, number: int) -> str | None:
        hits = [p.merge.sha for p in self.pulls if (p.repository, p.number) == (repository, number)]
        return hits[0] if hits else None

    def _pull_of(self, repository: str, number: int) -> Pull | None:
        hits = [p for p in self.pulls if (p.repository, p.number) == (repository, number)]
        return hits[0] if hits else None

    def _shipped_pulls(self, service: NaiveService, deployed: Deployed) -> list[Pull]:
        line = self.lines[service.name, deployed.record.environment]
        return [p for p in self.pulls if self._shipper_of(service, p, line) is deployed]

    def _shipper_of(self, service: NaiveService, pull: Pull | None, line: list[Deployed]) -> Deployed | None:
        """The deployment that first shipped a pull request of the service; None when none has, or the baseline did."""
        if pull is None or not self.pull_concerns(service, pull):
            return None
        first = self.first_with(pull, line)
        return None if first and first.relation == "baseline" else first

    def first_with(self, pull: Pull, line: list[Deployed]) -> Deployed | None:
        """The first deployment after which everything of a pull request, or its merge, had been live, the baseline among them."""
        key = (line[0].service, line[0].record.environment, pull.number)
        if key not in self._first:
            own, contained = self._own_commits(pull), set[str]()
            service = next(s for s in self.services if s.name == line[0].service)
            self._first[key] = None
            for deployed in line:
                if deployed.commit:
                    contained |= self._alike(service, self.reach(pull.repository, deployed.commit))
                if pull.merge.sha in contained or (own and own <= contained):
                    self._first[key] = deployed
                    break
        return self._first[key]

    def _own_commits(self, pull: Pull) -> set[str]:
        """What the host lists for it where all of that is stored, else what came to the main line by joining its branch."""
        listed = pull.record.commits if pull.record else ()
        if listed and all((pull.repository, sha) in self.commits for sha in listed):
            return set(listed)
        landed = {sha for (name, sha), at in self.landings.items() if (name, at) == (pull.repository, pull.merge.sha)}
        return landed - {pull.merge.sha} if len(pull.merge.parents) > 1 else set()

    def _hotfixes(
        self, service: NaiveService, deployed: Deployed, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> None:
        """Blames whose changes it takes back and what incidents say that it fixes, else the deployment before."""
        for pull in self._shipped_pulls(service, deployed):
            if not self._is_hotfix(service, pull):
                continue
            deployed.rework.add("hotfix")
            about = [i for i in self.incidents if self._concerns(service, i) and self._is_about(service, i, line)]
            told = [i for i in about if i.fix_pull_request == pull.number]
            told += [i for i in about if i.fix_pull_request is None and self._by_id(line, i.fix_deployment) is deployed]
            named = [self._named(service, incident, line, shipper) for incident in told]
            for name, sha in self.commits:
                if name == service.repository and sha in shipper and self._number_of(name, sha) == pull.number:
                    named += self._taken_back(service, sha, shipper[sha], shipper)
            known = list(dict.fromkeys(d for d in named if d and line.index(d) < line.index(deployed)))
            before = deployed.replaced
            while before and before.backward_kind == "rollback":
                before = before.replaced
            for blamed in known or [before]:
                if blamed:
                    blamed.evidence.append(Evidence("hotfix", deployed.at, deployed.at, deployed))

    def _is_hotfix(self, service: NaiveService, pull: Pull) -> bool:
        """By a label, its branch or its title; what the host does not tell of the last two its merge may."""
        d, record, subject = self.rules(service.name), pull.record, pull.merge.subject
        branch = title = None
        if record:
            branch, title = record.head_branch, record.title
            if any(_like(label, d.hotfix_labels) for label in record.labels):
                return True
        words = subject.split()
        if not branch and subject.startswith("Merge pull request #") and words[4:5] == ["from"]:
            branch = words[5].split("/", 1)[1]
        if not title:
            title = subject.split(" (#")[0]
        return _like(branch or "", d.hotfix_branches) or _like(title, d.hotfix_titles)

    def _concerns(self, service: NaiveService, incident: Incident) -> bool:
        """Whether it is a production incident of the service."""
        production = incident.environment is None or self.is_production(incident.environment, service.name)
        return production and service.name in self._whose(incident)

    def _whose(self, incident: Incident) -> list[str]:
        """Its services: those of the deployment or whole commit that it names when it names none, unless several are meant."""
        if incident.service is not None or incident.repository is not None:
            return self.services_of(incident.service, incident.repository)
        if incident.deployment is None and incident.sha is not None and len(incident.sha) >= 40:
            deployed = {
                n for d in self.deployments if d.sha == incident.sha for n in self.services_of(d.service, d.repository)
            }
            holding = {s.name for s in self.services if (s.repository, incident.sha) in self.commits}
            return sorted(deployed or holding) if len(deployed or holding) == 1 else []
        named = [(d, name) for d in self.deployments for name in self._called(d, incident.deployment)]
        named = [(d, name) for d, name in named if d.source == incident.source] or named
        return [name for _, name in named] if len({(d.service, d.repository) for d, _ in named}) == 1 else []

    def _called(self, record: Deployment, text: str | None) -> list[str]:
        """The services of a deployment that goes by this text."""
        full, services = f"{record.source}/{record.id}", self.services_of(record.service, record.repository)
        own = "{}#{}" if len(services) > 1 else "{}"
        return [name for name in services if text in (record.id, full, own.format(full, name))]

    def _checks(self, deployed: Deployed, line: list[Deployed]) -> None:
        """A failed check is over with the next deployment."""
        following = next((d for d in line if d.replaced is deployed), None)
        names = {deployed.record.id, f"{deployed.record.source}/{deployed.record.id}"}
        for check in self.verifications:
            early = check.finished_at is not None and check.finished_at < deployed.at
            if check.deployment in names and check.status == "failed" and not early:
                end = following.at if following else None
                deployed.evidence.append(Evidence("verification", check.finished_at, end, following))

    def _incident(
        self, service: NaiveService, incident: Incident, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> None:
        fix = self._ending(service, incident, line)
        if fix in line:
            fix.rework.add("incident_fix")
        began = incident.impact_started_at or incident.detected_at
        culprit = self._named(service, incident, line, shipper)
        if culprit:
            culprit.evidence.append(Evidence("linked_incident", began, *_end(incident, culprit, fix)))
            self.linked.add((service.name, incident.source, incident.id))
        self.fixes[service.name, line[0].record.environment, incident.source, incident.id] = fix

    def _is_about(self, service: NaiveService, incident: Incident, line: list[Deployed]) -> bool:
        """Whether it may be about this environment: it names none that the service has besides, or a deployment itself."""
        named = incident.deployment is not None or incident.fix_deployment is not None
        elsewhere = (service.name, incident.environment) in self.lines
        return named or not elsewhere or incident.environment == line[0].record.environment

    def _nearby(self, service: NaiveService) -> None:
        """Incidents of which nothing better is known in any environment, laid to the last deployment before."""
        window = timedelta(seconds=self.rules(service.name).proximity_seconds)
        for (name, environment), line in self.lines.items():
            for incident in self.incidents if name == service.name else ():
                began = incident.impact_started_at or incident.detected_at
                elsewhere = (name, incident.environment) in self.lines and incident.environment != environment
                known = (name, incident.source, incident.id) in self.linked
                if began is None or known or elsewhere or not self._concerns(service, incident):
                    continue
                seen = incident.detected_at or began
                near = [d for d in line if d.at <= began and seen < d.at + window]
                if near:
                    fix = self.fixes[name, environment, incident.source, incident.id]
                    near[-1].evidence.append(Evidence("proximity", seen, *_end(incident, near[-1], fix)))

    def _named(
        self, service: NaiveService, incident: Incident, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> Deployed | None:
        """The deployment that the incident names: itself, or else one that may have caused it, rather than a later one elsewhere."""
        if direct := self._by_id(line, incident.deployment):
            return direct
        if self._in_any_line(service, incident.deployment):
            return None
        here = line[0].record.environment
        if incident.environment != here and (service.name, incident.environment) in self.lines:
            return None
        began = incident.impact_started_at or incident.detected_at
        found = self._meant(service, incident, line, shipper)
        if found and began and found.at > began and incident.environment != here:
            for (name, environment), other in self.lines.items():
                if name == service.name and environment != here:
                    elsewhere = self._meant(service, incident, other, self.shippers[name, environment])
                    if elsewhere and elsewhere.at <= began:
                        return None
        return found

    def _meant(
        self, service: NaiveService, incident: Incident, line: list[Deployed], shipper: dict[str, Deployed]
    ) -> Deployed | None:
        """What it names besides a deployment itself: by the most direct name that leads to what ran then, else to anything."""
        named: list[Deployed | None] = []
        if incident.version:
            named.append(self._last_before(incident, [d for d in line if d.record.version == incident.version]))
        if incident.sha:
            sha = self.find(service.repository, incident.sha)
            brought = shipper.get(sha) if sha else None
            same = [d for d in line if incident.sha in (d.commit, d.record.sha)]
            named.append(brought or self._last_before(incident, same))
        if incident.pull_request is not None:
            pull = self._pull_of(service.repository, incident.pull_request)
            named.append(self._shipper_of(service, pull, line))
        return self._first_before(incident, named)

    def _first_before(self, incident: Incident, named: Sequence[Deployed | None]) -> Deployed | None:
        began = incident.impact_started_at or incident.detected_at
        known = [d for d in named if d]
        return next((d for d in known if began is None or d.at <= began), known[0] if known else None)

    def _last_before(self, incident: Incident, same: list[Deployed]) -> Deployed | None:
        began = incident.impact_started_at or incident.detected_at
        earlier = [d for d in same if began is None or d.at <= began]
        return (earlier or same or [None])[-1]

    def _ending(self, service: NaiveService, incident: Incident, line: list[Deployed]) -> Deployed | None:
        """What it says fixed it: a deployment of this line, else of another, else what shipped a pull request here."""
        fix = self._by_id(line, incident.fix_deployment) or self._in_any_line(service, incident.fix_deployment)
        if incident.fix_pull_request is not None and fix is None:
            fix = self._shipper_of(service, self._pull_of(service.repository, incident.fix_pull_request), line)
        return fix

    def _in_any_line(self, service: NaiveService, name: str | None) -> Deployed | None:
        found = [self._by_id(line, name) for (of, _), line in self.lines.items() if of == service.name]
        return next((deployed for deployed in found if deployed), None)

    def _by_id(self, line: list[Deployed], name: str | None) -> Deployed | None:
        hits = [d for d in line if name and name in (d.record.id, f"{d.record.source}/{d.record.id}")]
        return hits[0] if hits else None

    # verdicts

    def counted(self, deployed: Deployed) -> list[Evidence]:
        """The evidence that makes it a failure: of a headline kind, and in time where the kind asks for it."""
        out: list[Evidence] = []
        for item in () if deployed.absolved else deployed.evidence:
            if item.kind not in self.of(deployed).failure_kinds:
                continue
            if item.kind not in WINDOWED_KINDS or self._in_window(deployed, item.at):
                out.append(item)
        return out

    def of(self, deployed: Deployed) -> Definitions:
        """The definitions of its service."""
        return self.rules(deployed.service)

    def _in_window(self, deployed: Deployed, moment: datetime | None) -> bool:
        window = self.of(deployed).failure_window_seconds
        if window is None:
            return True
        return moment is not None and deployed.at <= moment < deployed.at + timedelta(seconds=window)

    def recovered_at(self, deployed: Deployed) -> datetime | None:
        """The earliest end of the failure; a fix that failed itself hands on to its own end, unless that is impossible.

        Any sign of a headline kind may tell the end, also one too late to prove the failure. An end before the
        beginning is impossible and stands only where there is no other.
        """
        ends = []
        for item in deployed.evidence:
            if item.kind in self.of(deployed).failure_kinds and item.recovered_at is not None:
                by = item.recovered_by
                if by is not None and by.at > deployed.at and self.counted(by):
                    end = self.recovered_at(by)
                    ends.append(item.recovered_at if end and end < by.at else end)
                else:
                    ends.append(item.recovered_at)
        known = [end for end in ends if end is not None]
        possible = [end for end in known if end >= deployed.at]
        return min(possible) if possible else max(known, default=None)

    def matured(self, deployed: Deployed, as_of: datetime) -> bool:
        """Whether its failure window has passed."""
        window = self.of(deployed).failure_window_seconds
        return window is None or deployed.at + timedelta(seconds=window) <= as_of

    # the metrics of one set of services over [start, end)

    def within(self, group: Sequence[Stretch], start: datetime, end: datetime) -> list[Deployed]:
        """The succeeded production deployments of the group, in time order."""
        rows = [d for line in self.lines.values() for d in line if start <= d.at < end]
        return sorted((d for d in rows if any(s.holds(d.service, d.at) for s in group)), key=lambda d: d.at)

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
        batches, negative = self.batches(rows)
        return [seconds for batch in batches for seconds in batch], negative

    def batches(self, rows: list[Deployed]) -> tuple[list[list[float]], int]:
        """The lead times by what a service deployed at one moment, and how many were negative and left out."""
        batches: dict[tuple[str, datetime], list[float]] = defaultdict(list)
        negative = 0
        for deployed in rows:
            for start in self._clocks(deployed):
                if start is not None:
                    seconds = (deployed.at - start).total_seconds()
                    negative += seconds < 0
                    batches[deployed.service, deployed.at] += [seconds] if seconds >= 0 else []
        return [batch for batch in batches.values() if batch], negative

    def _clocks(self, deployed: Deployed) -> list[datetime | None]:
        service = next(s for s in self.services if s.name == deployed.service)
        d = self.of(deployed)
        if d.change == "pull_request":
            pulls = self._shipped_pulls(service, deployed)
            return [self._pull_clock(pull, d.clock) for pull in pulls if d.bots or not pull.is_bot]
        commits = [self.commits[service.repository, sha] for sha in deployed.ships]
        return [self._clock(commit, d.clock) for commit in commits if self._is_change(commit, d)]

    def _is_change(self, commit: Commit, definitions: Definitions) -> bool:
        """Whether a commit is a change."""
        if definitions.change == "commit" and len(commit.parents) > 1:
            return False
        if definitions.change == "mainline" and (commit.repository, self._home(commit).sha) not in self.mainline:
            return False
        return definitions.bots or not commit.is_bot

    def _clock(self, commit: Commit, clock: str) -> datetime | None:
        """The moment of one commit, by itself or by the pull request that it belongs to."""
        if clock in ("committed", "authored"):
            return self._home(commit).committed_at if clock == "committed" else commit.authored_at
        if self._home(commit) is not commit and not self._has_own_pull(commit):
            return self._clock(self._home(commit), clock)
        record = self._record_of(commit)
        told = None
        if record:
            told = {"first_commit": record.first_commit_at, "opened": record.opened_at, "merged": record.merged_at}[
                clock
            ]
        landing = self.landings.get((commit.repository, commit.sha))
        beside = self._is_beside(commit.repository, commit.sha)
        if told or clock == "opened" or (landing is None and not beside):
            return told
        if beside:
            return commit.committed_at if clock == "merged" else None
        assert landing is not None
        number = self._number_of(commit.repository, commit.sha)
        if clock == "first_commit" and landing == commit.sha and len(commit.parents) < 2 and not record and number:
            return None
        if clock == "merged":
            return self.commits[commit.repository, landing].committed_at
        together = [
            self.commits[key] for key, at in self.landings.items() if key[0] == commit.repository and at == landing
        ]
        authored = [other.authored_at for other in together if len(other.parents) < 2 and other.authored_at]
        begun = min(authored, default=None)
        return None if begun and record and record.opened_at and begun > record.opened_at else begun

    def _has_own_pull(self, commit: Commit) -> bool:
        """Whether it is the merge or a part of a pull request by itself, whatever it is a copy of."""
        told = [record for record in self.records if record.repository == commit.repository]
        named = any(commit.sha == record.merge_sha or commit.sha in record.commits for record in told)
        return named or self._is_beside(commit.repository, commit.sha)

    def _record_of(self, commit: Commit) -> PullRequest | None:
        """The host's pull request whose merge the commit is, else the one that lists it, else the one that it landed with."""
        told = [record for record in self.records if record.repository == commit.repository]
        made = [record for record in told if record.merge_sha == commit.sha]
        listing = [record for record in told if commit.sha in record.commits]
        if made or listing:
            return max(made or listing, key=lambda record: record.number)
        if self._is_beside(commit.repository, commit.sha):
            return None
        landing = self.landings.get((commit.repository, commit.sha))
        hits = [p.record for p in self.pulls if (p.repository, p.merge.sha) == (commit.repository, landing)]
        return hits[0] if hits else None

    def _pull_clock(self, pull: Pull, clock: str) -> datetime | None:
        """A pull request's own clock; the commit's clocks stand for its first commit."""
        record = pull.record
        if clock == "merged":
            return (record.merged_at if record else None) or pull.merge.committed_at
        opened = record.opened_at if record else None
        if clock == "opened":
            return opened
        if record and record.first_commit_at:
            return record.first_commit_at
        begun = self._begun(pull)
        return None if begun and opened and begun > opened else begun

    def _begun(self, pull: Pull) -> datetime | None:
        """When the first was written of what came with the merge; a squash is as old as the merge, and tells only what a host bounds."""
        if len(pull.merge.parents) < 2:
            return pull.merge.authored_at if pull.record else None
        came = [self.commits[pull.repository, sha] for sha in self._brings(pull.merge)]
        return min((c.authored_at for c in came if len(c.parents) < 2 and c.authored_at), default=None)

    def waiting(self, group: Sequence[Stretch], horizon: datetime) -> list[float]:
        """Ages of changes on the default branch that no deployment of a line contained before the horizon."""
        ages = []
        for (name, _), line in self.lines.items():
            service = next(s for s in self.services if s.name == name)
            known = [d for d in line if d.commit]
            if not known or not any(s.holds(name, horizon - timedelta(microseconds=1)) for s in group):
                continue
            first = known[0].commit
            late = {sha for d in line if d.at >= horizon for sha in d.brings}
            early = {sha for d in line if d.at < horizon for sha in d.brings}
            assert first is not None
            baseline = self._alike(service, self.reach(service.repository, first))
            if self.rules(name).change == "pull_request":
                for pull in self.pulls:
                    if self.pull_concerns(service, pull) and self._is_coming(pull, line, horizon):
                        ages += self._pull_age(service, pull, horizon)
                continue
            landed = {sha for repository, sha in self.landings if repository == service.repository}
            for sha in {self._stands_for(service, sha, landed, early | late) for sha in landed}:
                repository = service.repository
                if self.concerns(service, sha) and sha not in baseline and (sha in late or sha not in early):
                    ages += self._age(service, self.commits[repository, sha], horizon)
        return ages

    def _stands_for(self, service: NaiveService, sha: str, landed: set[str], shipped: set[str]) -> str:
        """Of its copies the one that was shipped, else the first on the default branch."""
        alike = self._alike(service, [sha])
        copies = [copy for copy in self.copies.get((service.repository, sha), [sha]) if copy in alike]
        return next((copy for some in (shipped, landed) for copy in copies if copy in some), sha)

    def _is_coming(self, pull: Pull, line: list[Deployed], horizon: datetime) -> bool:
        """Whether a pull request waited at the horizon: a later deployment shipped it, or none has and it has landed."""
        first = self.first_with(pull, line)
        if first is None:
            return (pull.repository, pull.merge.sha) in self.landings
        return first.relation != "baseline" and first.at >= horizon

    def _pull_age(self, service: NaiveService, pull: Pull, horizon: datetime) -> list[float]:
        definitions = self.rules(service.name)
        merged, begun = self._pull_clock(pull, "merged"), self._pull_clock(pull, definitions.clock)
        if merged is None or merged >= horizon or begun is None or (pull.is_bot and not definitions.bots):
            return []
        return [max(0.0, (horizon - begun).total_seconds())]

    def _age(self, service: NaiveService, commit: Commit, horizon: datetime) -> list[float]:
        definitions = self.rules(service.name)
        landed = self._clock(commit, "merged")
        begun = self._clock(commit, definitions.clock)
        if landed is None or landed >= horizon or begun is None or not self._is_change(commit, definitions):
            return []
        return [max(0.0, (horizon - begun).total_seconds())]

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

    def restore(self, group: Sequence[Stretch], start: datetime, end: datetime) -> dict[str, object]:
        """Time to restore over the services' production incidents that began in the span."""
        closed, still = [], 0
        for incident in self.incidents:
            began = incident.impact_started_at or incident.detected_at
            if began is None or not start <= began < end:
                continue
            concerned = [service.name for service in self.services if self._concerns(service, incident)]
            if any(s.holds(name, began) for s in group for name in concerned):
                still += incident.resolved_at is None
                if incident.resolved_at is not None and incident.resolved_at >= began:
                    closed.append((incident.resolved_at - began).total_seconds())
        return {"n": len(closed) + still, "open": still, "median": quantile(closed, 0.5)}

    def rework(self, rows: list[Deployed]) -> dict[str, object]:
        """Deployment rework rate."""
        hit = [d for d in rows if d.rework & set(self.of(d).rework_kinds)]
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


def interval_of_batches(batches: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """What bounds the median of values that come in batches with 95 %; None below five of them, or worth less than five values."""
    ordered = sorted(value for batch in batches for value in batch)
    n, k = len(ordered), len(batches)
    if k < 5:
        return None
    middle, worth = quantile(ordered, 0.5), float(n)
    assert middle is not None
    share = sum(value <= middle for value in ordered) / n
    spread = sum((sum(value <= middle for value in batch) - share * len(batch)) ** 2 for batch in batches)
    if max(map(len, batches)) > 0.04 * n:
        share = 0.5
        spread = sum(_from_others(batch, [v for b in batches if b is not batch for v in b]) ** 2 for batch in batches)
    if k < n and spread:
        as_one = n * n / sum(len(batch) ** 2 for batch in batches)
        worth = min(n, max(as_one, n * n * share * (1 - share) * (1 - 2 / k) / spread))
    m = int(worth + 1e-9)
    if m < 5:
        return None
    below = max((r for r in range(m) if 40 * sum(comb(m, i) for i in range(r + 1)) <= 2**m), default=0) * n // m
    return ordered[below], ordered[n - 1 - below]


def _from_others(batch: Sequence[float], others: list[float]) -> float:
    """How far from half of it lies below the median of the others; what is in the middle counts to the worse side."""
    others.sort()
    low, high = others[(len(others) - 1) // 2], others[len(others) // 2]
    surely, perhaps = sum(value < low for value in batch), sum(value <= high for value in batch)
    return max(abs(surely - len(batch) / 2), abs(perhaps - len(batch) / 2))


def kaplan_meier_median(closed: Sequence[float], still_open: Sequence[float]) -> float | None:
    """The first time at which the product of survivals is at most one half, None when never; the plain median of ended ones."""
    if not still_open:
        return quantile(closed, 0.5)
    survival = 1.0
    for moment in sorted(set(closed)):
        at_risk = sum(t >= moment for t in closed) + sum(t >= moment for t in still_open)
        survival *= 1 - sum(t == moment for t in closed) / at_risk
        if survival <= 0.5 + 1e-12:
            return moment
    return None


def _age(commit: Commit) -> tuple[datetime, str]:
    """The order in which commits were made; those of an unknown time come last."""
    return commit.committed_at or datetime.max.replace(tzinfo=UTC), commit.sha


def _end(incident: Incident, culprit: Deployed, fix: Deployed | None) -> tuple[datetime | None, Deployed | None]:
    """When the incident was over for its culprit: resolved, or its fix live, whichever came first."""
    resolved = incident.resolved_at
    if fix is not None and fix.at > culprit.at and (resolved is None or fix.at <= resolved):
        return fix.at, fix
    return resolved, None


def _newest(records: Sequence[T]) -> list[T]:
    """One record a key: the one that was updated last."""
    out: dict[tuple[object, ...], T] = {}
    for record in records:
        key = tuple(getattr(record, name) for name in record.KEY)
        if key not in out or _updated(out[key]) < _updated(record):
            out[key] = record
    return list(out.values())


def _is_called_revert(subject: str) -> bool:
    """By the name that git or a host gives a revert, which takes nothing away where it is that of a revert's revert."""
    if subject.startswith('Revert "'):
        return not _is_called_revert(subject[8:])
    if subject.startswith('Reapply "'):
        return _is_called_revert(subject[9:])
    times, name = 0, subject.partition("/")[2] if subject.startswith("Merge pull request #") else ""
    while found := re.match(r"revert-\d+-", name):
        times, name = times + 1, name[found.end() :]
    return times % 2 == 1


def _updated(record: Record) -> datetime:
    return getattr(record, "updated_at", None) or datetime.min.replace(tzinfo=UTC)


def _of(records: Sequence[Record], kind: type[T]) -> list[T]:
    return [record for record in records if isinstance(record, kind)]


def _like(text: str | None, globs: Sequence[str]) -> bool:
    return text is not None and any(fnmatchcase(text.lower(), glob.lower()) for glob in globs)


def path_like(path: str, globs: Sequence[str]) -> bool:
    """Whether a glob names the path or a folder above it, with and without the folders that each `**/` may stand for."""
    named = [path, *(path[:end] for end, letter in enumerate(path) if letter == "/")]
    return any(fnmatchcase(name, form) for glob in globs for form in _forms(glob) for name in named)


def _forms(glob: str) -> list[str]:
    while glob.startswith(("/", "./")):
        glob = glob.partition("/")[2]
    if glob in ("", "."):
        return ["*"]
    forms = [""]
    folders = glob.rstrip("/").split("/") + ["**"] * glob.endswith("/")
    for place, folder in enumerate(folders, 1):
        last = place == len(folders)
        forms = [
            form + more
            for form in forms
            for more in (("", "*/") if folder == "**" and not last else (folder + "/" * (not last),))
        ]
    return forms


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
