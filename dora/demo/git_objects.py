"""Commits of a made-up repository with the sha that git will give them, computed without git.

Knowing the shas while the history is being made lets a revert name the commit it reverts and an incident the
commit that caused it; `repositories.write_repository` checks that git agrees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from dora.demo.organisation import mail


@dataclass(slots=True, eq=False)
class Folder:
    """A folder of a tree: name -> the sha of a file, or another folder; `sha` is filled when first asked."""

    inner: Mapping[str, bytes | Folder] = field(default_factory=dict)
    sha: bytes = b""


@dataclass(slots=True, eq=False, kw_only=True)
class MadeCommit:
    """One commit: `changed` is what it writes (path -> text), `files` its whole tree."""

    sha: str
    subject: str
    body: str
    author: str
    authored_at: datetime
    committed_at: datetime
    parents: tuple[MadeCommit, ...]
    changed: Mapping[str, str]
    files: Folder
    mainline: bool
    pull_request: int | None = None
    reverts: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """Subject and body as git stores them."""
        return f"{self.subject}\n\n{self.body}\n" if self.body else f"{self.subject}\n"


@dataclass(slots=True, eq=False)
class MadeRepository:
    """All commits of one repository in the order they were made, and its tags."""

    name: str
    commits: list[MadeCommit] = field(default_factory=list)
    tags: dict[str, tuple[MadeCommit, datetime]] = field(default_factory=dict)
    head: MadeCommit | None = None

    def commit(
        self,
        subject: str,
        author: str,
        at: datetime,
        changed: Mapping[str, str],
        *,
        body: str = "",
        authored_at: datetime | None = None,
        parents: tuple[MadeCommit, ...] | None = None,
        mainline: bool = True,
        pull_request: int | None = None,
        reverts: tuple[str, ...] = (),
    ) -> MadeCommit:
        """Add a commit; without `parents` it follows the head, and on the mainline it becomes the head."""
        before = parents if parents is not None else (self.head,) if self.head else ()
        files = before[0].files if before else Folder()
        for path, text in changed.items():
            files = _with(files, path, _sha(b"blob", text.encode()))
        made = MadeCommit(
            sha="", subject=subject, body=body, author=author, authored_at=authored_at or at, committed_at=at,
            parents=before, changed=changed, files=files, mainline=mainline, pull_request=pull_request, reverts=reverts,
        )  # fmt: skip
        made.sha = _commit_sha(made)
        self.commits.append(made)
        if mainline:
            self.head = made
        return made

    def tag(self, name: str, commit: MadeCommit, at: datetime) -> None:
        """Name a commit."""
        self.tags[name] = (commit, at)


def signature(handle: str, at: datetime) -> str:
    """A person and a moment as git writes them."""
    return f"{handle} <{mail(handle)}> {int(at.timestamp())} +0000"


def _sha(kind: bytes, content: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0%s" % (kind, len(content), content), usedforsecurity=False).digest()


def _commit_sha(commit: MadeCommit) -> str:
    lines = [f"tree {_tree(commit.files).hex()}", *(f"parent {parent.sha}" for parent in commit.parents)]
    lines.append(f"author {signature(commit.author, commit.authored_at)}")
    lines.append(f"committer {signature(commit.author, commit.committed_at)}")
    return _sha(b"commit", ("\n".join(lines) + "\n\n" + commit.message).encode()).hex()


def _tree(files: Folder) -> bytes:
    """The sha of a folder; folders are never changed once made, so it is computed once."""
    if not files.sha:
        entries = []
        for name, inner in files.inner.items():
            if isinstance(inner, Folder):
                # git sorts a folder as if its name ended with a slash
                entries.append((name + "/", b"40000 %s\0%s" % (name.encode(), _tree(inner))))
            else:
                entries.append((name, b"100644 %s\0%s" % (name.encode(), inner)))
        files.sha = _sha(b"tree", b"".join(entry for _, entry in sorted(entries)))
    return files.sha


def _with(files: Folder, path: str, blob: bytes) -> Folder:
    """A copy of the folder with one file written; what is not on the way is shared."""
    name, _, rest = path.partition("/")
    if not rest:
        return Folder({**files.inner, name: blob})
    before = files.inner.get(name)
    return Folder({**files.inner, name: _with(before if isinstance(before, Folder) else Folder(), rest, blob)})
