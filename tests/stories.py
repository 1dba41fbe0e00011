"""A small made-up organisation with one deployment of every fate, published through the real build."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dora.definitions import Definitions
from dora.frames import frames_of
from dora.model import (
    Commit,
    CommitPath,
    Deployment,
    FlagChange,
    Incident,
    MainlineCommit,
    Person,
    PipelineRun,
    PipelineStep,
    PullRequest,
    Record,
    Verification,
)
from dora.overrides import Overrides
from dora.warehouse import Reader, open_published, open_warehouse
from metrics.build import Setting, build
from metrics.services import Ownership, ServiceName

START = datetime(2025, 1, 6, 9, tzinfo=UTC)
SERVICE, REPOSITORY, ENVIRONMENT = "shop", "acme/shop", "production"
HOSTILE = (
    "<script>alert(1)</script>", "'; drop table deployments; --", "../../etc/x", "=cmd()", "| pipe | <b>", "@someone #12 !3",
    "[x](javascript:alert(1))", "\x1b[31mred\x1b[0m", "\u202etxt.exe", "<img src=https://evil.example/x onerror=alert(1)>",
    "</title></style><script>alert(1)</script>", "{{ 7*7 }}", "'\"><svg onload=alert(1)>", "x" * 300,
)  # fmt: skip
HASH, NAME, MAIL = "5f0c9a1be77d41f2", "Ana Markovic", "ana.markovic@example.org"


def day(number: float, minutes: float = 0) -> datetime:
    """`number` days and some minutes after the first deployment."""
    return START + timedelta(days=number, minutes=minutes)


def sha(number: int) -> str:
    """A full commit sha that starts with its number."""
    return f"{number:04d}" + "abcdef0123456789" * 2 + "abcd"


def commit(number: int, at: datetime, subject: str = "", **more: object) -> list[Record]:
    """A mainline commit on top of number - 1."""
    parents = (sha(number - 1),) if number else ()
    values: dict[str, object] = {"author": HASH} | more
    made = Commit(
        repository=REPOSITORY, sha=sha(number), parents=parents, authored_at=at - timedelta(hours=1), committed_at=at,
        subject=subject or f"Change number {number}", **values,  # type: ignore[arg-type]
    )  # fmt: skip
    return [made, MainlineCommit(repository=REPOSITORY, sha=sha(number))]


def deployment(number: int, at: datetime, **more: object) -> Deployment:
    """A deployment of commit `number` as version vNUMBER."""
    values: dict[str, object] = {
        "source": "ci", "id": f"d{number}", "service": SERVICE, "repository": REPOSITORY, "environment": ENVIRONMENT,
        "version": f"v{number}", "sha": sha(number), "created_at": at - timedelta(minutes=4),
        "started_at": at - timedelta(minutes=3), "finished_at": at, "actor": HASH, "actor_kind": "human",
    }  # fmt: skip
    return Deployment(**values | more)  # type: ignore[arg-type]


def pull_request(number: int, shipped: int, merged_at: datetime, **more: object) -> PullRequest:
    """A pull request whose merge is commit `shipped`."""
    values: dict[str, object] = {
        "source": "host", "repository": REPOSITORY, "number": number, "title": f"Pull request {number}", "state": "merged",
        "author": HASH, "first_commit_at": merged_at - timedelta(hours=5), "opened_at": merged_at - timedelta(hours=4),
        "first_review_at": merged_at - timedelta(hours=2), "merged_at": merged_at, "merge_sha": sha(shipped),
        "additions": 10, "deletions": 5, "reviews": 1, "url": f"https://git.example/acme/shop/pull/{number}",
    }  # fmt: skip
    return PullRequest(**values | more)  # type: ignore[arg-type]


def ordinary(count: int = 12) -> list[Record]:
    """A commit a day, each deployed one hour after it, from staging to production; nothing fails."""
    records: list[Record] = [Person(author=HASH, name=NAME)]
    for number in range(count):
        records += commit(number, day(number, -60))
        records.append(deployment(number, day(number, -30), id=f"s{number}", environment="staging"))
        records.append(deployment(number, day(number), run_id=f"r{number}"))
    return records


def reverted() -> list[Record]:
    """v12 ships two changes on day 12 and is reverted by v14 100 minutes later; an incident tells its clocks."""
    return [
        *commit(12, day(12, -300), "Add basket"),
        *commit(13, day(12, -90), f"Show prices <{MAIL}>", pull_request=7),
        deployment(13, day(12), id="bad", version="v13", run_id="r13", url="https://ci.example/bad"),
        deployment(13, day(12, -45), id="s13", environment="staging"),
        pull_request(7, 13, day(12, -90), title=f"Show prices\n\nCo-authored-by: {NAME} <{MAIL}>"),
        *commit(14, day(12, 80), 'Revert "Show prices"', reverts=(sha(13),)),
        deployment(14, day(12, 100), id="fix", version="v14"),
        Incident(
            source="pager", id="i1", service=SERVICE, title=f"Prices are wrong, ask {MAIL}", severity="high", deployment="bad",
            impact_started_at=day(12, 5), detected_at=day(12, 20), acknowledged_at=day(12, 22),
            mitigated_at=day(12, 100), resolved_at=day(12, 110), url="https://pager.example/i1",
        ),
        PipelineRun(source="ci", id="r13", pipeline="deploy", started_at=day(12, -10), finished_at=day(12), actor=HASH),
        PipelineStep(source="ci", run_id="r13", id="1", step="build", position=1, created_at=day(12, -10),
                     started_at=day(12, -9), finished_at=day(12, -5)),
        PipelineStep(source="ci", run_id="r13", id="2", step="smoke", position=2, status="failed", started_at=day(12, -5),
                     finished_at=day(12, -1), signature="timeout <b>after</b> 30 s"),
        Verification(source="ci", id="c1", deployment="bad", name="smoke test", status="succeeded", finished_at=day(12, 3)),
        FlagChange(source="flags", id="f1", flag="new-prices", service=SERVICE, state="off", changed_at=day(12, 30)),
        CommitPath(repository=REPOSITORY, sha=sha(13), path="prices/show.py"),
    ]  # fmt: skip


def rolled_back() -> list[Record]:
    """v15 on day 20 is rolled back to v14 after an hour, and v15 again on day 22 stays."""
    return [
        *commit(15, day(19), "Faster search"),
        deployment(15, day(20), id="slow"),
        deployment(14, day(20, 60), id="back"),
        deployment(15, day(22), id="again"),
    ]


def hostile() -> list[Record]:
    """A service a hostile text, named, versioned and identified by it; and `worst`, which ships all of them and fails."""
    records: list[Record] = []
    for number, text in enumerate(HOSTILE, 16):
        at = day(24, number)
        records += commit(number, at, text, pull_request=number)
        records.append(pull_request(number, number, at, title=text, labels=(text,), url="javascript:alert(1)"))
        records.append(deployment(number, at, id=text, service=text, version=text, url="javascript:alert(1)"))
    last = 15 + len(HOSTILE)
    records.append(deployment(last, day(25), id="worst", version=HOSTILE[0], run_id="r", url="javascript:alert(1)"))
    records.append(PipelineRun(source="ci", id="r", pipeline=HOSTILE[0], started_at=day(25, -9), finished_at=day(25)))
    for number, text in enumerate(HOSTILE):
        records.append(
            Incident(source="pager", id=text, service=SERVICE, title=text, severity=text, deployment="worst",
                     detected_at=day(25, 5 + number), url="data:text/html,<script>alert(1)</script>"))  # fmt: skip
        records.append(
            PipelineStep(source="ci", run_id="r", id=str(number), step=text, signature=text, status="failed")
        )
        records.append(
            Verification(source="ci", id=text, deployment="worst", name=text, status="failed", finished_at=day(25, 2))
        )
        records.append(
            FlagChange(source="flags", id=text, flag=text, service=SERVICE, state=text, changed_at=day(25, 30))
        )
    return records


def publish(
    folder: Path, records: Sequence[Record], overrides: Overrides | None = None, **definitions: object
) -> Reader:
    """The records through the warehouse and the real build, opened as a reader."""
    warehouse = open_warehouse(folder / "dora.duckdb")
    warehouse.commit("test", "all", frames_of(records), cursor="1")
    names = {SERVICE, *(record.service for record in records if isinstance(record, Deployment))}
    setting = Setting(
        definitions=Definitions(**definitions),  # type: ignore[arg-type]
        services=tuple(ServiceName(service=name, repository=REPOSITORY) for name in sorted(names)),
        ownerships=(Ownership(team="checkout", service=SERVICE),),
        overrides=overrides or Overrides(),
        organisation="Acme (made up)",
    )
    warehouse.publish(folder / "published.duckdb", lambda builder: build(builder, setting))
    warehouse.close()
    return open_published(folder / "published.duckdb")
