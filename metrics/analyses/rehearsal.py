"""Rehearsal and promotion: was what went to production tried before, the same build, by the same way?"""

from __future__ import annotations

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share, spread
from metrics.question import Question
from metrics.slices import slices

ALL = "all"
DEFINITION = (
    "Succeeded production deployments whose artifact (same service and version, commit or digest) had succeeded in an "
    "environment outside production by then. times: how often, in all of these together. Delay of `all`: first success "
    "anywhere before production to the artifact's first deployment to production; of a hop: first success in one "
    "environment to the first in the next; so a rollback is no long delay, and a second region a hop. Same build: the "
    "digest was production's every time; same way: the mechanism was production's every time."
)
_FIGURES = (
    "deployments", "seen", "rehearsed", "rehearsed_share", "rehearsed_share_interval", "median_times", "delay_n",
    "delay_median_seconds", "delay_seconds_interval", "delay_p90_seconds", "build_known", "same_build_share",
    "same_build_share_interval", "mechanism_known", "same_way_share", "same_way_share_interval",
)  # fmt: skip


def rehearsal(reader: Reader, question: Question) -> Answer:
    """One row `all` per group, then one per hop; shares are of deployments whose service is `seen` outside production."""
    cut = slices(reader, question)
    frame = cut.frame(reader, "analyses/rehearsal")
    columns = ("group", "hop", *_FIGURES)
    rows = []
    for name, own in by_group(cut, frame):
        rows.append({"group": name, "hop": ALL} | _all(own))
        rows += [{"group": name, "hop": hop} | _hop(part) for hop, part in _hops(own)]
    return Answer(
        name="rehearsal",
        title="Rehearsal and promotion",
        definition=DEFINITION,
        columns=columns,
        rows=tuple({column: row.get(column) for column in columns} for row in rows),
        notes=tuple(_notes(frame)),
        keys=2,
    )


def _all(rows: pl.DataFrame) -> dict[str, object]:
    """Over the deployments of a group: how many were rehearsed, how often, how long before."""
    deployments = rows.group_by("number", maintain_order=True).agg(
        pl.col("seen", "first_live", "finished_at").first(),
        pl.col("times").sum(),
        pl.col("first_at").min(),
        *_same("same_build", "same_mechanism"),
    )
    seen = deployments.filter("seen")
    rehearsed = seen.filter(pl.col("times") > 0)
    promoted = rehearsed.filter("first_live")
    return {
        "deployments": deployments.height,
        "seen": seen.height,
        "rehearsed": rehearsed.height if seen.height else None,
        **share("rehearsed_share", rehearsed.height, seen.height),
        "median_times": seen["times"].cast(pl.Int64).median(),
        **spread("delay", _seconds(promoted, "finished_at")),
        **_sameness(rehearsed),
    }


def _hops(rows: pl.DataFrame) -> list[tuple[str, pl.DataFrame]]:
    """The promotions of a group by hop, `A → B`, in the order in which they follow each other most often."""
    steps = (
        rows.filter(pl.col("lower").is_not_null() & pl.col("first_here"))
        .with_columns(
            next=pl.col("lower").shift(-1).over("number").fill_null(pl.col("environment")),
            next_at=pl.col("first_at").shift(-1).over("number").fill_null(pl.col("finished_at")),
            place=pl.int_range(pl.len()).over("number"),
        )
        .with_columns(hop=pl.col("lower") + " → " + pl.col("next"))
    )
    parts = [(str(key[0]), part) for key, part in steps.partition_by("hop", as_dict=True).items()]
    return sorted(parts, key=lambda item: (_mean(item[1]["place"]), item[0]))


def _hop(rows: pl.DataFrame) -> dict[str, object]:
    return {"deployments": rows.height} | spread("delay", _seconds(rows, "next_at")) | _sameness(rows)


def _sameness(rows: pl.DataFrame) -> dict[str, object]:
    build, way = rows["same_build"].drop_nulls(), rows["same_mechanism"].drop_nulls()
    return {
        "build_known": len(build),
        **share("same_build_share", int(build.sum()), len(build)),
        "mechanism_known": len(way),
        **share("same_way_share", int(way.sum()), len(way)),
    }


def _same(*names: str) -> list[pl.Expr]:
    """True when true in every environment where it is known; null when known in none."""
    return [pl.when(pl.col(name).is_not_null().any()).then(pl.col(name).all(ignore_nulls=True)) for name in names]


def _seconds(rows: pl.DataFrame, until: str) -> pl.Series:
    return (rows[until] - rows["first_at"]).dt.total_microseconds() / 1_000_000


def _mean(places: pl.Series) -> float:
    return float(places.cast(pl.Float64).sum()) / len(places)


def _notes(rows: pl.DataFrame) -> list[str]:
    deployments = rows.unique("number")
    unseen = deployments.filter(~pl.col("seen")).height
    notes = []
    if deployments.height and unseen == deployments.height:
        notes.append("no deployment outside production is known, so rehearsals cannot be seen")
    elif unseen:
        notes.append(f"{unseen} of {deployments.height} deployments are of services never seen outside production")
    if deployments.height > unseen and not rows["same_build"].is_not_null().any():
        notes.append("no digests are known in both places, so nothing is said about building once")
    return notes
