"""`git log` output -> frames of commits and people, in chunks, without a Python step per commit.

Fields are separated by NUL, which no field can hold (git keeps messages as C strings), so no message can
pass for another record. Invalid UTF-8 becomes U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy
import polars as pl
import pyarrow

from dora.errors import SourceError
from ingest.git_command import Repository, Spool, spool

FIELDS = ("sha", "parents", "authored_at", "committed_at", "name", "address", "subject", "body")
FORMAT = "%H%x00%P%x00%at%x00%ct%x00%an%x00%ae%x00%s%x00%b"
CHUNK_BYTES = 14 << 20
#: A batch this large fills whole row groups, which the warehouse writes once instead of rewriting them.
BATCH_ROWS = 122_880
SUBJECT_LENGTH = 2000
#: Seconds from 1970 to year 1 and to year 10000: what a datetime can hold.
_FIRST, _LAST = -62_135_596_800, 253_402_300_800
# Plain ASCII classes: `\d` and `\w` would match, and compile, all of Unicode.
_PULL_REQUEST = (
    r"^Merge pull request #([0-9]{1,15}) from ",
    r"\(#([0-9]{1,15})\)$",
    r"\(pull request #([0-9]{1,15})\)$",
)
_MERGE_REQUEST = r"(?m)^See merge request (?:[^ \t\r\n!]+)?!([0-9]{1,15})[ \t\r]*$"
_REVERTS = r"This reverts commit[ \t\r\n]+([0-9a-fA-F]{7,64})"
_REVERT_BRANCH = r"^Merge pull request #[0-9]+ from [^/ \t]+/revert-([0-9]{1,15})-"


@dataclass(slots=True)
class Authors:
    """What is known of each `Name`, `address` pair: its hash and whether it is a bot; each is worked out once."""

    author: Callable[[str], str]
    is_bot: Callable[[str], bool]
    known: dict[tuple[str, str], tuple[str | None, bool]] = field(default_factory=dict)

    def of(self, name: str, address: str) -> tuple[str | None, bool]:
        """Hash of the address (of the name when there is none; None when there is neither), and bot or not."""
        key = (name, address)
        if key not in self.known:
            identity = address.strip() or name.strip()
            self.known[key] = (self.author(identity) if identity else None, self.is_bot(f"{name} <{address}>"))
        return self.known[key]


def read_commits(
    repository: Repository, revisions: Sequence[str], authors: Authors
) -> Iterator[dict[str, pl.DataFrame]]:
    """Frames of `commits` and `people` for the commits reachable from `revisions` (`^sha` excludes), newest first."""
    if all(revision.startswith("^") for revision in revisions):
        return
    command = ("log", "-z", f"--format={FORMAT}", "--encoding=UTF-8", "--no-show-signature", "--no-color", "--stdin")
    with spool(repository, *command, given="\n".join(revisions) + "\n") as output:
        held: list[dict[str, pyarrow.Table]] = []
        for values in _records(output, len(FIELDS)):
            held.append({table: _compact(frame) for table, frame in _frames(repository, values, authors).items()})
            del values  # the chunk is held by them
            if sum(frames["commits"].num_rows for frames in held) >= BATCH_ROWS:
                yield _joined(held)
                held = []
        if held:
            yield _joined(held)


def read_paths(repository: Repository, revisions: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Frames of `commit_paths`: what each commit changed against its first parent."""
    if all(revision.startswith("^") for revision in revisions):
        return
    command = ("log", "-z", "--format=C%x00%H", "--raw", "--no-abbrev", "--no-renames", "--diff-merges=first-parent")
    sha: str | None = None
    with spool(repository, *command, "--stdin", given="\n".join(revisions) + "\n") as output:
        for marks, values in _records(output, 2):
            frame = pl.DataFrame({"mark": marks, "path": values})
            head = pl.col("mark") == "C"
            frame = frame.with_columns(
                pl.when(head).then("path").forward_fill().fill_null(pl.lit(sha, dtype=pl.String)).alias("sha")
            )
            sha = frame["sha"][-1]
            paths = frame.filter(~head).select(pl.lit(repository.name).alias("repository"), "sha", "path")
            yield paths.unique(maintain_order=True)


def _compact(frame: pl.DataFrame) -> pyarrow.Table:
    """A copy that no longer keeps the chunk with all the message bodies alive."""
    return frame.to_arrow(compat_level=pl.CompatLevel.oldest())


def _joined(held: list[dict[str, pyarrow.Table]]) -> dict[str, pl.DataFrame]:
    whole = {table: pl.DataFrame(pyarrow.concat_tables(frames[table] for frames in held)) for table in held[0]}
    return {**whole, "people": whole["people"].unique(("author", "name"), keep="first", maintain_order=True)}


def _records(output: Spool, width: int) -> Iterator[list[pl.Series]]:
    """The values of whole records, one series a field; one list a chunk."""
    size = CHUNK_BYTES
    while data := output.read(size):
        ends = numpy.flatnonzero(numpy.frombuffer(data, numpy.uint8) == 0) + 1
        count = len(ends) // width * width
        rest = len(data) - (int(ends[count - 1]) if count else 0)
        if rest and len(data) < size:
            raise SourceError(
                f"git: {output.name}: the log ended inside a record; run `git fsck` there and ingest again"
            )
        output.unread(rest)
        size = CHUNK_BYTES if count else 2 * size
        if count:
            value = pl.col("value")
            parts = [value.gather_every(width, i).str.head(-1).alias(str(i)) for i in range(width)]
            yield _texts(data, ends[:count]).alias("value").to_frame().select(parts).get_columns()
        del data, ends  # before the next chunk is read beside them


def _texts(data: bytes, ends: numpy.ndarray) -> pl.Series:
    """The values that end at `ends`, each still with its NUL: views of `data`, so nothing is copied."""
    starts = numpy.concatenate(([0], ends)).astype(numpy.int64)
    buffers = [None, pyarrow.py_buffer(starts), pyarrow.py_buffer(data)]
    values = pl.Series(pyarrow.LargeBinaryArray.from_buffers(pyarrow.large_binary(), len(ends), buffers))
    try:
        return values.cast(pl.String)
    except pl.exceptions.ComputeError:
        valid = data[: starts[-1]].decode("utf-8", "replace").encode()
        return _texts(valid, numpy.flatnonzero(numpy.frombuffer(valid, numpy.uint8) == 0) + 1)


def _frames(repository: Repository, values: list[pl.Series], authors: Authors) -> dict[str, pl.DataFrame]:
    raw = pl.DataFrame([column.alias(name) for name, column in zip(FIELDS, values, strict=True)])
    people = _people(raw, authors)
    frame = raw.join(people, on=("name", "address"), how="left", maintain_order="left", nulls_equal=True)
    commits = frame.select(
        pl.lit(repository.name).alias("repository"),
        "sha",
        pl.when(pl.col("parents") == "")
        .then(pl.lit([], dtype=pl.List(pl.String)))
        .otherwise(pl.col("parents").str.split(" "))
        .alias("parents"),
        moments("authored_at"),
        moments("committed_at"),
        "author",
        "is_bot",
        pl.col("subject").str.slice(0, SUBJECT_LENGTH),
    ).with_columns(_named(frame, reverted_number(repository)))
    seen = people.select("author", "name", "is_bot").filter(pl.col("author").is_not_null() & (pl.col("name") != ""))
    return {"commits": commits, "people": seen.unique(("author", "name"), keep="first", maintain_order=True)}


def _people(raw: pl.DataFrame, authors: Authors) -> pl.DataFrame:
    pairs = raw.select("name", "address").unique(maintain_order=True)
    found = [authors.of(name, address) for name, address in pairs.iter_rows()]
    return pairs.with_columns(
        pl.Series("author", [author for author, _ in found], dtype=pl.String),
        pl.Series("is_bot", [bot for _, bot in found], dtype=pl.Boolean),
    )


def moments(name: str) -> pl.Expr:
    """Seconds as text -> naive UTC; what is no number, or beyond years 1..9999, is null."""
    seconds = pl.col(name).cast(pl.Int64, strict=False)
    inside = pl.when(seconds.is_between(_FIRST, _LAST, closed="left")).then(seconds)
    return (inside * 1_000_000).cast(pl.Datetime("us")).alias(name)


def reverted_number(repository: Repository) -> str:
    """What finds the number of a pull request of this repository that a message says it reverts, as its first group.

    `#7`, or `acme/shop#7` where that is this repository by its configured name or its host's; another's number says nothing
    of ours. A configured name without an owner goes by any, unless the host tells. GitLab writes `acme/shop!7` or `shop!7`.
    """
    names = {name for name in (repository.name, repository.hosted) if name and "/" in name}
    last = {name.rpartition("/")[2] for name in names or {repository.name}}
    full = [re.escape(name) for name in sorted(names)] or [r"[A-Za-z0-9_.-]+/" + re.escape(repository.name)]
    whole, short = "|".join(full), "|".join(re.escape(name) for name in sorted(last))
    return (
        rf"(?:Reverts (?:(?i:{whole}))?#|[Rr]everts merge request (?:(?i:{whole}|{short}))?!)"
        r"([0-9]{1,15})"
    )


def _named(frame: pl.DataFrame, number: str) -> pl.DataFrame:
    """`pull_request`, `reverts`, `reverts_pull_requests`; only messages with a telling word are looked at closely.

    `number`: see `reverted_number`.
    """
    subject, body = pl.col("subject"), pl.col("body")
    telling = subject.str.contains("#", literal=True) | body.str.contains("everts|See merge request")
    few = frame.select("subject", "body").with_row_index().filter(telling)
    patterns = [subject.str.extract(pattern) for pattern in _PULL_REQUEST]
    found = few.select(
        "index",
        pl.coalesce(*patterns, body.str.extract(_MERGE_REQUEST)).cast(pl.Int64, strict=False).alias("pull_request"),
        _all("body", _REVERTS)
        .list.eval(pl.element().str.to_lowercase())
        .list.unique(maintain_order=True)
        .alias("reverts"),
        pl.concat_list(_all("subject", _REVERT_BRANCH), _all("body", number))
        .cast(pl.List(pl.Int64))
        .list.unique(maintain_order=True)
        .alias("reverts_pull_requests"),
    )
    lists = [pl.col(name).fill_null(pl.lit([], dtype=found.schema[name])) for name in found.columns[2:]]
    every = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("index"))
    return every.join(found, on="index", how="left", maintain_order="left").select("pull_request", *lists)


def _all(column: str, pattern: str) -> pl.Expr:
    """Every match's first group, as a list."""
    return pl.col(column).str.extract_all(pattern).list.eval(pl.element().str.extract(pattern))
