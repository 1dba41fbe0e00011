"""Canary stages: failures caught before everybody was served, caught by a check right after, and escaped.

Caught early: an attempt in a canary environment that failed, by its status, a check or the ledger; or a production
attempt that ended as failed with a failed check. A failed rollout that no check names is shown apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share
from metrics.analyses.known import known
from metrics.analyses.rollouts import parts
from metrics.failed_deployments import failures_by_number
from metrics.question import Question
from metrics.slices import Slices, slices

#: A canary environment, by its name in small letters.
CANARY = r"canary"
DEFINITION = (
    "caught in canary: attempts in an environment with canary in its name that failed, by status, check or the "
    "ledger; caught in rollout: production attempts that ended as failed with a failed check; stopped unchecked: "
    "without one; caught after: failed deployments that only a check after them shows; escaped: all other failed "
    "deployments. Share: caught in canary or rollout, of these, the caught after and the escaped"
)
COLUMNS = (
    "group", "canary_attempts", "rollouts", "rollouts_checked", "caught_in_canary", "caught_in_rollout",
    "stopped_unchecked", "caught_after", "escaped", "caught_share", "caught_share_interval",
)  # fmt: skip


def canary(reader: Reader, question: Question) -> Answer:
    """One row a group; the share is caught before full rollout of all caught and escaped, None without any."""
    cut = slices(reader, question)
    frame, checks_known = _judged(reader, cut), known(reader)["checks"]
    return Answer(
        name="canary",
        title="Canary stages",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({"group": name} | _row(part, checks_known) for name, part in by_group(cut, frame)),
        notes=tuple(_notes(reader, cut, bool(frame["canary"].any()), checks_known)),
    )


def _judged(reader: Reader, cut: Slices) -> pl.DataFrame:
    """The attempts with `kinds`: the kinds of evidence that count against each, null when it did not fail."""
    frame = _together(cut.frame(reader, "analyses/canary", canary=CANARY), parts(reader, cut))
    failed = [(number, sorted(failure.kinds)) for number, failure in failures_by_number(reader, cut).items()]
    schema = pl.Schema({"number": frame.schema["number"], "kinds": pl.List(pl.String)})
    kinds = pl.DataFrame(failed, schema=schema, orient="row")
    return frame.join(kinds, on="number", how="left", maintain_order="left")


def _together(frame: pl.DataFrame, regions: Mapping[int, int]) -> pl.DataFrame:
    """The attempts without those that are part of another one (number -> its number), whose checks are its own too."""
    if not regions:
        return frame
    whole = pl.col("number").replace(regions)
    checks = pl.col("checks", "failed_checks").sum().over("grp", whole)
    return frame.with_columns(checks).filter(~pl.col("number").is_in([*regions]))


def _row(part: pl.DataFrame, checks_known: bool) -> dict[str, object]:
    early, full = part.filter(pl.col("canary")), part.filter(~pl.col("canary"))
    broken = pl.col("status") == "failed"
    checked = pl.col("failed_checks") > 0
    failed = full.filter(~broken & pl.col("kinds").is_not_null())
    by_check = failed.filter(pl.col("kinds").list.set_difference(["verification", "telemetry"]).list.len() == 0)
    in_canary = early.filter(broken | checked | pl.col("kinds").is_not_null()).height
    in_rollout = full.filter(broken & checked).height
    caught = in_canary + in_rollout
    watched = checks_known or early.height
    return {
        "canary_attempts": early.height,
        "rollouts": full.height,
        "rollouts_checked": full.filter(pl.col("checks") > 0).height if checks_known else None,
        "caught_in_canary": in_canary if early.height else None,
        "caught_in_rollout": in_rollout if checks_known else None,
        "stopped_unchecked": full.filter(broken & ~checked).height,
        "caught_after": by_check.height if checks_known else None,
        "escaped": failed.height - by_check.height,
        **share("caught_share", caught, caught + failed.height if watched else 0),
    }


def _notes(reader: Reader, cut: Slices, canary_seen: bool, checks_known: bool) -> Iterator[str]:
    if not canary_seen:
        every = cut.frame(reader, "analyses/canary", canary=CANARY, environments=[])
        if every["canary"].any():
            yield (
                f"only {', '.join(cut.question.environments)} is asked for, so the attempts in an environment with "
                "`canary` in its name are left out"
            )
        else:
            yield "no deployment to an environment with `canary` in its name: nothing can be caught there"
    if not checks_known:
        yield "no check of a deployment is known at all: none can be seen to have caught a failure"
