"""The `gitops` source: an environment repository whose file changes are deployments.

Walks the first-parent line of one branch. A (environment, service) pair is deployed when the version in its
file differs from the last one seen there, in whichever file; committed is finished. The cursor keeps the tip
and the versions, so a later run reads only new commits; a rewritten branch or changed options are read anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from dora.errors import ConfigError
from dora.frames import SCHEMAS
from dora.model import Rejected
from ingest.bots import bot_test
from ingest.git_address import check_address
from ingest.git_command import Repository, spool
from ingest.git_objects import pairs, read_blobs
from ingest.git_probe import probe_repositories
from ingest.git_repository import emptied, first_parent_line, main_branch, open_repository
from ingest.source import Batch, Context, Scope
from ingest.sources.git_log import Authors
from ingest.sources.gitops_files import Found, Template, Unreadable, VersionReader, read_template, version_reader

_STREAM = "deployments"
_FULL_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_HEADER = "--format=C%x00%H%x1f%ct%x1f%ae%x1f%an"


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryOptions:
    """The environment repository: a name for messages, and its path or address."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The table of a gitops source.

    `files`: path templates; `version_key` or `version_pattern`: where the version is; `commit`: how a version
    becomes a commit; `tag_format`: version -> tag, such as `v{version}`; `bots`: more patterns of bots.
    """

    repository: RepositoryOptions
    files: tuple[str, ...]
    branch: str | None = None
    environment: str | None = None
    service: str | None = None
    version_key: str | None = None
    version_pattern: str | None = None
    commit: Literal["tag", "sha", "none"] = "tag"
    tag_format: str = "{version}"
    bots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One file that one commit of the line wrote."""

    sha: str
    committed: str
    name: str
    address: str
    path: str
    blob: str
    position: int


@dataclass(slots=True)
class Line:
    """Where the walk stands: the tip, how many commits it has seen, and each pair's last version."""

    options: str = ""
    tip: str | None = None
    position: int = 0
    versions: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GitopsSource:
    """One configured environment repository."""

    name: str
    options: Options
    context: Context
    templates: tuple[Template, ...]
    reader: VersionReader

    def streams(self) -> Sequence[str]:
        """The one stream, `deployments`."""
        return [_STREAM]

    def batches(self, stream: str, cursor: str | None, since: datetime | None) -> Iterator[Batch]:
        """One batch with all new deployments; nothing when the branch has not moved."""
        del stream  # there is only one
        chosen = self.options.repository
        repository = open_repository(chosen.name, chosen.url, self.context, self.name)
        branch = main_branch(repository, self.options.branch, self.name)
        line, digest = _line(cursor), self._digest()
        tip = branch[1] if branch else None
        if (line.options, line.tip) == (digest, tip):
            return
        if line.tip and not tip:
            raise emptied(chosen.name, self.name, "commit")
        fresh = (
            line.options != digest or not tip or not line.tip or first_parent_line(repository, tip, line.tip) is None
        )
        if fresh:
            line = Line()
        changes = list(self._changes(repository, line.tip, tip, line.position)) if tip else []
        self.context.progress(f"{self.name}: {len(changes):,} file changes")
        found, rejected = self._versions(repository, changes)
        rows = self._deployments(changes, found, line, since if cursor is None else None)
        line.options, line.tip = digest, tip
        line.position = changes[-1].position if changes else line.position
        complete = Scope("deployments", {"source": self.name}) if fresh else None
        frame = pl.DataFrame(rows, schema=SCHEMAS["deployments"], orient="row")
        yield Batch(
            records=rejected,
            frames={"deployments": frame},
            cursor=json.dumps(asdict(line), separators=(",", ":"), sort_keys=True),
            complete=complete,
        )

    def probe(self) -> Iterator[str]:
        """A line saying that the repository and the branch can be read; nothing is cloned."""
        chosen = self.options.repository
        return probe_repositories([(chosen.name, chosen.url, self.options.branch)], self.context, self.name)

    def _changes(self, repository: Repository, known: str | None, tip: str, position: int) -> Iterator[Change]:
        """The regular files that fit a template and were written, oldest first; deletions leave no trace."""
        command = ["log", "-z", _HEADER, "--first-parent", "-m", "--raw", "--no-abbrev", "--no-renames", "--reverse"]
        command += ["--encoding=UTF-8", "--no-show-signature", "--ignore-submodules=none"]
        folders = {template.folder for template in self.templates}
        paths = [] if "" in folders else sorted(folders)
        header: list[str] = []
        with spool(repository, *command, tip, *([f"^{known}"] if known else []), "--", *paths) as output:
            for mark, value in pairs(output):
                if mark == b"C":
                    header = value.decode("utf-8", "replace").split("\x1f", 3)
                    position += 1
                    continue
                _, mode, _, blob, status = mark.decode().strip().split(" ")
                path = value.decode("utf-8", "replace")
                if status != "D" and mode.startswith("100") and self._place(path) is not None:
                    sha, committed, address, name = header
                    yield Change(sha, committed, name, address, path, blob, position)

    def _place(self, path: str) -> Mapping[str, str] | None:
        return next((names for template in self.templates if (names := template.names(path)) is not None), None)

    def _versions(
        self, repository: Repository, changes: Sequence[Change]
    ) -> tuple[dict[str, list[Found]], list[Rejected]]:
        """Each distinct blob's versions; a file that cannot be parsed becomes one `Rejected`, at its first commit."""
        first: dict[str, Change] = {}
        for change in changes:
            first.setdefault(change.blob, change)
        found: dict[str, list[Found]] = {}
        rejected: list[Rejected] = []
        for blob, content in read_blobs(repository, list(first)):
            try:
                found[blob] = self.reader.find(content)
            except Unreadable as error:
                place = f"{first[blob].sha}:{first[blob].path}"
                row = content[:2000].decode("utf-8", "replace")
                rejected.append(Rejected(source=self.name, stream=_STREAM, place=place, reason=str(error), content=row))
        return found, rejected

    def _deployments(
        self, changes: Sequence[Change], found: Mapping[str, list[Found]], line: Line, since: datetime | None
    ) -> list[tuple[object, ...]]:
        """Rows in the order of the table's columns; `line.versions` moves along."""
        authors = Authors(self.context.author, bot_test(self.options.bots, self.name))
        rows: dict[str, tuple[object, ...]] = {}
        start = 0
        while start < len(changes):
            end = start
            after: dict[tuple[str, str], Found] = {}
            while end < len(changes) and changes[end].sha == changes[start].sha:
                after |= self._pairs(changes[end], found)
                end += 1
            for (environment, service), version in after.items():
                before = line.versions.setdefault(environment, {})
                if before.get(service) != version.version:
                    before[service] = version.version
                    row = self._row(changes[start], environment, service, version, authors)
                    if since is None or row["finished_at"] is None or row["finished_at"] >= since.replace(tzinfo=None):  # type: ignore[operator]
                        rows[str(row["id"])] = tuple(row.get(name) for name in SCHEMAS["deployments"])
            start = end
        return list(rows.values())

    def _pairs(self, change: Change, found: Mapping[str, list[Found]]) -> dict[tuple[str, str], Found]:
        """(environment, service) -> its version in this file; of several for one pair, the first in the file."""
        names = self._place(change.path) or {}
        pairs: dict[tuple[str, str], Found] = {}
        for version in found.get(change.blob, ()):
            environment = names.get("environment") or version.environment or self.options.environment
            service = version.service or names.get("service") or self.options.service
            if environment and service:
                pairs.setdefault((environment, service), version)
        return pairs

    def _row(self, change: Change, environment: str, service: str, found: Found, authors: Authors) -> dict[str, object]:
        actor, is_bot = authors.of(change.name, change.address)
        version = self.options.tag_format.replace("{version}", found.version)
        finished = _moment(change.committed)
        return {
            "source": self.name,
            "id": f"{change.sha[:12]}:{environment.replace('%', '%25').replace(':', '%3A')}:{service}",
            "service": service,
            "environment": environment,
            "version": version,
            "sha": found.sha or (found.version if _FULL_SHA.fullmatch(found.version) else None),
            "commit_rule": self.options.commit,
            "status": "succeeded",
            "finished_at": finished,
            "actor": actor,
            "actor_kind": "bot" if is_bot else "human",
            "run_id": change.sha,
            "mechanism": "gitops",
            "sequence": change.position,
        }

    def _digest(self) -> str:
        """Changes when anything changes that makes the stored rows stale; holds no secret."""
        facts = {key: value for key, value in asdict(self.options).items() if key != "repository"}
        return self.context.author(json.dumps(["gitops", 2, facts, self.options.repository.url], sort_keys=True))


def open_source(name: str, options: Options, context: Context) -> GitopsSource:
    """A gitops source; wrong templates, patterns, addresses or a pair that nothing names is a `ConfigError`."""
    check_address(options.repository.url, f"{name}: {options.repository.name}")
    if not options.files:
        raise ConfigError(
            f"{name}: files is empty; name at least one path, such as apps/{{service}}/{{environment}}.yaml"
        )
    if "{version}" not in options.tag_format:
        raise ConfigError(f"{name}: tag_format needs {{version}}, as in v{{version}}")
    bot_test(options.bots, name)
    templates = tuple(read_template(text, f"{name}: files") for text in options.files)
    reader = version_reader(options.version_key, options.version_pattern, name)
    named = set(reader.pattern.groupindex) if reader.pattern else set()
    for template, text in zip(templates, options.files, strict=True):
        for word, fixed in (("environment", options.environment), ("service", options.service)):
            if not fixed and word not in named and word not in template.pattern.groupindex:
                raise ConfigError(f'{name}: {text!r} has no {{{word}}}; put it in the path, or set {word} = "…"')
    return GitopsSource(name, options, context, templates, reader)


def _line(cursor: str | None) -> Line:
    return Line(**json.loads(cursor)) if cursor else Line()


def _moment(seconds: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
