"""Which deployments of a line an incident names, as what caused it and as what fixed it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from metrics.deployments import Deployed
from metrics.shipped import Shipped

Record = Mapping[str, object]
#: From an incident and its column that names a deployment to the `deployment_id` of the one that it means.
Resolve = Callable[[Record, str], str | None]


def incident_id(incident: Record) -> str:
    """SOURCE/ID of an incident record."""
    return f"{incident['source']}/{incident['id']}"


@dataclass(frozen=True, slots=True)
class Links:
    """Which deployments of a service's production incidents name; `lines`: one for each environment."""

    resolve: Resolve
    lines: Sequence[Shipped]

    def cause(self, shipped: Shipped, incident: Record) -> tuple[Deployed | None, str]:
        """The deployment of one line that the incident says caused it, and by what it names it; None where it names none.

        Also where it can only be one of another line, unless it names the very deployment: it names that environment, or
        none, and what it names was deployed there before it began, and here not until later.
        """
        found, how = self._named(shipped, incident)
        if found is None or how == "deployment" or incident["environment"] == found.environment:
            return found, how
        others = [line for line in self.lines if line is not shipped]
        if incident["environment"] in {other.line[0].environment for other in others}:
            return None, ""
        if not _ran_before(found, incident):
            named = (self._named(other, incident)[0] for other in others)
            if any(other is not None and _ran_before(other, incident) for other in named):
                return None, ""
        return found, how

    def others(self, shipped: Shipped, incident: Record, blamed: Deployed, how: str) -> Iterator[tuple[Deployed, str]]:
        """What else of the line the incident may be about, and why: some may come twice.

        What its other names lead to, unless they lead to the blamed one too; what was live when it began; and further deployments
        of the version or commit that it was blamed by.
        """
        names = {name: found for found, name in _less_direct(shipped, incident)}
        for name, found in names.items():
            if blamed not in found:
                yield found[0], f"the incident's {name} leads to it"
        at = _began_at(incident)
        live = shipped.live_at(at) if at else None
        if live is not None:
            yield live, "live when the incident began"
        for other in names.get(how, ()):
            yield other, f"another deployment of that {how}"

    def fixing(self, shipped: Shipped, incident: Record) -> Deployed | None:
        """The deployment of the line that the incident says fixed it, by its id, else by its pull request."""
        meant = self._meant(incident, "fix_deployment")
        if meant is not None:
            return shipped.by_id.get(meant)
        if incident["fix_pull_request"] is not None:
            return shipped.pull_request(cast(int, incident["fix_pull_request"]))
        return None

    def ending(self, shipped: Shipped, incident: Record) -> Deployed | None:
        """The same, also where what it says is a deployment of another line."""
        meant = self._meant(incident, "fix_deployment")
        elsewhere = (line.by_id[meant] for line in self.lines if meant in line.by_id)
        return self.fixing(shipped, incident) or next(elsewhere, None)

    def _meant(self, incident: Record, column: str) -> str | None:
        return None if incident[column] is None else self.resolve(incident, column)

    def _named(self, shipped: Shipped, incident: Record) -> tuple[Deployed | None, str]:
        """What it names of one line: by the most direct name that leads to what ran when it began, else to any deployment."""
        meant = self._meant(incident, "deployment")
        if meant is not None:
            return shipped.by_id.get(meant), "deployment"
        named = [(found[0], how) for found, how in _less_direct(shipped, incident)]
        return next((one for one in named if _ran_before(one[0], incident)), named[0] if named else (None, ""))


def _less_direct(shipped: Shipped, incident: Record) -> Iterator[tuple[list[Deployed], str]]:
    """By each name that leads anywhere the deployments that it leads to, the one that is meant first."""
    for found, how in _names(shipped, incident):
        if found:
            yield found, how


def _names(shipped: Shipped, incident: Record) -> Iterator[tuple[list[Deployed], str]]:
    repository = shipped.repository
    if incident["version"] is not None:
        yield _running(shipped.of_version(incident["version"]), incident), "version"
    if incident["sha"] is not None:
        sha = str(incident["sha"])
        brought = shipped.by_commit(repository.graph.find(sha)) if repository else None
        named = _running(shipped.of_sha(sha), incident)
        yield [brought, *(d for d in named if d is not brought)] if brought else named, "commit"
    if incident["pull_request"] is not None:
        shipper = shipped.pull_request(cast(int, incident["pull_request"]))
        yield [shipper] if shipper else [], "pull request"


#: How many deployments of one name are looked at.
_OF_A_NAME = 6


def _running(named: Sequence[Deployed], incident: Record) -> list[Deployed]:
    """The last of these before the incident, newest first, else the last of all."""
    at = _began_at(incident)
    before = len(named) if at is None else bisect_right(named, at, key=lambda deployed: deployed.finished_at)
    end = before or len(named)
    return list(named[max(end - _OF_A_NAME, 0) : end][::-1])


def _ran_before(deployed: Deployed, incident: Record) -> bool:
    """Whether it was deployed when the incident began, or nobody knows when that was."""
    at = _began_at(incident)
    return at is None or deployed.finished_at <= at


def _began_at(incident: Record) -> datetime | None:
    return cast("datetime | None", incident["impact_started_at"] or incident["detected_at"])
