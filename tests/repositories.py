"""Real git repositories for tests, made commit by commit at given times."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from socket import create_connection, socket
from time import monotonic

import polars as pl

from dora.warehouse import Warehouse, open_warehouse
from ingest.source import Context, Source
from ingest.sync import StreamResult, sync

START = 1_700_000_000


class Repo:
    """A repository with a work tree; commits are one minute apart unless told otherwise."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        self.clock = START
        subprocess.run(["git", "init", "-q", "-b", branch, str(path)], check=True)

    def git(
        self, *arguments: str, given: bytes = b"", at: str | None = None, author: str = "Ann <ann@example.org>"
    ) -> str:
        """Run git here, as `author` at `at`."""
        name, _, address = author.rstrip(">").partition(" <")
        when = at or f"{self.clock} +0000"
        person = {
            f"GIT_{who}_{what}": value
            for who in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", name), ("EMAIL", address), ("DATE", when))
        }
        command = ["git", "-C", str(self.path), "-c", "commit.gpgsign=false", *arguments]
        environment = {**os.environ, **person, "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(command, input=given, env=environment, check=True, capture_output=True)
        return done.stdout.decode("utf-8", "replace").strip()

    def commit(
        self,
        message: str | bytes = "work",
        files: Mapping[str, str | None] | None = None,
        author: str = "Ann <ann@example.org>",
    ) -> str:
        """Write `files` (None removes one) and commit; the new sha."""
        self.clock += 60
        for name, content in (files or {}).items():
            file = self.path / name
            if content is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content.encode("utf-8", "surrogateescape"))
        self.git("add", "-A")
        text = message if isinstance(message, bytes) else message.encode()
        options = ("--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-q", "-F", "-")
        self.git("commit", *options, given=text, author=author)
        return self.git("rev-parse", "HEAD")

    def raw(self, header: bytes, message: bytes, parents: tuple[str, ...] = ()) -> str:
        """A commit with any bytes in it, put on the current branch; `header`: its author and committer lines."""
        tree = self.git("write-tree").encode()
        lines = b"".join(b"parent %s\n" % parent.encode() for parent in parents)
        content = b"tree %s\n%s%s\n\n%s" % (tree, lines, header, message)
        sha = self.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=content)
        self.git("update-ref", "HEAD", sha)
        return sha

    def merge(self, *branches: str, message: str = "merge", author: str = "Ann <ann@example.org>") -> str:
        """Merge branches into the current one, always with a merge commit."""
        self.clock += 60
        self.git("merge", "-q", "--no-ff", "-m", message, *branches, author=author)
        return self.git("rev-parse", "HEAD")


@contextmanager
def daemon(root: Path) -> Iterator[str]:
    """The address of a git server over `root`, with partial clones allowed."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        "git",
        "daemon",
        "--export-all",
        "--reuseaddr",
        f"--base-path={root}",
        f"--port={port}",
        "--listen=127.0.0.1",
    ]
    settings = {"GIT_CONFIG_COUNT": "3"}
    allowed = {"uploadpack.allowFilter": "true", "uploadpack.allowAnySHA1InWant": "true", "safe.directory": "*"}
    for number, (key, value) in enumerate(allowed.items()):
        settings |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    process = subprocess.Popen(command, env={**os.environ, **settings}, stderr=subprocess.DEVNULL)
    try:
        deadline = monotonic() + 20
        while True:
            try:
                create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if monotonic() > deadline or process.poll() is not None:
                    raise
        yield f"git://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def context(tmp_path: Path, **values: object) -> Context:
    """A context with its cache in `tmp_path`."""
    return Context(cache=tmp_path / "cache", base=tmp_path, salt="pepper", **values)  # type: ignore[arg-type]


def ingest(warehouse: Warehouse, source: Source, since: datetime | None = None) -> list[StreamResult]:
    """Run the source as `dora ingest` does; an error of the source fails the test."""
    results = sync(warehouse, [source], since)
    assert [result.error for result in results] == [None] * len(results)
    return results


def emptied(repo: Repo, warehouse: Warehouse, source: Source) -> None:
    """Make a repository anew, without its commits, and ingest it: an error, which says that what was read is kept."""
    shutil.rmtree(repo.path)
    Repo(repo.path)
    [failed] = sync(warehouse, [source])
    assert "holds no commit any more; what was read from it is kept" in (failed.error or "")


def table(warehouse: Warehouse, name: str) -> pl.DataFrame:
    """A whole table."""
    return warehouse.frame(f"select * from {name} order by all")


def new_warehouse(tmp_path: Path, name: str = "test") -> Warehouse:
    """An empty warehouse."""
    return open_warehouse(tmp_path / f"{name}.duckdb")
