"""Running git safely: which addresses are allowed, a clean environment, and bare clones kept in a cache.

A path is read in place; an address is cloned bare, without file contents, and fetched incrementally. No hook,
pager, prompt or exotic transport ever runs, and no credential is ever part of an address, a command line or
an error sentence: git gets them from its own credential helper.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from dora.errors import AuthError, SourceError
from ingest.git_address import SCHEMES, check_address, hosted_name, redact
from ingest.source import Context

_SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.quotePath": "false",
    "core.commitGraph": "true",
    "diff.orderFile": "/dev/null",
    "fetch.writeCommitGraph": "true",
    "gc.autoDetach": "false",
    "log.showRoot": "true",
    "log.showSignature": "false",
    "maintenance.autoDetach": "false",
    "protocol.ext.allow": "never",
    "safe.directory": "*",
}
#: What a person may have set for reaching a server; every other GIT_ variable could change what is read.
_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_ASKPASS", "GIT_PROXY_COMMAND", "GIT_EXEC_PATH")
_KEPT_PREFIXES = ("GIT_SSL_", "GIT_CONFIG_GLOBAL", "GIT_HTTP_")

_LOOK_SECONDS = 0.01


@dataclass(frozen=True, slots=True)
class Repository:
    """One repository that git can read: `folder` is its git directory, `partial` when contents may be absent.

    `hosted`: what its host calls it, when it has an address there.
    """

    name: str
    folder: Path
    partial: bool = False
    hosted: str | None = None


def open_repository(name: str, url: str, context: Context, source: str, refs: Sequence[str] = ()) -> Repository:
    """The repository ready to be read; a remote one is cloned or brought up to date first.

    `refs`: the references to fetch, such as `refs/heads/*`. A shallow or grafted clone is a `SourceError`.
    """
    address = check_address(url, f"{source}: {name}")
    folder = _local_folder(address.text, context.base) if address.local else _clone(name, address.text, context, refs)
    if folder is None or not (folder.is_file() or (folder / "objects").is_dir()):
        raise SourceError(
            f"{source}: {name}: {redact(url)} is not a git repository; correct the path or clone it there"
        )
    repository = Repository(name, folder)
    common = Path(os.path.join(folder.parent, text(repository, "rev-parse", "--git-common-dir").strip()))
    shallow, grafts = common / "shallow", common / "info" / "grafts"
    if any(file.is_file() and file.stat().st_size for file in (shallow, grafts)):
        raise SourceError(
            f"{source}: {name}: {redact(url)} is a shallow or grafted clone, its history is cut off; "
            f"run `git -C {redact(url)} fetch --unshallow` (or remove info/grafts) and ingest again"
        )
    hosted = None if address.local else hosted_name(url)
    return Repository(name, folder, partial=not address.local or _is_partial(common), hosted=hosted)


def text(repository: Repository, *arguments: str, given: str = "") -> str:
    """What git prints, invalid UTF-8 replaced; a failure is a `SourceError`."""
    return _finish(repository.name, _command(repository, arguments), given.encode()).decode("utf-8", "replace")


def lines(repository: Repository, *arguments: str, given: str = "") -> list[str]:
    """What git prints, as lines."""
    return text(repository, *arguments, given=given).splitlines()


@contextmanager
def spool(repository: Repository, *arguments: str, given: str = "") -> Iterator[Spool]:
    """Run git with its output going to a temporary file that can be read while git is still writing it."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as stdin:
        stdin.write(given.encode())
        stdin.seek(0)
        process = _start(_command(repository, arguments), stdin=stdin, stdout=out, stderr=errors)
        try:
            yield Spool(repository.name, process, out.fileno(), errors)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


@dataclass(slots=True)
class Spool:
    """Output of a running git; `read` waits for as much as is asked, or for git's end."""

    name: str
    process: subprocess.Popen[bytes]
    descriptor: int
    errors: BinaryIO
    position: int = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes, fewer only at the end; a failure of git is a `SourceError`."""
        while self.process.poll() is None and os.fstat(self.descriptor).st_size - self.position < size:
            time.sleep(_LOOK_SECONDS)  # to wait for the process with a limit is to look many times as often
        data = os.pread(self.descriptor, size, self.position)
        self.position += len(data)
        if self.process.poll() and len(data) < size:
            self.errors.seek(0)
            raise _failure(self.name, self.errors.read())
        return data

    def unread(self, size: int) -> None:
        """Give back the last `size` bytes, to be read again."""
        self.position -= size


def first_parent_line(repository: Repository, tip: str, known: str | None) -> list[str] | None:
    """The first-parent commits of `tip` after `known`, newest first; None when `known` is not on that line.

    Without `known`: the whole line.
    """
    if known is None:
        return lines(repository, "rev-list", "--first-parent", tip, "--")
    if known == tip:
        return []
    if not existing(repository, [known]):
        return None
    found = lines(repository, "rev-list", "--first-parent", "--parents", tip, f"^{known}", "--")
    if not found or found[-1].split()[1:2] != [known]:
        return None
    return [line.split()[0] for line in found]


def existing(repository: Repository, objects: Sequence[str]) -> list[str]:
    """Those of the commits that the repository (still) has."""
    if not objects:
        return []
    found = lines(repository, "cat-file", "--batch-check=%(objectname) %(objecttype)", given="\n".join(objects) + "\n")
    return [line.split()[0] for line in found if line.endswith(" commit")]


def main_branch(repository: Repository, wanted: str | None, source: str) -> tuple[str, str] | None:
    """The branch whose first-parent line counts, as (name, sha); None when the repository has no commit.

    `wanted`, else the default branch of the clone's server, else HEAD, else main or master, else the only one.
    """
    listed = (
        line.split(" ", 1)
        for line in lines(repository, "for-each-ref", "--format=%(objectname) %(refname:strip=2)", "refs/heads")
    )
    branches = {name: sha for sha, name in listed}
    if wanted is not None and wanted in branches:
        return wanted, branches[wanted]
    if not branches:
        return None
    if wanted is not None:
        raise SourceError(
            f"{source}: {repository.name} has no branch {wanted!r}; it has {', '.join(sorted(branches)[:5])}"
        )
    for name in (_symbolic(repository, "refs/remotes/origin/HEAD"), _symbolic(repository, "HEAD"), "main", "master"):
        if name in branches:
            return name, branches[name]
    if len(branches) == 1:
        return next(iter(branches.items()))
    raise SourceError(
        f"{source}: HEAD of {repository.name} names no existing branch; "
        f'set branch = "…" to one of {", ".join(sorted(branches)[:5])}'
    )


def emptied(repository: str, source: str, of: str) -> SourceError:
    """What a repository that held commits or tags and holds none now is: made anew or half copied, not a history undone."""
    return SourceError(
        f"{source}: {repository} holds no {of} any more; what was read from it is kept: put it back, "
        f"or, when it is to be forgotten, run `dora ingest --full {source}`"
    )


def remote_references(name: str, address: str, *wanted: str) -> dict[str, str]:
    """The references that a server offers -> what each points at, a branch or a sha; nothing is fetched.

    `address`: one that `check_address` allows. It is asked from the root folder, so that no repository's settings count.
    """
    command = ["git", "-C", os.sep, "ls-remote", "--symref", "--", address, *wanted]
    offered = [line.split("\t", 1) for line in _finish(name, command, b"").decode("utf-8", "replace").splitlines()]
    # The line of what HEAD names comes before the line of its sha.
    return {right: left.removeprefix("ref: ") for left, right in reversed(offered)}


def _symbolic(repository: Repository, name: str) -> str:
    command = _command(repository, ("symbolic-ref", "--quiet", name))
    process = _start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    target = process.communicate()[0].decode("utf-8", "replace").strip()
    return re.sub(r"^refs/(heads|remotes/origin)/", "", target)


def _local_folder(path: str, base: Path) -> Path | None:
    root = (base / Path(path).expanduser()).resolve()
    if (root / "HEAD").is_file() and (root / "objects").is_dir():
        return root
    return root / ".git" if (root / ".git").exists() else None


def _is_partial(common: Path) -> bool:
    config = common / "config"
    return config.is_file() and re.search(r"(?i)promisor\s*=\s*true", config.read_text(errors="replace")) is not None


def _clone(name: str, url: str, context: Context, refs: Sequence[str]) -> Path:
    digest = hashlib.blake2b(url.encode(), digest_size=8).hexdigest()
    folder = context.cache / "git" / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')[:60]}-{digest}.git"
    repository = Repository(name, folder)
    if not (folder / "HEAD").is_file():
        context.progress(f"{name}: cloning {url}")
        _finish(name, ["git", "init", "--quiet", "--bare", "--template=", "--", str(folder)], b"")
    for key, value in {"url": url, "promisor": "true", "partialclonefilter": "blob:none"}.items():
        text(repository, "config", f"remote.origin.{key}", value)
    _fetch(repository, context, [*refs] or ["refs/heads/*", "refs/tags/*"])
    return folder


def _fetch(repository: Repository, context: Context, refs: Sequence[str]) -> None:
    offered = [line.split("\t", 1) for line in lines(repository, "ls-remote", "--symref", "origin", "HEAD", *refs)]
    head = next((left[5:].strip() for left, right in offered if right == "HEAD" and left.startswith("ref: ")), None)
    there = {f"{left} {right}" for left, right in offered if right != "HEAD" and not right.endswith("^{}")}
    here = set(lines(repository, "for-each-ref", "--format=%(objectname) %(refname)"))
    if head:
        text(repository, "symbolic-ref", "HEAD", head)
    if here != there:
        context.progress(f"{repository.name}: fetching")
        specs = [f"+{ref}:{ref}" for ref in refs]
        command = ["fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--filter=blob:none"]
        text(repository, *command, "--recurse-submodules=no", "--end-of-options", "origin", *specs)


def _command(repository: Repository, arguments: Sequence[str]) -> list[str]:
    return ["git", f"--git-dir={repository.folder}", "--no-pager", "--literal-pathspecs", *arguments]


def _environment() -> dict[str, str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith("GIT_") or key in _KEPT or key.startswith(_KEPT_PREFIXES)
    }
    settings = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (key, value) in enumerate(_SETTINGS.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return kept | settings | {
        "LC_ALL": "C",
        "GIT_ALLOW_PROTOCOL": ":".join(SCHEMES),
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
    }  # fmt: skip


def _start(command: Sequence[str], **streams: object) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(command, env=_environment(), **{"stdin": subprocess.DEVNULL, **streams})  # type: ignore[call-overload,no-any-return]
    except FileNotFoundError:
        raise SourceError("git is not installed or not on PATH; install git 2.30 or newer") from None


def _finish(name: str, command: Sequence[str], given: bytes) -> bytes:
    """Through files, not pipes: git writes some lists line by line, and each would wake the reader."""
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        stdin.write(given)
        stdin.seek(0)
        process = _start(command, stdin=stdin, stdout=out, stderr=errors)
        try:
            failed = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        errors.seek(0)
        out.seek(0)
        if failed:
            raise _failure(name, errors.read())
        return out.read()


def _failure(name: str, errors: bytes) -> SourceError:
    said = redact(errors.decode("utf-8", "replace")).strip().splitlines()
    sentence = next(
        (line for line in said if line.startswith(("fatal:", "error:"))), said[-1] if said else "no reason given"
    )
    if re.search(
        r"(?i)authentication failed|could not read (username|password)|permission denied", sentence + " ".join(said)
    ):
        return AuthError(
            f"git: {name}: access refused ({sentence}); give git's credential helper or ssh agent a read access"
        )
    return SourceError(f"git: {name}: {sentence}; check the address and that `git` can read it")
