"""Builds out of a big organisation's records: 10 million commits, 1 million deployments, 200 thousand incidents.

    python benchmarks/build_scale.py [--commits 10000000] [--services 2000] [--keep FOLDER] [--pull-requests 50000]

The records are made up in SQL (build_scale.sql): 2,000 services with 5,000 commits, 1,000 pull requests, 500 deployments
and 100 incidents each, 200 teams, two years. Prints wall, CPU and peak memory of publishing them, and as its reference
the CPU of hashing every commit once in the same run. Then the same for what is published after one more day of five
services, which rebuilds these, and after that day of all the others too, which is a full build again. Then the CPU a pull request
of the metrics written out row by row (tests/naive.py), from few pull requests because that is slower than linear,
against ours from many. Limits: 60 s wall on two quiet cores, 4 GB, 5 s wall after a day of five services, 100 times.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from dora.definitions import Definitions
from dora.model import RECORDS, Record
from dora.moments import aware
from dora.period import Period
from dora.warehouse import Reader, Warehouse, open_published, open_warehouse
from metrics.build import Setting, build
from metrics.question import Question
from metrics.rebuild import rebuild
from metrics.scorecard import scorecard
from metrics.services import Ownership, ServiceName

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.naive import Naive, NaiveService, Stretch

DAYS, FEW = 730, 2_000
SECONDS, GIGABYTES, AGAIN, TIMES = 60.0, 4.0, 5.0, 100.0
PERIOD = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))


def main(arguments: list[str]) -> int:
    """Make the records, build, print; returns 1 when a limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=10_000_000)
    parser.add_argument("--services", type=int, default=2_000)
    parser.add_argument("--pull-requests", type=int, default=50_000)
    parser.add_argument("--keep", type=Path, help="where the files stay for another run")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        held = full_build(folder, options.commits, options.services)
        return int(not (row_at_a_time(Path(temporary), options.pull_requests) and held))


def full_build(folder: Path, commits: int, services: int) -> bool:
    """Wall, CPU and memory of one build; whether it kept the limits."""
    kept = folder / f"records-{commits}-{services}.duckdb"
    if not kept.exists():
        make(kept, commits, services)
    file, each = folder / "records.duckdb", commits // services
    shutil.copyfile(kept, file)
    (folder / "published.duckdb").unlink(missing_ok=True)
    warehouse = open_warehouse(file)
    warehouse.set_meta(setting_hash=setting(services).hash)
    reference, _ = spent(lambda: warehouse.rows("select sum(hash(c)::hugeint) from commits c"))
    forget_peak()
    cpu, wall = spent(lambda: publish(warehouse, services))
    peak = peak_gigabytes()
    print(f"{commits:,} commits, {services:,} services, {file.stat().st_size / 1e9:.2f} GB of records")
    print(
        f"full build: {wall:.1f} s wall (limit {SECONDS:.0f}), {cpu:.1f} s CPU, {peak:.2f} GB at most (limit {GIGABYTES:.0f})"
    )
    print(f"reference, hashing every commit: {reference:.2f} s CPU; ratio {cpu / reference:.1f}")
    one_more_day(warehouse, each, 5, DAYS)
    few_cpu, few_wall = spent(lambda: publish(warehouse, services))
    print(f"after a day of five services: {few_wall:.1f} s wall (limit {AGAIN:.0f}), {few_cpu:.1f} s CPU")
    one_more_day(warehouse, each, services, DAYS)
    all_cpu, all_wall = spent(lambda: publish(warehouse, services))
    print(f"after a day of all services: {all_wall:.1f} s wall, {all_cpu:.1f} s CPU")
    warehouse.close()
    return wall <= SECONDS and peak <= GIGABYTES and few_wall <= AGAIN


def publish(warehouse: Warehouse, services: int) -> None:
    """As after an ingest: only what changed, where that is possible."""
    told, target = setting(services), warehouse.path.with_name("published.duckdb")
    warehouse.publish(target, lambda builder: build(builder, told), lambda builder: rebuild(builder, told))


def row_at_a_time(folder: Path, pull_requests: int) -> bool:
    """CPU a pull request: the second implementation from few, the build and the metrics from many."""
    few, many = folder / "few.duckdb", folder / "many.duckdb"
    make(few, FEW * 5, FEW // 100)
    warehouse = open_warehouse(few)
    records, names = all_records(warehouse), [f"service-{i:04d}" for i in range(FEW // 100)]
    warehouse.close()
    slow = spent(lambda: naive_answers(records, names))[0] / FEW
    services = max(1, pull_requests // 1_000)
    make(many, pull_requests * 5, services)
    warehouse = open_warehouse(many)
    published = folder / "many.published.duckdb"
    built = spent(lambda: warehouse.publish(published, lambda b: build(b, setting(services))))[0] / pull_requests
    warehouse.close()
    reader = open_published(published)
    question = Question(period=PERIOD, as_of=PERIOD.end)
    scorecard(reader, question)
    asked = spent(lambda: scorecard(reader, question))[0] / pull_requests
    reader.close()
    print(f"row at a time: {slow * 1e6:.0f} µs CPU a pull request of {FEW:,}")
    print(f"build {built * 1e6:.0f} µs, metrics {asked * 1e6:.1f} µs CPU a pull request of {pull_requests:,}")
    print(
        f"ratio of the metrics {slow / asked:.0f} (limit {TIMES:.0f}); of build and metrics {slow / (built + asked):.1f}"
    )
    return slow / asked >= TIMES


def naive_answers(records: Sequence[Record], names: Sequence[str]) -> None:
    """Lineage, ledger and the metrics of all services together, by sets and loops."""
    naive = Naive(records, [NaiveService(name, f"acme/{name}") for name in names], Definitions())
    group = [Stretch(name) for name in names]
    rows = naive.within(group, PERIOD.start, PERIOD.end)
    naive.frequency(rows, PERIOD.start, PERIOD.end)
    naive.lead_times(rows)
    naive.fail_rate(rows, PERIOD.end)
    naive.recovery(rows, PERIOD.end)
    naive.rework(rows)


def setting(services: int) -> Setting:
    """Ten services a team, no more said than that."""
    owned = [Ownership(team=f"team-{i // 10:03d}", service=f"service-{i:04d}") for i in range(services)]
    named = [ServiceName(service=f"service-{i:04d}", repository=f"acme/service-{i:04d}") for i in range(services)]
    return Setting(Definitions(), named, owned)


def make(file: Path, commits: int, services: int) -> None:
    """Write the records file."""
    warehouse = open_warehouse(file)
    fill(warehouse, commits // services, services, 0, DAYS)
    warehouse.close()


def fill(warehouse: Warehouse, each: int, services: int, from_day: int, days: int = 1) -> None:
    """Add the records of some days of the first services, which have `each` commits in two years."""
    sizes = {"services": services, "days": DAYS, "each": each, "from_day": from_day, "until_day": from_day + days}
    for statement in (Path(__file__).parent / "build_scale.sql").read_text().split(";\n"):
        if statement.strip():
            warehouse.execute(statement, {n: v for n, v in sizes.items() if f"${n}" in statement} or None)


def one_more_day(warehouse: Warehouse, each: int, services: int, day: int) -> None:
    """Commit the records of a day of the first services, as an ingest does."""
    with tempfile.TemporaryDirectory() as folder:
        made = open_warehouse(Path(folder) / "day.duckdb")
        fill(made, each, services, day)
        frames = {kind.TABLE: made.frame(f"from {kind.TABLE}") for kind in RECORDS}
        made.close()
    warehouse.commit("made up", "days", frames, str(day))


def all_records(reader: Reader) -> list[Record]:
    """Every stored record, as a source would give it."""
    out: list[Record] = []
    for kind in RECORDS:
        for row in reader.records(f"from {kind.TABLE}"):
            said = {name: value for name, value in row.items() if value is not None}
            out.append(kind(**{n: tuple(v) if isinstance(v, list) else aware(v) for n, v in said.items()}))
    return out


def forget_peak() -> None:
    """Let the peak memory of this process begin anew: making the records takes more than publishing them."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_gigabytes() -> float:
    """The most memory of this process since then."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1e6


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of CPU of this process, all threads, and of wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.process_time() - cpu, time.perf_counter() - wall


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
