"""Repositories that git can read: folders in place, and bare clones kept in a cache; their branches and lines.

A path is read in place; an address is cloned bare, without file contents, and fetched incrementally. No credential
is ever part of an address.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from dora.errors import SourceError
from ingest.git_address import check_address, hosted_name, redact
from ingest.git_command import Repository, asked, lines, output, text
from ingest.source import Context


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
    for name in (*_named_by(repository), "main", "master"):
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
    offered = [line.split("\t", 1) for line in output(name, command).decode("utf-8", "replace").splitlines()]
    # The line of what HEAD names comes before the line of its sha.
    return {right: left.removeprefix("ref: ") for left, right in reversed(offered)}


def _named_by(repository: Repository) -> Iterator[str]:
    """The branches that the server and HEAD name; nothing for what names none."""
    for name in ("refs/remotes/origin/HEAD", "HEAD"):
        yield re.sub(r"^refs/(heads|remotes/origin)/", "", asked(repository, "symbolic-ref", "--quiet", name).strip())


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
        output(name, ["git", "init", "--quiet", "--bare", "--template=", "--", str(folder)])
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
