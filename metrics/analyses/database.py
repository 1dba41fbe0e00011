"""Database changes: deployments that contain a migration, and whether they fail more often than others.

A deployment contains one when a change that it shipped first touches a path of `migrations`, below any folder, and
below the service's own paths where it has some. Where the changed paths are not kept nothing is known, and it is said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share
from metrics.analyses.failed import FAIL_RATE, fail_rate, judged
from metrics.change_intervals import Figure, share_difference
from metrics.path_globs import is_own
from metrics.question import Question
from metrics.slices import Slices, slices

KINDS = ("with_migration", "without", "unknown")
COLUMNS = (
    "group", "deployments_are", "deployments", "deployments_share", "deployments_share_interval", *FAIL_RATE,
    "fail_rate_difference", "fail_rate_difference_interval",
)  # fmt: skip


def database(reader: Reader, question: Question) -> Answer:
    """Three rows a group: deployments with a migration, without one, and those of which it is not known."""
    cut = slices(reader, question)
    found = pl.concat(_read(reader, part) for part in cut.parts())
    frame = judged(reader, cut, found.with_columns(kind=pl.Series(_kinds(found), dtype=pl.String)))
    rows = [row for name, part in by_group(cut, frame) for row in _group(name, part)]
    globs = " or ".join(dict.fromkeys(_said(part) for part in cut.parts()))
    return Answer(
        name="database",
        title="Database changes",
        definition=f"deployments that ship a change of {globs} (as their services define it, below any folder and below their own paths), "
        "against the others; unknown: paths are not kept, or the version is no known commit or the first one. Difference: "
        "fail rate with a migration minus without, Newcombe's interval; chance alone when it holds 0",
        columns=COLUMNS,
        rows=tuple(rows),
        notes=_notes(frame),
        keys=2,
    )


def _said(part: Slices) -> str:
    """The paths that are migrations by the definitions of its services."""
    return ", ".join(part.question.definitions.migrations) or "nothing"


def _read(reader: Reader, part: Slices) -> pl.DataFrame:
    globs = part.question.definitions.migrations
    return part.frame(reader, "analyses/database", migrations=expression(globs))


def expression(globs: Sequence[str]) -> str:
    """One regular expression for paths in small letters that a glob matches at the root or below any folder.

    Globs are those of every other setting (`metrics.services.matches`), in words that DuckDB's expressions know: what
    fnmatch makes of a glob holds groups that they lack. `$^` matches nothing: without a glob no path is a migration.
    """
    return "|".join(f"(?s:^(.*/)?{''.join(map(_part, _PARTS.findall(glob.lower())))}$)" for glob in globs) or "$^"


#: A class such as [a-z] or [!]x], a star, a question mark or a letter; what opens a class and does not close it is a letter.
_PARTS = re.compile(r"\[!?+\]?+[^\]]*\]|.", re.DOTALL)


def _part(part: str) -> str:
    if part in ("*", "?"):
        return ".*" if part == "*" else "."
    return _class(part[1:-1]) if len(part) > 1 else re.escape(part)


def _class(letters: str) -> str:
    """A class as an expression; a range that runs backwards holds no letter."""
    sign, letters = ("^", letters[1:]) if letters.startswith("!") else ("", letters)
    held = [
        f"{re.escape(part[0])}-{re.escape(part[2])}" if len(part) > 1 else re.escape(part)
        for part in _RANGES.findall(letters)
        if len(part) == 1 or part[0] <= part[2]
    ]
    return f"[{sign}{''.join(held)}]" if held else "." if sign else r"[^\s\S]"


_RANGES = re.compile(r".-.|.", re.DOTALL)


def _kinds(frame: pl.DataFrame) -> list[str]:
    return [_kind(row) for row in frame.select("relation", "has_paths", "own", "paths").to_dicts()]


def _kind(row: dict[str, object]) -> str:
    """Of a deployment whose contents are not known nothing is said; the first one of a service ships nothing known."""
    if not row["has_paths"] or row["relation"] in ("baseline", "unresolved"):
        return "unknown"
    own = cast("list[str] | None", row["own"])
    paths = cast("list[str] | None", row["paths"]) or []
    return "with_migration" if any(not own or is_own(path, own) for path in paths) else "without"


def _group(name: str, part: pl.DataFrame) -> list[Row]:
    rates = {kind: fail_rate(part.filter(pl.col("kind") == kind)) for kind in KINDS}
    ours, others = (_figure(rates[kind]) for kind in ("with_migration", "without"))
    rows: list[Row] = []
    seen = part.filter(pl.col("kind") != "unknown").height
    for kind in KINDS:
        n = part.filter(pl.col("kind") == kind).height if kind == "unknown" or seen else None
        compared = kind == "with_migration" and ours[0] is not None and others[0] is not None
        rows.append(
            {"group": name, "deployments_are": kind, "deployments": n}
            | share("deployments_share", n or 0, part.height if n is not None else 0)
            | rates[kind]
            | {"fail_rate_difference": cast(float, ours[0]) - cast(float, others[0]) if compared else None}
            | {"fail_rate_difference_interval": share_difference(ours, others) if compared else (None, None)}
        )
    return rows


def _figure(found: dict[str, object]) -> Figure:
    return cast("Figure", (found["fail_rate"], found["fail_rate_interval"]))


def _notes(frame: pl.DataFrame) -> tuple[str, ...]:
    notes = []
    blind = frame.filter(~frame["has_paths"]).height
    if blind:
        notes.append(
            f"changed paths are not kept for the repositories of {blind} of {frame.height} deployments, so it is not "
            "known whether they hold a migration; `paths = true` in a git source keeps them"
        )
    return tuple(notes)
