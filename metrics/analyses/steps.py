"""Pipeline steps: how long each takes, waits and how often it fails; which few steps cause most of the failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share, spread
from metrics.question import Question
from metrics.slices import slices

COLUMNS = (
    "group", "pipeline", "job", "step", "finished", "failed", "failure_rate", "failure_rate_interval", "share_of_failures",
    "share_so_far", "signature", "signature_n", "duration_n", "duration_median_seconds", "duration_seconds_interval",
    "duration_p90_seconds", "wait_n", "wait_median_seconds", "wait_seconds_interval", "wait_p90_seconds",
)  # fmt: skip
DEFINITION = (
    "Steps of the pipeline runs of the services, succeeded or failed in the period, most failures first. share of failures: of "
    "all failed steps of the group; so far: with the rows above. A row without a step is a whole job; where finished steps "
    "of the job are known in the same run too its failures are theirs: they count in no share. signature: the most frequent error of the step. wait: from when the step "
    "could begin to when it did; of a step that waits for a person all its time."
)
#: What a run is for is known of those that deploy only.
WITHOUT_ENVIRONMENT = "pipeline runs belong to no environment: --environment does not narrow this answer"


def steps(reader: Reader, question: Question) -> Answer:
    """One row per group, pipeline, job and step, in the order of a Pareto chart; no rows without pipeline steps."""
    cut = slices(reader, question)
    frame = cut.frame(reader, "analyses/steps")
    rows = [{"group": name, **row} for name, own in by_group(cut, frame) for row in _pareto(own)]
    return Answer(
        name="steps",
        title="Pipeline steps",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple({column: row.get(column) for column in COLUMNS} for row in rows),
        notes=tuple(_notes(frame, question)),
        keys=4,
    )


def _pareto(rows: pl.DataFrame) -> Iterator[dict[str, object]]:
    """The steps of one group, most failures first, each with its share of them and the share so far."""
    kinds = rows.partition_by("pipeline", "job", "step", as_dict=True)
    failures = {key: int(part["failed"].sum()) for key, part in kinds.items()}
    own = {key: part.filter(~pl.col("whole_job"))["failed"] for key, part in kinds.items()}
    counted = {key: int(failed.sum()) for key, failed in own.items() if len(failed)}
    everything, so_far = sum(counted.values()), 0
    for key in sorted(kinds, key=lambda key: (-failures[key], [str(part) for part in key])):
        row = dict(zip(("pipeline", "job", "step"), key, strict=True)) | _figures(kinds[key])
        if key in counted and everything:
            so_far += counted[key]
            row |= {"share_of_failures": counted[key] / everything, "share_so_far": so_far / everything}
        yield row


def _figures(rows: pl.DataFrame) -> dict[str, object]:
    failed = rows.filter("failed")
    signatures = Counter(failed["signature"].drop_nulls().to_list())
    signature, times = min(signatures.items(), key=lambda item: (-item[1], item[0]), default=(None, None))
    return {
        "finished": rows.height,
        "failed": failed.height,
        **share("failure_rate", failed.height, rows.height),
        "signature": signature,
        "signature_n": times,
        **spread("duration", rows["duration_seconds"]),
        **spread("wait", rows["wait_seconds"]),
    }


def _notes(rows: pl.DataFrame, question: Question) -> Iterator[str]:
    if question.environments:
        yield WITHOUT_ENVIRONMENT
    if rows.is_empty():
        yield "no finished pipeline step of these services is known in the period: it needs a source of pipeline runs"
        return
    failed = rows.filter("failed")
    unsigned = failed["signature"].null_count()
    if unsigned:
        yield f"{unsigned} of {failed.height} failed steps have no error signature"
