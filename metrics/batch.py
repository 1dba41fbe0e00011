"""Facts of some services together: their deployments read as columns, the rules run over each, and the rows written.

Services come in the order in which facts are stored, so that what is written batch by batch lies as it should.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dora.definitions import Definitions
from dora.overrides import Overrides
from dora.warehouse import Builder
from metrics.deployments import Line, lines
from metrics.fact_rows import fact_rows
from metrics.named_deployments import NamedDeployments
from metrics.pieces import Pieces
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


def build_batches(builder: Builder, services: Sequence[ServiceName], places: Sequence[int], rules: Rules) -> None:
    """Write the facts of the services of these places, which ascend.

    The database reads the next batch and writes the last one while the rules run over this one.
    """
    repositories, written = Repositories(builder, services), Pieces(builder)

    def read(some: Sequence[int]) -> Batch:
        return _read(builder, repositories, services, some, rules)

    with _uncollected(), ThreadPoolExecutor(1) as database:
        writing = database.submit(written.add, {})
        for batch in _ahead(database, read, batches(services, places, repositories.sizes)):
            made = _made(batch, repositories, services, rules)
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
    batch: Batch, repositories: Repositories, services: Sequence[ServiceName], rules: Rules
) -> dict[str, pl.DataFrame]:
    """The rows of every table of facts."""
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
    made |= fact_rows(deployments, facts)
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
    named = live.filter(pl.col("repository") != "").sort("environment", maintain_order=True)
    first = dict(named.unique("service", keep="first", maintain_order=True).select("service", "repository").iter_rows())
    deployed = set(live["service"].unique().to_list())
    configured = {services[place].service: services[place].repository for place in places}
    return {name: told or first.get(name) for name, told in configured.items() if name in deployed}


def failed_checks(builder: Builder) -> dict[str, list[Row]]:
    """The checks after deployments that went badly, by the deployment that they name."""
    found: dict[str, list[Row]] = {}
    for check in builder.records(read_sql("build/checks")):
        found.setdefault(str(check["meant"]), []).append(check)
    return found
