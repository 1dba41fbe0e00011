"""The `git` source: commits, the mainline, changed paths and tags of repositories, and deployments from tags.

One stream a repository. History is read whole, whatever `since` says, because ancestry needs it; `since` only
leaves out deployments. A later run reads what is reachable from the new tips and not from the known ones.
"""

from __future__ import annotations

import fnmatch
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import polars as pl

from dora.errors import ConfigError
from dora.frames import SCHEMAS
from ingest.bots import bot_test
from ingest.git_address import check_address
from ingest.git_command import Repository, lines, text
from ingest.git_probe import probe_repositories
from ingest.git_repository import emptied, existing, first_parent_line, main_branch, open_repository
from ingest.source import Batch, Context, Scope
from ingest.sources.git_log import Authors, moments, read_commits, read_paths
from ingest.sources.git_mainline import Mainline

DEFAULT_REFS = ("refs/heads/*", "refs/tags/*")


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryOptions:
    """One repository: the name that services use for it, its path or address, and its mainline branch."""

    name: str
    url: str
    branch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDeployments:
    """Tags matching the glob `tags` are deployments of `service` (default: of the repository) to `environment`."""

    tags: str
    environment: str = "production"
    service: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The table of a git source. `bots`: regular expressions besides the built-in ones; `refs`: what to read.

    paths: keep the paths that each commit changed, also where no service has path globs.
    """

    repositories: tuple[RepositoryOptions, ...]
    branch: str | None = None
    bots: tuple[str, ...] = ()
    refs: tuple[str, ...] = DEFAULT_REFS
    deployments: tuple[TagDeployments, ...] = ()
    paths: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What a stream's cursor remembers: the options it was read with, all references, the mainline, the tips, how many tags."""

    options: str = ""
    refs: str = ""
    mainline: str | None = None
    tips: tuple[str, ...] = ()
    tags: int = 0


@dataclass(frozen=True, slots=True)
class GitSource:
    """The repositories of one configured git source."""

    name: str
    options: Options
    context: Context

    def streams(self) -> Sequence[str]:
        """The repositories' names, as configured."""
        return [repository.name for repository in self.options.repositories]

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        """Commits in chunks, then the mainline, the tags and their deployments with the cursor; nothing when unchanged."""
        chosen = next(repository for repository in self.options.repositories if repository.name == stream)
        repository = open_repository(stream, chosen.url, self.context, self.name, self.options.refs)
        branch = main_branch(repository, chosen.branch or self.options.branch, self.name)
        refs = "\n".join(lines(repository, "for-each-ref", "--format=%(objectname) %(refname)", *self._patterns()))
        digest, known = self._digest(chosen), _known(cursor)
        if branch is None and not refs:
            if known.tips:
                raise emptied(repository.name, self.name, "commit")
            yield Batch(remark="no commits")
        now = hashlib.blake2b(f"{branch}\n{refs}".encode(), digest_size=16).hexdigest()
        if (known.options, known.refs) == (digest, now):
            return
        if known.options != digest:
            known = Known()
        references = _references(repository, self._patterns())
        tags = int(references["reference"].str.starts_with("refs/tags/").sum())
        if known.tags > 1 and not tags:
            raise emptied(repository.name, self.name, "tag")
        tips = sorted({*references["sha"], *([branch[1]] if branch else [])})
        revisions = [*tips, *(f"^{tip}" for tip in existing(repository, known.tips))]
        read = Mainline()
        yield from self._commits(repository, revisions, None if known.tips else read)
        after = Known(digest, now, branch[1] if branch else None, tuple(tips), tags)
        yield _mainline(repository, known.mainline, after.mainline, read)
        yield from self._tags(repository, references, after, since if cursor is None else None)

    def probe(self) -> Iterator[str]:
        """A line for each repository that can be read, with its mainline; nothing is cloned."""
        wanted = [
            (chosen.name, chosen.url, chosen.branch or self.options.branch) for chosen in self.options.repositories
        ]
        return probe_repositories(wanted, self.context, self.name)

    def _commits(self, repository: Repository, revisions: Sequence[str], read: Mainline | None) -> Iterator[Batch]:
        authors, count = Authors(self.context.author, bot_test(self.options.bots, self.name)), 0
        named: pl.DataFrame | None = None
        for frames in read_commits(repository, revisions, authors):
            count += frames["commits"].height
            self.context.progress(f"{repository.name}: {count:,} commits")
            people = frames.pop("people")
            if read is not None:
                read.add(frames["commits"])
            if self.context.keep_names:
                new = people if named is None else people.join(named, on=("author", "name"), how="anti")
                frames["people"] = new
                named = people if named is None else pl.concat([named, new])
            yield Batch(frames=frames)
        if self._keeps_paths(repository.name):
            for paths in read_paths(repository, revisions):
                yield Batch(frames={"commit_paths": paths})

    def _tags(
        self, repository: Repository, references: pl.DataFrame, after: Known, since: datetime | None
    ) -> Iterator[Batch]:
        """The deployments that tags are, then the tags with the cursor; both complete, for tags may be gone."""
        where = {"repository": repository.name}
        name = pl.col("reference").str.strip_prefix("refs/tags/")
        tags = references.filter(pl.col("reference").str.starts_with("refs/tags/")).with_columns(
            name.alias("name"), pl.lit(repository.name).alias("repository")
        )
        deployments = self._deployments(repository.name, tags, since)
        yield Batch(frames={"deployments": deployments}, complete=Scope("deployments", {"source": self.name, **where}))
        columns = [name for name in SCHEMAS["tags"] if name in tags.columns]
        cursor = json.dumps({name: getattr(after, name) for name in Known.__slots__}, separators=(",", ":"))
        yield Batch(frames={"tags": tags.select(columns)}, complete=Scope("tags", where), cursor=cursor)

    def _deployments(self, repository: str, tags: pl.DataFrame, since: datetime | None) -> pl.DataFrame:
        rows: dict[str, dict[str, object]] = {}
        for rule in self.options.deployments:
            for name, sha, tagged_at in tags.select("name", "sha", "created_at").iter_rows():
                late = since is None or tagged_at is None or tagged_at.replace(tzinfo=UTC) >= since
                if late and rule.repository in (None, repository) and fnmatch.fnmatchcase(name, rule.tags):
                    id = f"{repository}@{rule.environment}@{name}"
                    id = f"{id}@{rule.service}" if id in rows else id
                    rows[id] = {
                        "source": self.name, "id": id, "repository": repository, "service": rule.service,
                        "environment": rule.environment, "version": name, "sha": sha, "commit_rule": "tag",
                        "status": "succeeded", "finished_at": tagged_at, "mechanism": "tag",
                    }  # fmt: skip
        return pl.DataFrame(list(rows.values()), schema=SCHEMAS["deployments"])

    def _patterns(self) -> list[str]:
        return [ref.removesuffix("/*") for ref in self.options.refs]

    def _keeps_paths(self, repository: str) -> bool:
        return self.options.paths or repository in self.context.path_globs

    def _digest(self, chosen: RepositoryOptions) -> str:
        """Changes when anything changes that makes the stored rows stale; holds no secret."""
        paths = self._keeps_paths(chosen.name)
        rules = [asdict(rule) for rule in self.options.deployments]
        facts = [chosen.name, sorted(self.options.bots), rules, paths, self.context.keep_names]
        return self.context.author(json.dumps(["git", 1, *facts, sorted(self.options.refs)]))


def open_source(name: str, options: Options, context: Context) -> GitSource:
    """A git source; wrong addresses, references, patterns or repeated repositories are a `ConfigError`."""
    bot_test(options.bots, name)
    seen: dict[str, str] = {}
    for repository in options.repositories:
        where = f"{name}: {repository.name}"
        address = check_address(repository.url, where)
        place = str((context.base / address.text).resolve()) if address.local else address.text.removesuffix(".git")
        if repository.name in seen.values():
            raise ConfigError(f"{where}: this repository name is used twice; give each its own name")
        if place in seen:
            raise ConfigError(f"{where}: the same repository as {seen[place]}; its commits would count twice, keep one")
        seen[place] = repository.name
    for ref in options.refs:
        if not re.fullmatch(r"refs/[^\s:^~?*\[\\]+(/\*)?|refs/\*", ref):
            raise ConfigError(f"{name}: refs: {ref!r} is not a reference; write one as refs/heads/*")
    return GitSource(name, options, context)


def _mainline(repository: Repository, known: str | None, tip: str | None, read: Mainline) -> Batch:
    """The new commits of the first-parent line, or all of it when the known tip is not on it."""
    new = first_parent_line(repository, tip, known) if tip and known else None
    whole = new is None
    if new is None and tip:
        new = read.line(tip) or first_parent_line(repository, tip, None)
    frame = pl.DataFrame({"sha": new or []}, schema={"sha": pl.String})
    scope = Scope("mainline_commits", {"repository": repository.name}) if whole else None
    return Batch(frames={"mainline_commits": frame.with_columns(repository=pl.lit(repository.name))}, complete=scope)


def _known(cursor: str | None) -> Known:
    if cursor is None:
        return Known()
    values: Mapping[str, object] = json.loads(cursor)
    return Known(**{**values, "tips": tuple(values["tips"])})  # type: ignore[arg-type]


def _references(repository: Repository, patterns: Sequence[str]) -> pl.DataFrame:
    """reference, sha of the commit it ends at, tagged_at (null without a tagger), created_at (else the commit's).

    Tags are followed to the end; references that end at a tree or a file are left out.
    """
    parts = ("refname", "objecttype", "objectname", "*objecttype", "*objectname",
             "taggerdate:unix", "committerdate:unix", "*committerdate:unix")  # fmt: skip
    form = "--format=" + "%00".join(f"%({part})" for part in parts)
    rows = [line.split("\0") for line in text(repository, "for-each-ref", form, *patterns).split("\n") if line]
    nested = _peel(repository, [row[2] for row in rows if row[3] == "tag"])
    kept: dict[str, tuple[str, str, str]] = {}
    for name, kind, sha, inner, inner_sha, tagged, committed, inner_committed in rows:
        commit = sha if kind == "commit" else inner_sha if inner == "commit" else nested.get(sha)
        if commit:
            kept.setdefault(name, (commit, tagged, tagged or committed or inner_committed))
    columns = ("sha", "tagged_at", "created_at")
    values = {name: [row[i] for row in kept.values()] for i, name in enumerate(columns)}
    frame = pl.DataFrame({"reference": list(kept), **values}, schema=dict.fromkeys(("reference", *columns), pl.String))
    return frame.with_columns(moments("tagged_at"), moments("created_at"))


def _peel(repository: Repository, tags: Sequence[str]) -> dict[str, str]:
    """Tag object -> commit, for tags of tags that end at a commit."""
    if not tags:
        return {}
    asked = "".join(f"{tag}^{{commit}}\n" for tag in tags)
    answers = lines(repository, "cat-file", "--batch-check=%(objectname) %(objecttype)", given=asked)
    return {tag: line.split()[0] for tag, line in zip(tags, answers, strict=True) if line.endswith(" commit")}
