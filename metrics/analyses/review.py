"""Review and tests: how much of what shipped was reviewed and had green checks, and how much went past both.

What is not known has its own column and never counts as missing: a repository without its host's pull requests says
nothing about review. Checks are as the host shows them last, which is mostly as they were at the merge.
"""

from __future__ import annotations

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group, share, spread
from metrics.question import Question
from metrics.slices import Slices, slices

GREEN = ("success", "succeeded", "passed", "neutral")
RED = ("failure", "failed", "error", "cancelled", "timed_out")
#: Not finished, or none, when it was merged.
MISSING = ("pending", "expected", "none", "missing", "skipped")
DEFINITION = (
    "pull requests and changes (commits that merge nothing) first shipped in the period. Reviewed: somebody else "
    "did, by the host's word; shares are of what is known, unknown is in none. A change without a pull request "
    "went past review where the host's pull requests and the default branch are known. Missing: checks that had not finished, were skipped, or that it had none of. "
    "Self-merged: the author also made the merge commit; unknown where a merge makes none"
)
COLUMNS = (
    "group", "of", "shipped", "reviewed", "not_reviewed", "no_pull_request", "review_unknown", "reviewed_share",
    "reviewed_share_interval", "green", "failing", "missing", "checks_unknown", "green_share", "green_share_interval",
    "self_merged", "merged_by_another", "merger_unknown", "self_merged_unreviewed", "checks_n", "checks_median_seconds",
    "checks_seconds_interval", "checks_p90_seconds",
)  # fmt: skip


def review(reader: Reader, question: Question) -> Answer:
    """Two rows a group: its shipped pull requests and its shipped changes; shares are of what is known."""
    cut = slices(reader, question)
    pulls, changes = (_wanted(reader, cut, name) for name in ("review", "review_changes"))
    by_name = dict(by_group(cut, changes))
    rows: list[Row] = []
    for name, part in by_group(cut, pulls):
        rows.append({"group": name, "of": "pull_requests"} | _pull_requests(part))
        rows.append({"group": name, "of": "changes"} | _changes(by_name[name]))
    return Answer(
        name="review",
        title="Review and tests",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=_notes(pulls, changes),
        keys=2,
    )


def _wanted(reader: Reader, cut: Slices, name: str) -> pl.DataFrame:
    """The rows of a question with `reviewed`, by each service's definitions; what two services ship counts once."""
    parts = []
    for part in cut.parts():
        rows = part.frame(reader, f"analyses/{name}").with_columns(reviewed=_REVIEWED)
        parts.append(rows if part.question.definitions.bots else rows.filter(~pl.col("is_bot")))
    return pl.concat(parts).unique(["grp", "repository", "number" if name == "review" else "sha"], maintain_order=True)


_REVIEWED = (
    pl.when((pl.col("reviews") > 0) | pl.col("first_review_at").is_not_null())
    .then(pl.lit("yes"))
    .when(pl.col("reviews") == 0)
    .then(pl.lit("no"))
    .otherwise(pl.lit("unknown"))
)


def _pull_requests(part: pl.DataFrame) -> dict[str, object]:
    seen = {
        name: part.filter(pl.col("checks").is_in(words)).height
        for name, words in (("green", GREEN), ("failing", RED), ("missing", MISSING))
    }
    known = sum(seen.values())
    return {
        "shipped": part.height,
        **_reviewed(part, 0),
        **seen,
        "checks_unknown": part.height - known,
        **share("green_share", seen["green"], known),
        **_mergers(part),
        **spread("checks", part["checks_seconds"]),
    }


def _mergers(part: pl.DataFrame) -> dict[str, object]:
    """Who merged is known from the author of a merge commit, where both are names of one kind."""
    known = part.filter(pl.col("comparable") & pl.col("merged_by").is_not_null())
    by_author = known.filter(pl.col("merged_by") == pl.col("author"))
    return {
        "self_merged": by_author.height,
        "merged_by_another": known.height - by_author.height,
        "merger_unknown": part.height - known.height,
        "self_merged_unreviewed": by_author.filter(pl.col("reviewed") == "no").height,
    }


def _changes(part: pl.DataFrame) -> dict[str, object]:
    """A change without a pull request went past review only where the host's and the default branch are known."""
    bare = pl.col("pull_request").is_null() & pl.col("host") & pl.col("mainline")
    counts = {"shipped": part.height} | _reviewed(part.filter(~bare), part.filter(bare).height)
    return {name: counts.get(name, (None, None) if name.endswith("interval") else None) for name in COLUMNS[2:]}


def _reviewed(part: pl.DataFrame, bare: int) -> dict[str, object]:
    counts = {word: part.filter(pl.col("reviewed") == word).height for word in ("yes", "no", "unknown")}
    return {
        "reviewed": counts["yes"],
        "not_reviewed": counts["no"],
        "no_pull_request": bare,
        "review_unknown": counts["unknown"],
        **share("reviewed_share", counts["yes"], counts["yes"] + counts["no"] + bare),
    }


def _notes(pulls: pl.DataFrame, changes: pl.DataFrame) -> tuple[str, ...]:
    notes = []
    without = pulls.filter(~pulls["host"]).height
    if without:
        notes.append(
            f"{without} of {pulls.height} pull requests are known from their merge only: a source of pull requests would "
            "tell their reviews and checks"
        )
    if not changes["host"].any() and changes.height:
        notes.append("no pull request of these repositories is known from its host: nothing is said about review")
    lost = changes.filter(pl.col("pull_request").is_null() & pl.col("host") & ~pl.col("mainline")).height
    if lost:
        notes.append(
            f"{lost} of {changes.height} changes have no known pull request in repositories whose default branch is not known: "
            "whether they went past review is unknown"
        )
    return tuple(notes)
