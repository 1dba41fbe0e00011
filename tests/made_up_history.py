"""Random histories with every trap of the definitions: branches, rollbacks, reverts, skewed clocks, unknown versions.

Two services have a repository each and two share one by path globs; five more of the same source are not configured.
Records come twice, and older states of them too; clocks, pull requests, services and ends are missing now and then.
The same seed gives the same records.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
from metrics.services import Ownership, ServiceName

START, END = datetime(2025, 3, 24, tzinfo=UTC), datetime(2025, 4, 21, tzinfo=UTC)
SERVICES = (
    ServiceName(service="api", repository="acme/mono", paths=("api/*",)),
    ServiceName(service="cart", repository="acme/cart", aliases=("basket",)),
    ServiceName(service="shop", repository="acme/shop"),
    ServiceName(service="web", repository="acme/mono", paths=("web/*",)),
)
HANDED = START + timedelta(days=9, hours=7)
#: red hands shop over to blue; nobody owns web.
OWNERS = (
    Ownership(team="red", service="api"),
    Ownership(team="red", service="shop", owned_until=HANDED),
    Ownership(team="blue", service="shop", owned_from=HANDED),
    Ownership(team="blue", service="cart"),
)
ENVIRONMENTS = ("production", "production", "production", "production-eu", "staging")


def history(chance: random.Random) -> list[Record]:
    """All records of one made-up organisation, in no particular order."""
    records: list[Record] = []
    for repository in ("acme/cart", "acme/mono", "acme/shop"):
        repo = _Repository(chance, repository)
        records += repo.records
        for service in SERVICES:
            if service.repository == repository:
                records += _deployed(chance, service.service, repo)
    records += _strangers(chance)
    records += chance.sample(records, len(records) // 10)
    chance.shuffle(records)
    return records


def decisions(chance: random.Random, records: Sequence[Record]) -> Overrides:
    """What people decided about some of its deployments, half of them with an incident."""
    deployments = sorted({r.id: r for r in records if isinstance(r, Deployment) and r.finished_at}.items())
    incidents = sorted({r.id for r in records if isinstance(r, Incident)})
    rows = [
        Override(
            deployment=f"ci/{name}", service=row.service or "", environment=row.environment, reason="seen by a person",
            incident=chance.choice((None, *incidents)) if incidents and chance.random() < 0.5 else None,
        )
        for name, row in chance.sample(deployments, min(4, len(deployments)))
    ]  # fmt: skip
    return Overrides(blame=tuple(rows[:2]), absolve=tuple(replace(row, incident=None) for row in rows[2:]))


def with_branches(chance: random.Random, records: Sequence[Record]) -> list[Record]:
    """The same with what is squashed, merged and picked beside the default branch, and deployed from there, or of a rewritten history."""
    return _with_picks(chance, [*records, *_release_branches(chance, records)])


def _release_branches(chance: random.Random, records: Sequence[Record]) -> Iterator[Record]:
    """Pull requests squashed or merged onto branches, most of them deployed from there; some branches are merged at last."""
    for service in SERVICES:
        commits = sorted(
            (r for r in set(records) if isinstance(r, Commit) and r.repository == service.repository), key=_sha
        )
        line = {r.sha for r in records if isinstance(r, MainlineCommit) and r.repository == service.repository}
        base = chance.choice(commits)
        at = (base.committed_at or START) + timedelta(days=chance.randint(1, 9))
        for number in range(900, 900 + chance.randint(1, 4)):
            number += 10 * SERVICES.index(service)
            made = list(_merged_beside(chance, base, at, number))
            yield from made
            merge = made[-1]
            if service.paths:
                for commit in made:
                    path = chance.choice(("api/a.py", "web/w.py"))
                    yield CommitPath(repository=commit.repository, sha=commit.sha, path=path)
            if merge.pull_request == number and chance.random() < 0.5:
                yield PullRequest(
                    source="host", repository=merge.repository, number=number, state="merged", merge_sha=merge.sha,
                    commits=(base.sha,) if chance.random() < 0.3 else (), opened_at=at - timedelta(hours=5),
                    first_commit_at=chance.choice((None, at - timedelta(hours=9))), merged_at=chance.choice((None, at)),
                )  # fmt: skip
            if chance.random() < 0.2:
                yield Incident(
                    source="pager", id=f"beside-{number}", service=service.service, pull_request=number,
                    detected_at=at + timedelta(hours=4),
                )  # fmt: skip
            base, at = merge, at + timedelta(hours=3)
            yield Deployment(
                source="ci", id=f"release-{service.service}-{number}", service=service.service, repository=merge.repository,
                environment=chance.choice(ENVIRONMENTS), finished_at=at, status="succeeded", sha=merge.sha,
            )  # fmt: skip
        inner = {sha for commit in commits if commit.sha in line for sha in commit.parents[:1]}
        if not service.paths and chance.random() < 0.5:
            yield from _merged_back(chance, base, *(line - inner), at)


def _with_picks(chance: random.Random, records: Sequence[Record]) -> list[Record]:
    """The same with authors, and with changes picked onto branches that are deployed, in any order; some branches are merged back."""
    out = [replace(r, author=f"person-{int(r.sha[:4], 16) % 3}") if isinstance(r, Commit) else r for r in records]
    for service in SERVICES:
        commits = sorted(
            {r for r in out if isinstance(r, Commit) and r.repository == service.repository and r.committed_at},
            key=_sha,
        )
        line = {r.sha for r in out if isinstance(r, MainlineCommit) and r.repository == service.repository}
        written = [commit for commit in commits if len(commit.parents) < 2 and commit.authored_at]
        tip = chance.choice(commits)
        for number, commit in enumerate(chance.sample(written, min(len(written), chance.randint(0, 5)))):
            assert commit.committed_at
            at = commit.committed_at + chance.choice((0, -1, 1, 5, 50, 90)) * timedelta(hours=1, seconds=number)
            tip = replace(commit, sha=f"{chance.getrandbits(160):040x}", parents=(tip.sha,), committed_at=at)
            out.append(tip)
            paths = sorted({r.path for r in out if isinstance(r, CommitPath) and r.sha == commit.sha})
            for path in paths[: chance.choice((1, 2, 2))]:
                out.append(CommitPath(repository=tip.repository, sha=tip.sha, path=path))
            if chance.random() < 0.7:
                out.append(Deployment(
                    source="ci", id=f"picked-{service.service}-{number}", service=service.service, repository=tip.repository,
                    environment=chance.choice(ENVIRONMENTS), finished_at=at + timedelta(hours=1), status="succeeded", sha=tip.sha,
                ))  # fmt: skip
        inner = {sha for commit in commits if commit.sha in line for sha in commit.parents[:1]}
        if not service.paths and tip not in commits and chance.random() < 0.4:
            out += _merged_back(chance, tip, *(line - inner), (tip.committed_at or START) + timedelta(hours=2))
    return out


def _merged_beside(chance: random.Random, base: Commit, at: datetime, number: int) -> Iterator[Commit]:
    """A pull request on a branch, its merge last: squashed, or merged with what its own branch holds; some number is a copy's."""

    def commit(parents: tuple[str, ...], subject: str, hours: int, **more: object) -> Commit:
        return Commit(
            repository=base.repository, sha=f"{chance.getrandbits(160):040x}", parents=parents, subject=subject,
            committed_at=at - timedelta(hours=hours), authored_at=at - timedelta(hours=hours + 2), **more,  # type: ignore[arg-type]
        )  # fmt: skip

    told = chance.choice((number, number, number, number - 1, 1))
    title = chance.choice(("Backport", "Hotfix: prices", "Revert it"))
    reverts = (number - chance.randint(1, 2),) if title == "Revert it" else ()
    if chance.random() < 0.6:
        yield commit((base.sha,), f"{title} (#{told})", 0, pull_request=told, reverts_pull_requests=reverts)
        return
    work = [commit((base.sha,), "Work for a release", 3)]
    work.append(commit((work[0].sha,), f"More of it (#{told + 50})", 2, pull_request=told + 50))
    yield from work
    subject = f"Merge pull request #{told} from acme/{chance.choice(('feature', 'hotfix/two'))}"
    yield commit((base.sha, work[-1].sha), subject, 0, pull_request=told, reverts_pull_requests=reverts)


def _merged_back(chance: random.Random, tip: Commit, onto: str, at: datetime) -> Iterator[Record]:
    """The merge of a release branch on the default branch, as one of branches or as a pull request."""
    number = chance.choice((None, None, 980))
    subject = f"Merge pull request #{number} from acme/stable" if number else "Merge branch 'stable'"
    merge = Commit(
        repository=tip.repository, sha=f"{chance.getrandbits(160):040x}", parents=(onto, tip.sha), subject=subject,
        committed_at=at + timedelta(hours=1), authored_at=at, pull_request=number,
    )  # fmt: skip
    yield merge
    yield MainlineCommit(repository=merge.repository, sha=merge.sha)


def _sha(commit: Commit) -> str:
    return commit.sha


class _Repository:
    """A main line with side branches, squash merges, reverts and reverts of reverts."""

    def __init__(self, chance: random.Random, name: str) -> None:
        self.name, self.records, self.mainline = name, [], list[Commit]()
        self._chance, self._at, self._count, self._pulls = chance, START - timedelta(days=5), 0, 0
        for _ in range(chance.randint(4, 26)):
            self._at += timedelta(hours=chance.choice((1, 3, 9, 30)), seconds=chance.randrange(3600))
            self._land()
        for commit in self.mainline:
            self.records.append(MainlineCommit(repository=name, sha=commit.sha))
            self.records.append(Tag(repository=name, name=self.version(commit), sha=commit.sha))

    def version(self, commit: Commit) -> str:
        """The release of a mainline commit."""
        return f"v{self.mainline.index(commit) + 1}"

    def merged_after(self, commit: Commit) -> list[str]:
        """The ends of the branches that are merged within the next few mainline commits: what a hotfix is deployed from."""
        place = self.mainline.index(commit)
        return [merge.parents[1] for merge in self.mainline[place + 1 : place + 5] if len(merge.parents) > 1]

    def _land(self) -> None:
        kind = self._chance.choice(("plain", "plain", "squash", "merge", "merge", "revert", "revert pull request"))
        tip = (self.mainline[-1].sha,) if self.mainline else ()
        earlier = self.mainline[1:]
        if kind == "merge" and tip:
            self._merge(tip[0])
        elif kind == "revert" and earlier:
            target = self._chance.choice(earlier[-6:])
            again = target.subject.startswith("Revert")
            subject = f'{"Reapply" if again else "Revert"} "{target.sha[:8]}"'
            self.mainline.append(self._commit(tip, subject, reverts=(target.sha[:12],)))
        elif kind == "revert pull request" and self._pulls:
            number = self._chance.randint(1, self._pulls)
            self.mainline.append(self._commit(tip, f"Revert #{number}", reverts_pull_requests=(number,)))
        elif kind == "squash" and tip:
            number = self._pull()
            self.mainline.append(self._commit(tip, f"{self._title()} (#{number})", pull_request=number))
            self._describe(number, self.mainline[-1], self._squashed(tip))
        else:
            self._plain(tip)

    def _plain(self, tip: tuple[str, ...]) -> None:
        """A change, now and then one that only sounds like a revert or names what is stored nowhere."""
        gone = f"{self._chance.getrandbits(160):040x}"
        subject, reverts = self._chance.choice(
            ((f"Change {self._count}", ()), (f"Change {self._count}", (gone,)), ("Revert to the old colours", ()))
        )
        self.mainline.append(self._commit(tip, subject, reverts=reverts))

    def _merge(self, tip: str) -> None:
        base = self._chance.choice(self.mainline[-3:]).sha
        branch: list[str] = []
        for _ in range(self._chance.randint(1, 3)):
            branch.append(self._commit((branch[-1] if branch else base,), "Work on a branch").sha)
        number = self._pull()
        merge = self._commit(
            (tip, branch[-1]), f"Merge pull request #{number} from acme/{self._branch()}", pull_request=number
        )
        self.mainline.append(merge)
        self._describe(number, merge, tuple(branch))

    def _squashed(self, tip: tuple[str, ...]) -> tuple[str, ...]:
        """What a squashed pull request lists: nothing, what is stored nowhere, or a branch that is kept, or some of both."""
        kept, gone = self._commit(tip, "Work that is squashed").sha, f"{self._chance.getrandbits(160):040x}"
        return self._chance.choice(((), (gone,), (kept,), (kept, gone)))

    def _branch(self) -> str:
        return self._chance.choice(("feature", "feature", "hotfix/one"))

    def _title(self) -> str:
        return self._chance.choice(("Feature", "Hotfix: prices", "Fix"))

    def _pull(self) -> int:
        self._pulls += 1
        return self._pulls

    def _commit(self, parents: tuple[str, ...], subject: str, **more: object) -> Commit:
        self._count += 1
        at = self._at + timedelta(hours=self._chance.choice((0, 0, 0, 0, 60)), seconds=self._count)
        sha = f"{self._chance.getrandbits(160):040x}"
        commit = Commit(
            repository=self.name, sha=sha, parents=parents, subject=subject, is_bot=self._chance.random() < 0.2,
            committed_at=at, authored_at=chance_or_none(self._chance, at - timedelta(hours=self._chance.randint(0, 90))),
            **more,  # type: ignore[arg-type]
        )  # fmt: skip
        self.records.append(commit)
        if self.name == "acme/mono":
            for path in self._chance.sample(("api/a.py", "web/w.py", "docs/d.md"), self._chance.randint(1, 2)):
                self.records.append(CommitPath(repository=self.name, sha=sha, path=path))
        return commit

    def _describe(self, number: int, merge: Commit, commits: tuple[str, ...]) -> None:
        if self._chance.random() < 0.15:
            return
        merged = merge.committed_at or self._at
        self.records.append(PullRequest(
            source="host", repository=self.name, number=number, state="merged", is_bot=self._chance.random() < 0.2,
            title=self._chance.choice((self._title(), "")), merged_at=chance_or_none(self._chance, merged), merge_sha=merge.sha, commits=commits,
            head_branch=self._chance.choice((self._branch(), "")), labels=self._chance.choice(((), (), ("hotfix",))),
            opened_at=self._chance.choice((None, merged - timedelta(hours=5))),
            first_commit_at=self._chance.choice((None, merged - timedelta(hours=9))),
            first_review_at=self._chance.choice((None, merged - timedelta(hours=2), merged - timedelta(hours=7))),
        ))  # fmt: skip


def _deployed(chance: random.Random, service: str, repo: _Repository) -> Iterator[Record]:
    """Mostly forward, sometimes back, again, to a branch, to nowhere; with checks and incidents."""
    at, place, made = START + timedelta(hours=chance.randint(0, 60)), 0, list[Deployment]()
    for number in range(chance.randint(1, 22)):
        at += timedelta(minutes=chance.choice((7, 31, 200, 1440, 2000)), seconds=number)
        step = chance.choice((1, 1, 1, 2, 3, 0, -1, -2))
        place = max(0, min(len(repo.mainline) - 1, place + step))
        made.append(_deployment(chance, f"{service}-{number}", service, repo, repo.mainline[place], at))
    yield from made
    for deployment in chance.sample(made, len(made) // 4):
        yield replace(deployment, updated_at=None, status="running", finished_at=None, version="unknown")
        if deployment.finished_at and chance.random() < 0.3:
            yield replace(deployment, source="cd", finished_at=deployment.finished_at + timedelta(minutes=2))
    for number, deployment in enumerate(chance.sample(made, min(2, len(made)))):
        yield Verification(
            source="ci", id=f"{service}-{number}", deployment=f"ci/{deployment.id}", finished_at=deployment.finished_at,
            status=chance.choice(("succeeded", "failed")),
        )  # fmt: skip
    for number in range(chance.randint(0, 5)):
        yield _incident(chance, f"{service}-{number}", service, repo, made)


def _deployment(
    chance: random.Random, name: str, service: str, repo: _Repository, commit: Commit, at: datetime
) -> Deployment:
    how = chance.choice(("sha", "sha", "tag", "tag", "nowhere"))
    sha = commit.sha
    if how == "sha" and chance.random() < 0.3:
        anything = [r.sha for r in repo.records if isinstance(r, Commit)]
        sha = chance.choice((chance.choice(anything), *repo.merged_after(commit)))
    called = "basket" if service == "cart" and name.endswith(("3", "6")) else service
    alone = repo.name != "acme/mono" and chance.random() < 0.1
    return Deployment(
        source="ci", id=name, service=None if alone else called, repository=repo.name, environment=chance.choice(ENVIRONMENTS),
        finished_at=at if chance.random() < 0.97 else None, updated_at=at,
        status=chance.choice(("succeeded",) * 8 + ("failed", "cancelled", "pending")),
        version="nightly" if how == "nowhere" else repo.version(commit), sha=sha if how == "sha" else None, commit_rule="tag",
    )  # fmt: skip


def _incident(chance: random.Random, name: str, service: str, repo: _Repository, made: list[Deployment]) -> Incident:
    blamed, fix = chance.choice(made), chance.choice(made)
    began = (blamed.finished_at or START) + timedelta(hours=chance.choice((0, 1, 5, 23, 40)), seconds=3)
    detected = chance.choice((began, began, began + timedelta(minutes=50), None))
    names: dict[str, object] = {
        "deployment": chance.choice((f"ci/{blamed.id}", f"ci/{blamed.id}", "ci/nobody-knows")),
        "version": blamed.version, "sha": chance.choice(repo.mainline).sha, "pull_request": chance.randint(1, 9),
    }  # fmt: skip
    kinds = chance.choices((*names, None, None, None), k=chance.choice((1, 1, 2)))
    named = {kind: names[kind] for kind in kinds if kind}
    fixed = chance.choice(({}, {}, {"fix_deployment": f"ci/{fix.id}"}, {"fix_pull_request": chance.randint(1, 9)}))
    whose = chance.choice((service, service, service, service, "warehouse", None))
    return Incident(
        source="pager", id=name, service=whose, repository=chance.choice((repo.name, None)) if whose is None else None,
        environment=chance.choice((None, "production", "staging")),
        impact_started_at=chance.choice((None, began)) if detected else began, detected_at=detected,
        resolved_at=chance.choice((None, began + timedelta(hours=2), began + timedelta(hours=50), began - timedelta(hours=1))),
        **named, **fixed,  # type: ignore[arg-type]
    )  # fmt: skip


def chance_or_none(chance: random.Random, at: datetime) -> datetime | None:
    """The moment, or now and then nothing: nobody recorded it."""
    return at if chance.random() < 0.93 else None


def _strangers(chance: random.Random) -> Iterator[Record]:
    """Services that are not configured, moving back together now and then: what makes a replay."""
    for day in range(0, 28, 4):
        at = START + timedelta(days=day, minutes=chance.randint(0, 1440))
        for number in range(5):
            for step, version in enumerate((f"v{day + 2}", f"v{day + chance.choice((1, 3))}")):
                yield Deployment(
                    source="ci", id=f"stranger-{day}-{number}-{step}", service=f"stranger-{number}", version=version,
                    finished_at=at + timedelta(minutes=3 * number + step),
                )  # fmt: skip
