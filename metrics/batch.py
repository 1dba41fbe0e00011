"""Facts of some services together: their deployments read as columns, the rules run over each, and the rows written.

Services come in the order in which facts are stored, so that what is written batch by batch lies as it should.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING

from dora.definitions import REWORK_KINDS, Definitions
from dora.overrides import Overrides
from dora.warehouse import Builder
from metrics import changes
from metrics.deployments import Line, lines
from metrics.failures import Evidence
from metrics.named_deployments import NamedDeployments
from metrics.placement import numbered_evidence, rework_bits
from metrics.regions import Merged, merged
from metrics.repositories import Repositories
from metrics.service_facts import Facts, Inputs, ServiceFacts
from metrics.services import ServiceName
from metrics.slices import read_sql

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, object]
#: Commits in a batch at most, unless one service has more: what bounds the memory of a build.
COMMITS = 250_000
SERVICES = 500


@dataclass(frozen=True, slots=True)
class Rules:
    """What is the same for all services: the settings, and what was read for all of them once."""

    definitions: Definitions
    overrides: Overrides
    slots: set[tuple[str, int]]
    checks: Mapping[str, Sequence[Row]]
    resolve: NamedDeployments


def batches(
    services: Sequence[ServiceName], places: Sequence[int], sizes: Mapping[str, int]
) -> Iterator[Sequence[int]]:
    """Stretches of the places whose services' repositories have about `COMMITS` commits together.

    `sizes`: commits by repository.
    """
    start, held = 0, dict[str, int]()
    for position, place in enumerate(places):
        name = services[place].repository or ""
        more = {**held, name: sizes.get(name, 0)}
        if position > start and (sum(more.values()) > COMMITS or position - start >= SERVICES):
            yield places[start:position]
            start, more = position, {name: more[name]}
        held = more
    if places:
        yield places[start:]


def build_batch(
    builder: Builder,
    repositories: Repositories,
    services: Sequence[ServiceName],
    places: Sequence[int],
    rules: Rules,
    number: int,
) -> int:
    """Write the facts of the services of these places, which ascend; `number`: of the next deployment. Returns how many there were."""
    asked = {"first": places[0], "last": places[-1], "places": list(places)}
    together = merged(builder.frame(read_sql("build/deployments"), asked), rules.definitions)
    deployments = together.deployments
    if together.regions:
        rules = _of_all_regions(rules, together)
    incidents: dict[str, list[Row]] = {}
    for incident in builder.records(read_sql("build/incidents"), asked):
        incidents.setdefault(str(incident["known_service"]), []).append(incident)
    named_incidents = _named_incidents(builder, rules)
    grouped: dict[str, list[Line]] = {}
    for (service, _), line in sorted(lines(deployments).items()):
        grouped.setdefault(service, []).append(line)
    named = {name: _repository(services, places, name, deployments) for name in grouped}
    repositories.open(list(named.values()), places[0])
    facts = Facts()
    for place in places:
        name = services[place].service
        if name in grouped:
            inputs = Inputs(incidents.get(name, []), rules.checks, rules.resolve, rules.overrides, named_incidents)
            repository = repositories.get(named[name])
            run = ServiceFacts(
                services[place], place, repository, grouped[name], rules.definitions.of(name), rules.slots, inputs
            )
            run.run(facts)
    _write(builder, deployments, facts, number)
    if together.regions:
        builder.insert("region_facts", together.facts)
    return deployments.height


def _of_all_regions(rules: Rules, together: Merged) -> Rules:
    """The rules with what is said of a region's deployment laid to the one that it is part of."""
    return replace(
        rules,
        checks=together.checks(rules.checks),
        overrides=together.decisions(rules.overrides),
        resolve=replace(rules.resolve, counted=together.counted),
    )


def _named_incidents(builder: Builder, rules: Rules) -> list[Row]:
    """The incidents, of whatever service, that people's decisions name."""
    names = sorted({row.incident for row in rules.overrides.blame if row.incident})
    return [*builder.records(read_sql("build/named_incidents"), {"names": names})] if names else []


def _repository(
    services: Sequence[ServiceName], places: Sequence[int], name: str, deployments: pl.DataFrame
) -> str | None:
    """The repository of a service: the configured one, else the first that its deployments name."""
    import polars as pl

    configured = next(services[place].repository for place in places if services[place].service == name)
    if configured:
        return configured
    live = (pl.col("status") == "succeeded") & pl.col("finished_at").is_not_null() & (pl.col("repository") != "")
    named = deployments.filter((pl.col("service") == name) & live).sort("environment", maintain_order=True)
    return str(named["repository"][0]) if named.height else None


def _write(builder: Builder, deployments: pl.DataFrame, facts: Facts, number: int) -> None:
    made = {}
    if facts.changes:
        made["change_facts"] = changes.with_left_at(changes.told_by_deployment(facts.changes, deployments))
    if facts.requests:
        made["pull_request_facts"] = changes.with_deploy_seconds(
            changes.told_by_deployment(facts.requests, deployments)
        )
    if deployments.height:
        made["deployment_facts"] = _deployment_facts(deployments, facts, changes.counted(deployments, made), number)
    if facts.evidence:
        made["failure_evidence"] = numbered_evidence(_evidence(facts.evidence), made["deployment_facts"])
    for table, frame in made.items():
        builder.insert(table, frame.select(name for name in builder.columns(table) if name in frame.columns))


_FOUND = ("row", "unresolved_reason", "sha", "previous_id", "replaced_id", "backward_kind", "rehearsed_at")


def _deployment_facts(deployments: pl.DataFrame, facts: Facts, counts: pl.DataFrame, number: int) -> pl.DataFrame:
    import polars as pl

    deployed = [d for line in facts.lines for d in line]
    types: dict[str, pl.DataType] = {"row": pl.UInt32(), "rehearsed_at": pl.Datetime("us")}
    columns = {
        name: pl.Series(list(map(attrgetter(name), deployed)), dtype=types.get(name, pl.String())) for name in _FOUND
    }
    relations = [d.shipment.relation if d.shipment else None for d in deployed]
    rework = [rework_bits(d.rework_kinds) if d.rework_kinds else 0 for d in deployed]
    found = pl.DataFrame(
        {**columns, "relation": pl.Series(relations, dtype=pl.String), "rework": pl.Series(rework, dtype=pl.Int8)}
    )
    found = found.join(_kinds_of_bits(), on="rework", how="left", maintain_order="left")
    whole = (
        deployments.rename({"sha": "named_sha"})
        .with_row_index("row")
        .join(found, on="row", how="left", maintain_order="left")
    )
    whole = whole.hstack(counts)
    numbers = [name for name in ("commits", "changes", "mainline_changes", "pull_requests") if name in counts.columns]
    return whole.with_columns(
        pl.col(numbers).fill_null(0),
        *(
            pl.lit(0).alias(name)
            for name in ("commits", "changes", "mainline_changes", "pull_requests")
            if name not in numbers
        ),
        number=pl.int_range(number, number + pl.len(), dtype=pl.Int32),
        sha=pl.coalesce("sha", "named_sha"),
        rework_kinds=pl.col("rework_kinds").fill_null([]),
        rework=pl.col("rework").fill_null(0),
    )


def _kinds_of_bits() -> pl.DataFrame:
    """The kinds of rework, sorted, that every value of the bits stands for."""
    import polars as pl

    every = range(1 << len(REWORK_KINDS))
    kinds = [sorted(kind for bit, kind in enumerate(REWORK_KINDS) if bits & 1 << bit) for bits in every]
    schema = {"rework": pl.Int8(), "rework_kinds": pl.List(pl.String())}
    return pl.DataFrame({"rework": list(every), "rework_kinds": kinds}, schema=schema)


def _evidence(rows: Sequence[Evidence]) -> pl.DataFrame:
    import polars as pl

    types: dict[str, pl.DataType] = {
        "evidence_at": pl.Datetime("us"), "recovered_at": pl.Datetime("us"), "confidence": pl.Float64(),
    }  # fmt: skip
    names = [field.name for field in fields(Evidence)]
    return pl.DataFrame(
        {name: pl.Series([getattr(row, name) for row in rows], dtype=types.get(name, pl.String())) for name in names}
    )


def failed_checks(builder: Builder) -> dict[str, list[Row]]:
    """The checks after deployments that went badly, by the deployment that they name."""
    found: dict[str, list[Row]] = {}
    for check in builder.records(read_sql("build/checks")):
        found.setdefault(str(check["meant"]), []).append(check)
    return found
