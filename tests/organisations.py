"""Made-up organisations of any size, published through the real build: what the pages are tried on."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from dora.definitions import Definitions
from dora.frames import frames_of
from dora.model import Commit, Deployment, Incident, MainlineCommit, Record, Rejected
from dora.warehouse import open_warehouse
from metrics.build import Setting, build
from metrics.services import Ownership, ServiceName

END = datetime(2025, 6, 30, 12, tzinfo=UTC)


def publish(
    folder: Path, teams: list[str], *, days: int = 60, each: int = 20, subject: str = "Change", made_up: bool = False
) -> Path:
    """One service a team, `each` deployments in the `days` before END; every fifth one caused an incident.

    The published file, in `folder`; the same arguments give the same figures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "published.duckdb"
    file.write_bytes(_published(tuple(teams), days, each, subject, made_up))
    return file


def publish_empty(folder: Path) -> Path:
    """A published file without a single record."""
    return publish_records(folder, [], Setting(definitions=Definitions()))


@cache
def _published(teams: Sequence[str], days: int, each: int, subject: str, made_up: bool) -> bytes:
    records: list[Record] = [Rejected(source="files", stream="deployments", place="d.csv:7", reason="no such status")]
    for number, _ in enumerate(teams):
        records += service_records(number, days, each, subject)
    names = [ServiceName(service=f"service-{n}", repository=f"acme/{n}") for n in range(len(teams))]
    owned = [Ownership(team=team, service=f"service-{n}") for n, team in enumerate(teams)]
    setting = Setting(definitions=Definitions(), services=names, ownerships=owned, organisation="Acme", made_up=made_up)
    with TemporaryDirectory() as folder:
        return publish_records(Path(folder), records, setting).read_bytes()


def publish_records(folder: Path, records: Sequence[Record], setting: Setting) -> Path:
    """The published file of these records, in `folder`."""
    warehouse = open_warehouse(folder / "records.duckdb")
    try:
        warehouse.commit("made", "all", frames_of(records), "1")
        warehouse.publish(folder / "published.duckdb", lambda builder: build(builder, setting))
    finally:
        warehouse.close()
    return folder / "published.duckdb"


def service_records(number: int, days: int, each: int, subject: str) -> list[Record]:
    """Commits, deployments and incidents of one service; the last commit waits."""
    chance, out = random.Random(number), []
    for step in range(each + 1):
        at = END - timedelta(days=days * (each - step) / each, hours=number % 5)
        sha, before = f"{number:08x}{step:032x}", f"{number:08x}{step - 1:032x}"
        landed = at - timedelta(hours=1 + chance.random() * 30 * (1 + number % 3))
        out += [
            Commit(repository=f"acme/{number}", sha=sha, parents=(before,) if step else (), authored_at=landed,
                   committed_at=landed, subject=f"{subject} {step}"),
            MainlineCommit(repository=f"acme/{number}", sha=sha),
        ]  # fmt: skip
        if step < each:
            out.append(
                Deployment(source="ci", id=f"{number}-{step}", service=f"service-{number}", repository=f"acme/{number}",
                           version=f"v{step}", sha=sha, created_at=at, started_at=at, finished_at=at)
            )  # fmt: skip
        if step < each and step % 5 == 3:
            out.append(
                Incident(source="pager", id=f"{number}-{step}", service=f"service-{number}", title=f"{subject} broke",
                         detected_at=at + timedelta(hours=1), resolved_at=at + timedelta(hours=4 + number % 7),
                         deployment=f"{number}-{step}")
            )  # fmt: skip
    return out
