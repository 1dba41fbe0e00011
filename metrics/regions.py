"""Several production environments of one service as one: the regions that receive the same version belong together.

With `regions = "first"` or `"last"` the succeeded deployments of a service to all its production environments make
one line, `ALL`, and those of one version are one deployment of it. A region joins the newest deployment of its
version, unless it has had that one already (a redeploy) or has gone on to a later one (a rollback, say): then it
begins a new one. `"first"`: it finished when the first region had it. `"last"`: when the last one had it; a region
that comes only after the next deployment has finished is late and does not hold it up, and neither does one that
failed, was left out, or has not got it yet: there is no list of regions that have to take part. So the finish of the
newest deployment moves as regions receive it.

Only the region whose finish counts stays a deployment; all of them stand in `region_facts`. What is said of another
one (an incident, a check, a person's decision) holds for the deployment that it is part of. Attempts that did not
succeed stay attempts, each region's own; metrics/analyses/rollouts.py tells which of them count as one. A service with one production environment is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, cast

from dora.definitions import Definitions
from dora.overrides import Override, Overrides

if TYPE_CHECKING:
    import polars as pl

#: The environment of deployments to several regions.
ALL = "production (all regions)"
Checks = Mapping[str, Sequence[Mapping[str, object]]]
_COLUMNS = ("service", "deployment_id", "source", "record_id", "environment", "version", "sha", "finished_at")


@dataclass(slots=True)
class Region:
    """A succeeded deployment to one region. `part_of`: the deployment of all regions, `late`: it did not wait for this."""

    row: int
    service: str
    deployment_id: str
    source: str
    record_id: str
    environment: str
    version: str | None
    sha: str | None
    finished_at: datetime
    part_of: str = ""
    late: bool = False

    @property
    def full_id(self) -> str:
        """SOURCE/ID of its record."""
        return f"{self.source}/{self.record_id}"


@dataclass(frozen=True, slots=True)
class Merged:
    """Deployments in which regions are one, in their order, and the regions by their own `deployment_id`."""

    deployments: pl.DataFrame
    regions: Mapping[str, Region] = field(default_factory=dict)

    @property
    def facts(self) -> pl.DataFrame:
        """Rows of `region_facts`, in time order."""
        import polars as pl

        rows = [asdict(region) for region in self.regions.values()]
        kept = ("service", "deployment_id", "environment", "finished_at", "part_of", "late")
        return pl.DataFrame({name: [row[name] for row in rows] for name in kept}).rename(
            {"part_of": "deployment_id", "deployment_id": "region_deployment_id"}
        )

    def counted(self, deployment_id: str) -> str:
        """The deployment that counts: of a region the one that it is part of, else itself."""
        region = self.regions.get(deployment_id)
        return region.part_of if region else deployment_id

    def checks(self, checks: Checks) -> Checks:
        """The failed checks by the deployment that they name, those of a region with what it is part of too.

        `since`: when that region had it.
        """
        found: dict[str, list[Mapping[str, object]]] = {}
        for region in self.regions.values() if checks else ():
            if region.part_of != region.deployment_id:
                for name in {region.full_id, region.deployment_id} & checks.keys():
                    theirs = ({**check, "since": region.finished_at} for check in checks[name])
                    found.setdefault(region.part_of, [*checks.get(region.part_of, ())]).extend(theirs)
        return {**checks, **found}

    def decisions(self, overrides: Overrides) -> Overrides:
        """What people decided about a region, as decisions about the deployment that it is part of."""
        blame, absolve = (tuple(map(self._decided, rows)) for rows in (overrides.blame, overrides.absolve))
        return Overrides(blame=blame, absolve=absolve)

    def _decided(self, row: Override) -> Override:
        region = next(filter(row.is_about, self.regions.values()), None) or self.regions.get(row.deployment)
        if region is None or region.service != row.service:
            return row
        return replace(row, deployment=region.part_of, environment=ALL)


def merged(deployments: pl.DataFrame, definitions: Definitions) -> Merged:
    """The deployments with those to the regions of a service as one, where its definitions say so.

    `deployments`: rows in time order within each service, see metrics/sql/build/deployments.sql.
    """
    import polars as pl

    wanted = [name for name, mode in _modes(deployments, definitions) if mode != "separate"]
    if not wanted:
        return Merged(deployments)
    mine = pl.col("service").is_in(wanted) & pl.col("is_production")
    numbered = deployments.with_row_index("row")
    live = numbered.filter(mine & (pl.col("status") == "succeeded") & pl.col("finished_at").is_not_null())
    lines: dict[str, list[Region]] = {}
    for region in map(Region, *(live[name].to_list() for name in ("row", *_COLUMNS))):
        lines.setdefault(region.service, []).append(region)
    regions = {
        region.deployment_id: region
        for name, line in lines.items()
        if len({region.environment for region in line}) > 1
        for region in grouped(line, last=definitions.of(name).regions == "last")
    }
    together = mine & pl.col("service").is_in({region.service for region in regions.values()})
    others = [region.row for region in regions.values() if region.part_of != region.deployment_id]
    environment = pl.when(together).then(pl.lit(ALL)).otherwise("environment").alias("environment")
    return Merged(numbered.filter(~pl.col("row").is_in(others)).drop("row").with_columns(environment), regions)


def grouped(line: Sequence[Region], last: bool) -> list[Region]:
    """The succeeded deployments of a service in time order, each told what it is part of and whether it is late."""
    groups: list[list[Region]] = []
    newest: dict[str, int] = {}
    reached: dict[str, int] = {}
    for region in line:
        version = region.version or region.sha or region.deployment_id
        place = newest.get(version)
        if place is None or reached.get(region.environment, -1) >= place:
            place = newest[version] = len(groups)
            groups.append([])
        reached[region.environment] = place
        groups[place].append(region)
    until = line[-1].row
    for group in reversed(groups):
        counted = [region for region in group if region.row <= until][-1] if last else group[0]
        for region in group:
            region.part_of, region.late = counted.deployment_id, last and region.row > counted.row
        until = counted.row
    return list(line)


def _modes(deployments: pl.DataFrame, definitions: Definitions) -> Iterator[tuple[str, str]]:
    """Every service that was deployed, with what its regions are; nothing where no definitions merge any."""
    if any(theirs.regions != "separate" for theirs in (definitions, *dict(definitions.services).values())):
        for name in cast("list[str]", deployments["service"].unique().to_list()):
            yield name, definitions.of(name).regions
