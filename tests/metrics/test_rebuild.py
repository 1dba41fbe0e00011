"""Publishing what changed: records that arrive part by part end in the file that a full build makes of them."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dora import parts
from dora.definitions import Definitions
from dora.frames import frames_of
from dora.model import Commit, Deployment, Incident, MainlineCommit, Record, Tag, Verification
from dora.warehouse import Builder, Warehouse, open_published, open_warehouse
from metrics.build import Setting, build
from metrics.rebuild import rebuild
from metrics.services import ServiceName
from metrics.slices import read_sql
from tests.made_up_history import END, OWNERS, SERVICES, START, decisions, history, with_branches
from tests.metrics.test_naive_agreement import OWN, with_own

#: As configured, and with a service whose repository only its deployments name.
CONFIGURED = (SERVICES, tuple(replace(s, repository=None) if s.service == "shop" else s for s in SERVICES))


@pytest.fixture(autouse=True)
def _few_are_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "WORTH_ROWS", 0)


@settings(max_examples=3, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    services=st.sampled_from(CONFIGURED),
    own=st.sampled_from(OWN),
    regions=st.sampled_from(("separate", "first", "last")),
    movers=st.sampled_from((2, 5)),
)
def test_records_published_part_by_part_make_the_file_of_a_full_build(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    services: Sequence[object],
    own: object,
    regions: str,
    movers: int,
) -> None:
    monkeypatch.setattr(parts, "SHARE", 9.0)
    chance = random.Random(seed)
    records = history(chance)
    records = with_branches(random.Random(seed), records)
    definitions = Definitions(regions=regions, replay_services=movers)  # type: ignore[arg-type]
    setting = Setting(
        with_own(definitions, own), services, OWNERS, decisions(random.Random(seed), records)  # type: ignore[arg-type]
    )  # fmt: skip
    warehouse = _warehouse(Path(mkdtemp(dir=tmp_path)) / "dora.duckdb", setting)
    rebuilt: list[bool] = []
    for part in _parts(chance, records):
        before = parts.parts_of(warehouse)
        _deliver(chance, warehouse, part)
        assert _unlike(before, parts.parts_of(warehouse)) <= {*_touched(warehouse), ("cursors", "")}
        assert _published(warehouse, setting, rebuilt) == _published(warehouse, setting)
    assert rebuilt == [True] * 6, "all but the first are made out of what is published"
    warehouse.close()


def test_only_the_services_that_a_record_reaches_are_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SHARE", 9.0)
    setting = Setting(Definitions(), SERVICES, OWNERS)
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    warehouse.commit("s", "t", frames_of(history(random.Random(1))), "1")
    assert _moved(warehouse, setting) == _moved(warehouse, setting) == set()
    warehouse.commit("s", "t", frames_of([_late("cart", "acme/cart")]), "2")
    assert _moved(warehouse, setting) == {"cart"}
    # The services of one repository go together; api is the last in the file as it was before.
    warehouse.commit("s", "t", frames_of([_late("api", "acme/mono")]), "3")
    assert _moved(warehouse, setting) == {"cart", "web"}
    warehouse.close()


def test_an_incident_is_the_other_repositorys_once_one_of_two_loses_the_commit_that_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SHARE", 9.0)
    setting, shared = Setting(Definitions(), SERVICES, OWNERS), "f" * 40
    cart, shop = (_three_commits(name, shared) for name in ("cart", "shop"))
    told = Incident(source="pager", id="1", sha=shared, detected_at=START + timedelta(hours=10))
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    warehouse.commit("s", "t", frames_of([*cart, *shop, told]), "1")
    _published(warehouse, setting, [])
    # The history of cart is rewritten, without its second commit.
    rewritten = frames_of([cart[0], cart[2]])
    warehouse.commit("s", "t", rewritten, "2", ("commits", {"repository": "acme/cart"}))
    rebuilt: list[bool] = []
    assert _published(warehouse, setting, rebuilt) == _published(warehouse, setting)
    assert rebuilt == [True]
    warehouse.close()


def test_what_a_source_said_is_gone_from_the_facts_once_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "SHARE", 9.0)
    setting, made = Setting(Definitions(), SERVICES, OWNERS), history(random.Random(1))
    twice = [replace(record, source="twin") for record in made if isinstance(record, Deployment | Incident)]
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    warehouse.commit("s", "t", frames_of(made), "1")
    once = _published(warehouse, setting)
    warehouse.commit("twin", "t", frames_of(twice), "1")
    rebuilt: list[bool] = []
    assert _published(warehouse, setting, rebuilt)["deployment_facts"] != once["deployment_facts"]
    assert sum(warehouse.remove(["twin"])["twin"].values()) == len({(record.TABLE, record.id) for record in twice})
    assert _published(warehouse, setting, rebuilt) == _published(warehouse, setting) == once
    assert rebuilt == [True]
    warehouse.close()


def test_what_is_said_of_a_renamed_service_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """web is called site now; records of the whole repository, and what names them, are as they were."""
    monkeypatch.setattr(parts, "SHARE", 9.0)
    services = (
        ServiceName(service="api", repository="acme/mono"),
        ServiceName(service="site", repository="acme/mono", aliases=("web",)),
    )
    made = [
        Deployment(
            source="ci", id=f"{n}", repository="acme/mono", version=f"v{n}", finished_at=START + timedelta(hours=n)
        )
        for n in range(3)
    ]
    told: tuple[Record, ...] = (
        Verification(source="ci", id="1", deployment="ci/0#web", status="failed", finished_at=END),
        Incident(source="pager", id="1", deployment="ci/1#web", detected_at=END),
        replace(made[1], status="failed", updated_at=END),
    )
    setting = Setting(Definitions(), services)
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    warehouse.commit("s", "t", frames_of(made), "0")
    rebuilt, contents = list[bool](), [_published(warehouse, setting, [])]
    for number, record in enumerate(told, 1):
        warehouse.commit("s", "t", frames_of([record]), str(number))
        contents.append(_published(warehouse, setting, rebuilt))
        assert contents[-1] == _published(warehouse, setting)
    assert rebuilt == [True, True, True]
    assert len({content["failure_evidence"] for content in contents}) == 4, "each of them reaches a deployment of site"
    warehouse.close()


def _three_commits(service: str, second: str) -> list[Record]:
    """A service's repository, whose first and last commits are its own, and deployments of these."""
    repository, own = f"acme/{service}", [f"{service}{n}".encode().hex().ljust(40, "0") for n in (0, 2)]
    line = (own[0], second, own[1])
    parents: tuple[tuple[str, ...], ...] = ((), line[:1], line[1:2])
    at = [START + timedelta(hours=4 * n) for n in range(3)]
    return [
        *(Commit(repository=repository, sha=line[n], parents=parents[n], committed_at=at[n]) for n in range(3)),
        *(MainlineCommit(repository=repository, sha=sha) for sha in line),
        *(
            Deployment(
                source="ci", id=f"{service}-{n}", service=service, repository=repository, environment="production",
                status="succeeded", sha=line[n], finished_at=at[n] + timedelta(hours=1),
            )
            for n in (0, 2)
        ),
    ]  # fmt: skip


def test_a_full_build_puts_facts_back_in_their_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting(Definitions(), SERVICES, OWNERS)
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    warehouse.commit("s", "t", frames_of(history(random.Random(1))), "1")
    _moved(warehouse, setting)
    for share, moved in ((0.5, {"cart"}), (0.01, set())):
        monkeypatch.setattr(parts, "SHARE", share)
        warehouse.commit("s", "t", frames_of([_late("cart", "acme/cart")]), "2")
        assert _moved(warehouse, setting) == moved
    warehouse.close()


def _unlike(before: pl.DataFrame, now: pl.DataFrame) -> set[tuple[str, str]]:
    """The parts of which something is not as it was."""
    both = pl.concat([before, now]).filter(~pl.struct(pl.all()).is_duplicated())
    return set(both.select("table_name", "part").iter_rows())


def _touched(warehouse: Warehouse) -> set[tuple[str, str]]:
    return {(str(table), str(part)) for table, part in warehouse.rows("select table_name, part from touched_parts")}


def test_only_what_commits_touched_is_compared_unless_another_file_is_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, asked = Setting(Definitions(), SERVICES, OWNERS), list[str]()
    for name in ("parts_of", "parts_again"):
        monkeypatch.setattr(parts, name, _told(getattr(parts, name), name, asked))
    warehouse = _warehouse(tmp_path / "dora.duckdb", setting)
    for number in range(3):
        warehouse.commit("s", "t", frames_of(history(random.Random(number))), str(number))
        _published(warehouse, setting, [])
        assert not _touched(warehouse)
    # Moved records: another file stands where it was published.
    again = warehouse.path.with_name(f"{warehouse.path.stem}.again.duckdb")
    shutil.copyfile(again, tmp_path / "kept.duckdb")
    warehouse.commit("s", "t", frames_of([_late("cart", "acme/cart")]), "9")
    _published(warehouse, setting, [])
    shutil.copyfile(tmp_path / "kept.duckdb", again)
    assert _published(warehouse, setting, []) == _published(warehouse, setting)
    assert asked == ["parts_of", "parts_again", "parts_again", "parts_again", "parts_of", "parts_of"]
    warehouse.close()


def _told(ask: Callable[..., object], name: str, asked: list[str]) -> Callable[..., object]:
    return lambda *told: (asked.append(name), ask(*told))[1]


def _late(service: str, repository: str) -> Deployment:
    return Deployment(
        source="ci", id=f"late-{service}", service=service, repository=repository, environment="production",
        status="succeeded", version="v1", finished_at=END,
    )  # fmt: skip


def _moved(warehouse: Warehouse, setting: Setting) -> set[object]:
    """The services whose facts lie behind those of a later one, after publishing what changed."""
    _published(warehouse, setting, [])
    reader = open_published(warehouse.path.with_name(f"{warehouse.path.stem}.again.duckdb"))
    names = dict(reader.rows("select position, service from services"))
    places = reader.rows(read_sql("rebuild/moved"))
    reader.close()
    return {names[place] for (place,) in places}


def _warehouse(path: Path, setting: Setting) -> Warehouse:
    warehouse = open_warehouse(path)
    warehouse.set_meta(setting_hash=setting.hash)
    return warehouse


def _parts(chance: random.Random, records: Sequence[Record]) -> list[Sequence[Record]]:
    """Most of it, some small parts, and changes of what is known by then."""
    sizes = [chance.choice((1, 2, 5, 30)) for _ in range(3)]
    at, parts = len(records) - sum(sizes), [records[: len(records) - sum(sizes)]]
    for size in sizes:
        parts.append(records[at : at + size])
        at += size
    changes = [change for record in parts[0] if (change := _changed(chance, record))]
    checks = [change for change in changes if isinstance(change, Verification)]
    return [*parts, checks[:1], chance.sample(changes, chance.choice((1, 2, 6))), chance.sample(changes, 3)]


def _changed(chance: random.Random, record: Record) -> Record | None:
    """A later word on a record: of another service, by another source, under another name, or with another end."""
    if isinstance(record, Deployment):
        moved = {
            "service": chance.choice(("cart", "basket", "shop", None)),
            "repository": chance.choice(("acme/cart", "acme/shop", "acme/mono")),
        }
        status = {"status": chance.choice(("succeeded", "failed")), "version": "v1", "sha": None}
        told: dict[str, object] = {"source": "cd"}
        return replace(record, updated_at=END, **chance.choice((moved, status, told)))  # type: ignore[arg-type]
    if isinstance(record, Incident):
        named = {"deployment": f"ci/{chance.choice(('cart', 'shop', 'api'))}-{chance.randint(0, 5)}"}
        changes: tuple[dict[str, object], ...] = (
            named,
            named | {"service": None, "repository": None},
            {"service": "cart"},
            {"resolved_at": END},
        )
        return replace(record, updated_at=END, **chance.choice(changes))  # type: ignore[arg-type]
    if isinstance(record, Verification):
        status = chance.choice(("succeeded", "failed"))
        plain = record.deployment.removeprefix("ci/")
        return replace(record, updated_at=END, status=status, deployment=plain, finished_at=END - timedelta(days=1))
    return None


def _deliver(chance: random.Random, warehouse: Warehouse, part: Sequence[Record]) -> None:
    warehouse.commit("made", "all", frames_of(part), str(chance.random()))
    if chance.random() < 0.2:
        tags = [tag for tag in part if isinstance(tag, Tag) and tag.repository == "acme/cart"]
        warehouse.commit("made", "tags", frames_of(tags), "1", ("tags", {"repository": "acme/cart"}))


def _published(warehouse: Warehouse, setting: Setting, rebuilt: list[bool] | None = None) -> dict[str, str]:
    """The content of a file made anew; with `rebuilt` out of what is published, where something is, which is noted there."""

    def again(builder: Builder) -> bool:
        assert rebuilt is not None
        rebuilt.append(rebuild(builder, setting))
        return rebuilt[-1]

    target = warehouse.path.with_name(f"{warehouse.path.stem}.{'anew' if rebuilt is None else 'again'}.duckdb")
    warehouse.publish(target, lambda builder: build(builder, setting), None if rebuilt is None else again)
    reader = open_published(target)
    try:
        return reader.content_hash()
    finally:
        reader.close()
