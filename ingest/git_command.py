"""Running git safely: a clean environment, no hook, pager, prompt or exotic transport, and its failures as sentences.

No credential is ever part of a command line or an error sentence: git gets them from its own credential helper.
"""

from __future__ import annotations

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
from ingest.git_address import SCHEMES, redact

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


def text(repository: Repository, *arguments: str, given: str = "") -> str:
    """What git prints, invalid UTF-8 replaced; a failure is a `SourceError`."""
    return output(repository.name, _command(repository, arguments), given.encode()).decode("utf-8", "replace")


def lines(repository: Repository, *arguments: str, given: str = "") -> list[str]:
    """What git prints, as lines."""
    return text(repository, *arguments, given=given).splitlines()


def asked(repository: Repository, *arguments: str) -> str:
    """What git prints as the answer to a question that may have none, which is no failure."""
    process = _start(_command(repository, arguments), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return process.communicate()[0].decode("utf-8", "replace")


def output(name: str, command: Sequence[str], given: bytes = b"") -> bytes:
    """What a whole command line prints; `name` is what its error is about.

    Through files, not pipes: git writes some lists line by line, and each would wake the reader.
    """
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
