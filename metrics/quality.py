"""What the data cannot tell, or says wrongly: found at the end of a build, shown beside every number.

One question of metrics/sql/quality finds the subjects of one finding, inside the database, so that their number
does not matter: `quality_summary` counts all and keeps up to 500 a finding and service, the worst ones, which
`quality_facts` lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from dora.definitions import Definitions
from dora.warehouse import Builder, Reader
from metrics.production_patterns import NO_TELLING, no_telling, sentences
from metrics.quality_effects import NEXT_STEPS, TITLES, TOUCHES, Direction, Rows
from metrics.question import Question, published_definitions
from metrics.services import matches
from metrics.slices import read_sql
from metrics.unmatched_paths import unmatched_paths

#: One question of metrics/sql/quality each, about the facts of each service by itself.
OF_SERVICES = (
    "deployment_without_commit", "deployment_without_time", "duplicate_deployment", "incident_without_time",
    "negative_duration", "recovered_too_early", "unlinked_incident", "unresolved_version",
)  # fmt: skip
#: The same, asked by what each service's definitions count as a change.
BY_CHANGE = ("change_without_clock", "missing_stage", "negative_lead_time")
#: One question each about records, or about the moment; besides them what depends on patterns and paths.
OF_ALL = (
    "future_time", "incident_without_service", "stale_source", "unknown_service", "unlinked_check",
    "unlinked_fix", "unmapped_pull_request", "untold_failures",
)  # fmt: skip
#: About the moment too, and asked by what each service's definitions count as a change.
OF_QUEUES = ("never_shipped",)
#: How many rows each metric has in all, by the columns of totals.sql.
_TOTALS = {
    "deployment_frequency": "deployments", "change_fail_rate": "deployments", "deployment_rework_rate": "deployments",
    "change_lead_time": "changes", "time_to_restore": "incidents", "failed_deployment_recovery_time": "failures",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a finding does to one metric: `rows` of it are touched, `of` are in it in all.

    `of` goes by each service's own definitions, but for their failure windows: a failure is one of a counted kind.
    `things`: what these rows are where only part of the metric rests on them, such as the stages of pull requests.
    `direction`: the figure is `lower` or `higher` than the truth, or errs to `either` side.
    """

    metric: str
    rows: int
    of: int
    direction: Direction
    why: str
    things: Rows = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One kind of finding over all the data: how many, up to five examples (the worst first), and what follows.

    `services`: how many services it touches. `largest_seconds`: by how much at most, where it is about a time.
    """

    finding: str
    title: str
    found: int
    services: int
    examples: tuple[str, ...]
    largest_seconds: float | None
    effects: tuple[Effect, ...]
    next_step: str


def record(
    builder: Builder,
    definitions: Definitions,
    now: datetime | None = None,
    again: bool = False,
    read_at: datetime | None = None,
) -> None:
    """Fill `quality_summary` from the records and facts of a build.

    `now`: the moment after which a time is one of the future. `again`: what was found before stays where it is about facts
    of services that are not in the temporary table `unlike`. `read_at`: when every source was read last; what waits or is silent
    does so until that day, or until the newest record where that is later.
    """
    if again:
        builder.execute(read_sql("quality/keep"), {"kept": [*OF_SERVICES, *BY_CHANGE]})
        builder.execute(read_sql("quality/again"))
    else:
        builder.execute(read_sql("quality/tables"))
    builder.execute(read_sql("quality/words"))
    for finding in OF_SERVICES:
        _count(builder, finding, {})
    for clocks in _clocks(definitions):
        for finding in BY_CHANGE:
            _count(builder, finding, clocks)
    if again:
        builder.execute(read_sql("quality/whole"))
    environments = builder.rows(read_sql("quality/environments"))
    now = now or datetime.now(UTC)
    asked: dict[str, object] = {
        "now": now,
        "as_of": _latest(builder.rows(read_sql("data_as_of"), {"now": now})[0][0], read_at),
        "production": [
            str(name) for name, taken in environments if taken or matches(str(name), definitions.production)
        ],
    }
    for finding in OF_ALL:
        _count(builder, finding, asked)
    for clocks in _clocks(definitions):
        for finding in OF_QUEUES:
            _count(builder, finding, asked | clocks)
    for finding, told in no_telling(builder, definitions):
        _count(builder, finding, told, "patterns")
    for told in unmatched_paths(builder):
        _count(builder, "paths_match_nothing", told)


def _latest(newest: object, read_at: datetime | None) -> datetime | None:
    """The later one, aware UTC; of `read_at` the beginning of its day, so that all runs of a day find the same."""
    known = [newest.replace(tzinfo=UTC)] if isinstance(newest, datetime) else []
    if read_at:
        known.append(read_at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
    return max(known, default=None)


def findings(reader: Reader) -> tuple[Finding, ...]:
    """All findings by name; empty when nothing was found."""
    if not counts(reader):
        return ()
    totals = reader.records(read_sql("quality/totals"), _rules(published_definitions(reader)))[0]
    return tuple(_finding(row, totals) for row in reader.records(read_sql("quality/findings")))


def caveats(reader: Reader, question: Question) -> tuple[str, ...]:
    """Sentences to stand beside the headline: production is nothing or everything, no source records what tells of most failures."""
    found = counts(reader)
    return (*(sentences(reader, question) if {*NO_TELLING} & {*found} else ()), *_untold(found))


def _untold(found: Mapping[str, int]) -> Iterator[str]:
    """Few failures seen are few known."""
    if "untold_failures" in found:
        [why] = (touch.why for touch in TOUCHES["untold_failures"] if touch.metric == "change_fail_rate")
        yield f"no source records incidents or checks after deployments: {why}, so the change fail rate may be too low"


def counts(reader: Reader) -> dict[str, int]:
    """How many there are of each kind of finding; empty when nothing was found."""
    return {str(name): int(str(number)) for name, number in reader.rows(read_sql("contents_findings"))}


def _count(builder: Builder, finding: str, asked: Mapping[str, object], question: str | None = None) -> None:
    sql = read_sql(f"quality/{question or finding}")
    used = {name: value for name, value in asked.items() if f"${name}" in sql}
    builder.execute(f"{read_sql('quality/count')}{sql}) group by all", {"finding": finding, **used})


def _clocks(definitions: Definitions) -> Iterator[dict[str, object]]:
    """What counts as a change and when it begins: of all services that follow the organisation, then of those that differ."""
    common, others = _clock(definitions), list[str]()
    differing: dict[tuple[str, str, bool], list[str]] = {}
    for name, own in definitions.services:
        if _clock(own) != common:
            differing.setdefault(_clock(own), []).append(name)
            others.append(name)
    for (change, clock, bots), only in ((common, []), *differing.items()):
        yield {"change": change, "clock": clock, "bots": bots, "only": only, "others": [] if only else others}


def _clock(definitions: Definitions) -> tuple[str, str, bool]:
    return definitions.change, definitions.counted_clock, definitions.bots


def _rules(definitions: Definitions) -> dict[str, object]:
    """What the totals are counted by: the organisation's definitions, and those of the services that have their own."""
    own = [theirs for _, theirs in definitions.services]
    return {
        "change": definitions.change,
        "bots": definitions.bots,
        "kinds": " ".join(definitions.failure_kinds),
        "own": [name for name, _ in definitions.services],
        "own_change": [theirs.change for theirs in own],
        "own_bots": [theirs.bots for theirs in own],
        "own_kinds": [" ".join(theirs.failure_kinds) for theirs in own],
    }


def _finding(row: dict[str, object], totals: dict[str, object]) -> Finding:
    name = str(row["finding"])
    counted = {key: int(str(row[key])) for key in ("found", "rows", "changes", "services")}
    kinds = set(cast("Sequence[str]", row["kinds"] or ()))
    effects = tuple(
        Effect(
            metric=touch.metric,
            rows=counted[touch.counted],
            of=int(str(totals["pull_requests" if touch.of == "pull requests" else _TOTALS[touch.metric]])),
            direction=touch.direction,
            why=touch.why,
            things=touch.of,
        )
        for touch in TOUCHES.get(name, ())
        if counted[touch.counted] or kinds & set(touch.kinds)
    )
    return Finding(
        finding=name,
        title=TITLES[name][1],
        found=counted["found"],
        services=counted["services"],
        examples=tuple(str(example) for example in cast("Sequence[object]", row["examples"] or ())),
        largest_seconds=cast("float | None", row["largest_seconds"]),
        effects=effects,
        next_step=NEXT_STEPS[name],
    )
