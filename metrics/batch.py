"""Facts of some services together: their deployments read as columns, the rules run over each, and the rows written.

Services come in the order in which facts are stored, so that what is written batch by batch lies as it should.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dora.definitions import REWORK_KINDS, Definitions
from dora.overrides import Overrides
from dora.warehouse import Builder
from metrics import changes
from metrics.deployments import Line, lines
from metrics.failures import Evidence
from metrics.named_deployments import NamedDeployments
from metrics.pieces import Pieces
from metrics.placement import numbered_evidence, rework_bits
from metrics.regions import Merged, merged
from metrics.repositories import Repositories, RepositoryRows, stretches
from metrics.service_facts import Facts, Inputs, ServiceFacts
from metrics.services import ServiceName
from metrics.sha_index import Positions, hashes
from metrics.slices import read_sql

if TYPE_CHECKING:
    import polars as pl

Row = Mapping[str, object]
Item = TypeVar("Item")
Result = TypeVar("Result")
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
    incidents: Sequence[Row]


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


def build_batches(
    builder: Builder, services: Sequence[ServiceName], places: Sequence[int], rules: Rules, number: int
) -> None:
    """Write the facts of the services of these places, which ascend; `number`: of the first deployment.

    The database reads the next batch and writes the last one while the rules run over this one.
    """
    repositories, written = Repositories(builder, services), Pieces(builder)

    def read(some: Sequence[int]) -> Batch:
        return _read(builder, repositories, services, some, rules)

    with _uncollected(), ThreadPoolExecutor(1) as database:
        writing = database.submit(written.add, {})
        for batch in _ahead(database, read, batches(services, places, repositories.sizes)):
            made = _made(batch, repositories, services, rules, number)
            number += batch.together.deployments.height
            writing.result()
            writing = database.submit(written.add, made)
        writing.result()
    written.end()


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for cycles: there are none among so many rows, and it took a tenth of the rules' time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _ahead(pool: Executor, work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What `work` makes of each item; it goes on with the next one while the caller has the last."""
    waiting: Future[Result] | None = None
    for item in items:
        coming = pool.submit(work, item)
        if waiting is not None:
            yield waiting.result()
        waiting = coming
    if waiting is not None:
        yield waiting.result()


@dataclass(frozen=True, slots=True)
class Batch:
    """What the warehouse holds of some services. `named`: the repository of each one that was deployed; `rows`: of those not read before."""

    places: Sequence[int]
    together: Merged
    incidents: Sequence[Row]
    named: Mapping[str, str | None]
    rows: RepositoryRows | None


def _read(
    builder: Builder, repositories: Repositories, services: Sequence[ServiceName], places: Sequence[int], rules: Rules
) -> Batch:
    asked = {"first": places[0], "last": places[-1], "places": list(places)}
    together = merged(builder.frame(read_sql("build/deployments"), asked), rules.definitions)
    named = _repositories(services, places, together.deployments)
    return Batch(
        places,
        together,
        builder.records(read_sql("build/incidents"), asked),
        named,
        repositories.read(list(named.values()), places[0]),
    )


def _made(
    batch: Batch, repositories: Repositories, services: Sequence[ServiceName], rules: Rules, number: int
) -> dict[str, pl.DataFrame]:
    """The rows of every table of facts; `number`: of the first deployment."""
    together, deployments = batch.together, batch.together.deployments
    if together.regions:
        rules = _of_all_regions(rules, together)
    made = repositories.open(batch.rows, batch.places[0])
    incidents: dict[str, list[Row]] = {}
    for incident in batch.incidents:
        incidents.setdefault(str(incident["known_service"]), []).append(incident)
    grouped: dict[str, list[Line]] = {}
    for (service, _), line in sorted(lines(deployments, _positions(deployments, repositories, batch.named)).items()):
        grouped.setdefault(service, []).append(line)
    facts = Facts()
    for place in batch.places:
        name = services[place].service
        if name in grouped:
            inputs = Inputs(incidents.get(name, []), rules.checks, rules.resolve, rules.overrides, rules.incidents)
            repository = repositories.get(batch.named[name])
            run = ServiceFacts(
                services[place], place, repository, grouped[name], rules.definitions.of(name), rules.slots, inputs
            )
            run.run(facts)
    made |= _tables(deployments, facts, number)
    return made | ({"region_facts": together.facts} if together.regions else {})


def _positions(deployments: pl.DataFrame, repositories: Repositories, named: Mapping[str, str | None]) -> Positions:
    """The commit that each deployment names by its full sha, by its position in the service's repository; -1 for none."""
    asked, found = hashes(deployments["sha"].str.to_lowercase()), np.full(deployments.height, -1, dtype=np.int64)
    for service, (start, size) in stretches(deployments, "service").items():
        repository = repositories.get(named.get(service))
        if repository:
            found[start : start + size] = repository.graph.index.positions(asked.between(start, start + size))
    return found


def _of_all_regions(rules: Rules, together: Merged) -> Rules:
    """The rules with what is said of a region's deployment laid to the one that it is part of."""
    return replace(
        rules,
        checks=together.checks(rules.checks),
        overrides=together.decisions(rules.overrides),
        resolve=replace(rules.resolve, counted=together.counted),
    )


def named_incidents(builder: Builder, overrides: Overrides) -> list[Row]:
    """The incidents, of whatever service, that people's decisions name."""
    names = sorted({row.incident for row in overrides.blame if row.incident})
    return [*builder.records(read_sql("build/named_incidents"), {"names": names})] if names else []


def _repositories(
    services: Sequence[ServiceName], places: Sequence[int], deployments: pl.DataFrame
) -> dict[str, str | None]:
    """The repository of every service that was deployed: the configured one, else the first that its deployments name."""
    import polars as pl

    live = deployments.filter((pl.col("status") == "succeeded") & pl.col("finished_at").is_not_null())
    told = live.filter(pl.col("repository") != "").sort("environment", maintain_order=True)
    first = dict(told.unique("service", keep="first", maintain_order=True).select("service", "repository").iter_rows())
    deployed = set(live["service"].unique().to_list())
    configured = {services[place].service: services[place].repository for place in places}
    return {name: told or first.get(name) for name, told in configured.items() if name in deployed}


def _tables(deployments: pl.DataFrame, facts: Facts, number: int) -> dict[str, pl.DataFrame]:
    made = {}
    if facts.changes:
        made["change_facts"] = changes.with_left_at(changes.told_by_deployment(facts.changes, deployments))
    if facts.requests:
        made["pull_request_facts"] = changes.with_stages(changes.told_by_deployment(facts.requests, deployments))
    if deployments.height:
        made["deployment_facts"] = _deployment_facts(deployments, facts, changes.counted(deployments, made), number)
    if facts.evidence:
        made["failure_evidence"] = numbered_evidence(_evidence(facts.evidence), made["deployment_facts"])
    return made


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
