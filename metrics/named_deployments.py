"""Which deployment an incident means by the id that it gives: one of its own service, where only one is called so."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from dora.warehouse import Reader
from metrics.slices import read_sql

Incident = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Named:
    """A succeeded production deployment that incidents name."""

    deployment_id: str
    source: str
    environment: str


@dataclass(frozen=True, slots=True)
class NamedDeployments:
    """The deployments of each (service, name); `counted` leads from a region's to the one that it is part of."""

    found: Mapping[tuple[str, str], list[Named]]
    counted: Callable[[str], str] = str

    def __call__(self, incident: Incident, column: str) -> str | None:
        """The `deployment_id` that a column of the incident names; None where no deployment of its service is called so, or several.

        Of several those of the incident's own source are meant, then those of its environment.
        """
        named = self.found.get((str(incident["known_service"]), str(incident[column])), [])
        for told in ("source", "environment"):
            named = [one for one in named if getattr(one, told) == incident[told]] or named
        meant = {self.counted(one.deployment_id) for one in named}
        return meant.pop() if len(meant) == 1 else None


def named_deployments(reader: Reader, places: Sequence[int]) -> NamedDeployments:
    """What the incidents in the records call deployments of the services of these places."""
    found: dict[tuple[str, str], list[Named]] = {}
    for row in reader.rows(read_sql("build/named_deployments"), {"places": list(places)}):
        service, name, *named = cast("tuple[str, ...]", row)
        found.setdefault((service, name), []).append(Named(*named))
    return NamedDeployments(found)
