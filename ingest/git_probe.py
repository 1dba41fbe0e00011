"""Whether a repository can be reached: a path is opened, an address is asked for its branch, nothing is cloned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dora.errors import SourceError
from ingest.git_address import check_address
from ingest.git_repository import main_branch, open_repository, remote_references
from ingest.source import Context


def probe_repositories(wanted: Sequence[tuple[str, str, str | None]], context: Context, source: str) -> Iterator[str]:
    """A line for each repository that can be read; `wanted`: name, path or address, and branch (None: the default).

    The `SourceError` of those that cannot be read comes after the lines of the others.
    """
    refused: list[SourceError] = []
    for name, url, branch in wanted:
        try:
            yield _probe(name, url, branch, context, source)
        except SourceError as error:
            refused.append(error)
    if refused:
        raise type(refused[0])("; ".join(map(str, refused)))


def _probe(name: str, url: str, branch: str | None, context: Context, source: str) -> str:
    address = check_address(url, f"{source}: {name}")
    if not address.local:
        return _probe_remote(name, address.text, branch, source)
    found = main_branch(open_repository(name, url, context, source), branch, source)
    return f"{name}: opened, branch {found[0]}" if found else f"{name}: opened, it holds no commit yet"


def _probe_remote(name: str, address: str, branch: str | None, source: str) -> str:
    wanted = f"refs/heads/{branch}" if branch else "HEAD"
    offered = remote_references(name, address, wanted)
    if branch is not None:
        if wanted not in offered:
            raise SourceError(f"{source}: {name} has no branch {branch!r}; correct branch")
        return f"{name}: answers, branch {branch}"
    if "HEAD" not in offered:
        return f'{name}: answers, it holds no commit yet or names no default branch; set branch = "…" if it has one'
    return f"{name}: answers, branch {offered['HEAD'].removeprefix('refs/heads/')}"
