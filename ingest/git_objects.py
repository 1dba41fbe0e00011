"""Reading git's output of pairs, and file contents by the thousand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dora.errors import SourceError
from ingest.git_command import Repository, Spool, spool, text

_CHUNK_BYTES = 16 << 20
_WANTED = 10_000


def pairs(output: Spool) -> Iterator[tuple[bytes, bytes]]:
    """NUL-ended values, two by two."""
    rest = b""
    held: list[bytes] = []
    while data := output.read(_CHUNK_BYTES):
        *values, rest = (rest + data).split(b"\0")
        held += values
        even = len(held) // 2 * 2
        yield from zip(held[:even:2], held[1:even:2], strict=True)
        held = held[even:]


def read_blobs(repository: Repository, blobs: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Each blob's content, from one git process; a partial clone first gets them in bulk."""
    if not blobs:
        return
    if repository.partial:
        fetch_blobs(repository, blobs)
    with spool(repository, "cat-file", "--batch", given="\n".join(blobs) + "\n") as output:
        data, at = b"", 0
        for blob in blobs:
            while (end := data.find(b"\n", at)) < 0 and (more := output.read(_CHUNK_BYTES)):
                data, at = data[at:] + more, 0
            header = data[at:end].split()
            if end < 0 or header[1:2] != [b"blob"]:
                raise SourceError(
                    f"git: {repository.name}: content {blob} is missing; fetch the repository whole and ingest again"
                )
            size, at = int(header[2]), end + 1
            while len(data) - at < size + 1 and (more := output.read(_CHUNK_BYTES)):
                data, at = data[at:] + more, 0
            yield blob, data[at : at + size]
            at += size + 1


def fetch_blobs(repository: Repository, blobs: Sequence[str]) -> None:
    """Ask the server for contents in bulk; git alone would ask for each one in turn."""
    for start in range(0, len(blobs), _WANTED):
        command = ["-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"]
        command += ["--recurse-submodules=no", "--filter=blob:none", "--stdin", "origin"]
        text(repository, *command, given="\n".join(blobs[start : start + _WANTED]) + "\n")
