"""Writes made-up repositories as real ones, by `git fast-import`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from dora.demo.git_objects import MadeCommit, MadeRepository, signature
from dora.errors import DoraError

_SIDE = "refs/made/side"
_GONE = "0" * 40


def write_repository(made: MadeRepository, folder: Path) -> None:
    """Write a bare repository; its default branch is `main`. git must give every commit the expected sha."""
    _git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(folder), stream=b"")
    (folder / "description").write_text("made-up data\n")
    stream = "".join(_stream(made)).encode()
    marks = folder / "made-marks"
    _git("--git-dir", str(folder), "fast-import", "--quiet", "--done", f"--export-marks={marks}", stream=stream)
    _git("--git-dir", str(folder), "pack-refs", "--all", stream=b"")
    shas = {int(mark[1:]): sha for mark, sha in (line.split() for line in marks.read_text().splitlines())}
    marks.unlink()
    for number, commit in enumerate(made.commits, 1):
        if shas.get(number) != commit.sha:
            raise DoraError(f"{folder}: git wrote commit {number} as {shas.get(number)}, not {commit.sha}; check git")


def _stream(made: MadeRepository) -> Iterator[str]:
    marks = {id(commit): number for number, commit in enumerate(made.commits, 1)}
    for commit in made.commits:
        yield from _commit(commit, marks)
    yield f"reset {_SIDE}\nfrom {_GONE}\n\n"
    for name, (commit, at) in made.tags.items():
        yield f"tag {name}\nfrom :{marks[id(commit)]}\ntagger {signature(commit.author, at)}\n{_data(name)}"
    yield "done\n"


def _commit(commit: MadeCommit, marks: dict[int, int]) -> Iterator[str]:
    branch = "refs/heads/main" if commit.mainline else _SIDE
    if not commit.parents:
        yield f"reset {branch}\n"
    yield f"commit {branch}\nmark :{marks[id(commit)]}\n"
    yield f"author {signature(commit.author, commit.authored_at)}\n"
    yield f"committer {signature(commit.author, commit.committed_at)}\n{_data(commit.message)}"
    for word, parent in zip(("from", "merge"), commit.parents, strict=False):
        yield f"{word} :{marks[id(parent)]}\n"
    for path, text in commit.changed.items():
        yield f"M 100644 inline {path}\n{_data(text)}"
    yield "\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _git(*arguments: str, stream: bytes) -> None:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "HOME": os.devnull}
    try:
        subprocess.run(["git", *arguments], input=stream, env=environment, check=True, capture_output=True)
    except FileNotFoundError:
        raise DoraError("git is not installed; the demonstration writes real repositories: install git") from None
    except subprocess.CalledProcessError as error:
        reason = error.stderr.decode(errors="replace").strip()[-300:]
        raise DoraError(f"git {arguments[0]} could not write the demonstration: {reason}") from None
