"""Metrics out of a big warehouse, in process: 10 million commits, 1 million deployments, 200 teams.

    python benchmarks/scale.py [--commits 10000000] [--deployments 1000000] [--file published.duckdb] [--profile]

The facts are made up in SQL (200 teams of 10 services, two years), in the shape and order in which the build
writes them; with `--file` they are kept there and used again. Two questions, in CPU milliseconds: all metrics of one team over
three months (limit 15), and those of all teams by week over two years as columns (limit 600), told with what it takes to
make the objects of a scorecard from them. Reference: the CPU of counting every deployment in the file.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from dora.definitions import Definitions
from dora.period import Period
from dora.warehouse import SCHEMA, Builder, Reader, open_published
from metrics.facts_version import FACTS_VERSION
from metrics.question import Question
from metrics.scorecard import scorecard, table

ROOT = Path(__file__).parent.parent
TEAMS, SERVICES = 200, 2000
LIMIT_MS, ALL_LIMIT_MS = 15.0, 600.0
PERIOD = Period(datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
TWO_YEARS = Period(datetime(2024, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
ONE_TEAM = Question(period=PERIOD, as_of=AS_OF, by="team", teams=("team-007",))
ALL_TEAMS = Question(period=TWO_YEARS, as_of=AS_OF, by="team", every="week")


def main(arguments: list[str]) -> int:
    """Make the file, ask, print; returns 1 when a limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=10_000_000)
    parser.add_argument("--deployments", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or Path(folder) / "published.duckdb"
        if not file.exists():
            make(file, options.commits, options.deployments)
        reader = open_published(file)
        rows = [reader.rows(f"select count(*) from {table}")[0][0] for table in ("change_facts", "deployment_facts")]
        print("{:,} changes, {:,} deployments, ".format(*rows) + f"{file.stat().st_size / 1e9:.2f} GB")
        reference = cpu_ms(lambda: reader.rows("select count(*) from deployment_facts where is_production"))
        print(f"reference, counting all deployments: {reference:.1f} ms CPU")
        met = [one_team(reader, reference), all_teams(reader, reference)]
        if options.profile:
            profile(reader)
        reader.close()
    return 0 if all(met) else 1


def one_team(reader: Reader, reference: float) -> bool:
    """All metrics of one team over three months; False when the limit is missed."""
    answer = scorecard(reader, ONE_TEAM).groups[0]
    print(f"team-007: {answer.deployment_frequency.deployments} deployments, {answer.change_lead_time.n} changes")
    cpu = cpu_ms(lambda: scorecard(reader, ONE_TEAM))
    print(f"one team over three months: {cpu:.1f} ms CPU (limit {LIMIT_MS:.0f}); ratio {cpu / reference:.2f}")
    return cpu <= LIMIT_MS


def all_teams(reader: Reader, reference: float) -> bool:
    """All teams by week over two years; False when the limit is missed."""
    found = table(reader, ALL_TEAMS)
    columns = cpu_ms(lambda: table(reader, ALL_TEAMS), times=5)
    print(
        f"all teams by week, {len(found.names) * len(found.buckets):,} cells: {columns:.0f} ms CPU as columns "
        f"(limit {ALL_LIMIT_MS:.0f}), {cpu_ms(lambda: scorecard(reader, ALL_TEAMS), times=3):.0f} as objects; "
        f"ratio {columns / reference:.0f}"
    )
    return columns <= ALL_LIMIT_MS


def make(file: Path, commits: int, deployments: int) -> None:
    """Write the published file: facts by SQL, in the order in which the build leaves them (metrics/placement.py)."""
    con = duckdb.connect(str(file))
    builder = Builder(con, file)
    for script in sorted(SCHEMA.glob("*.sql")):
        builder.execute(script.read_text())
    builder.execute((ROOT / "metrics" / "sql" / "facts.sql").read_text())
    sizes = {"commits": commits, "deployments": deployments, "services": SERVICES, "teams": TEAMS}
    for statement in (Path(__file__).parent / "scale.sql").read_text().split(";\n"):
        names = {name: value for name, value in sizes.items() if f"${name}" in statement}
        if statement.strip():
            builder.execute(statement, names or None)
    schema = max(int(script.name[:4]) for script in SCHEMA.glob("*.sql"))
    definitions = Definitions()
    builder.set_meta(organisation="scale", data_as_of="2026-01-01 00:00:00", definitions_hash=definitions.hash)
    builder.set_meta(schema_version=str(schema), facts_version=str(FACTS_VERSION))
    builder.execute("checkpoint")
    con.close()


def cpu_ms(ask: Callable[[], object], times: int = 15) -> float:
    """Median CPU milliseconds of this process, all threads, over some calls after two that fill its caches."""
    ask(), ask()
    spent = []
    for _ in range(times):
        before = time.process_time()
        ask()
        spent.append((time.process_time() - before) * 1000)
    return statistics.median(spent)


def profile(reader: Reader) -> None:
    """Where the time of both questions goes."""
    for ask in (lambda: [scorecard(reader, ONE_TEAM) for _ in range(20)], lambda: table(reader, ALL_TEAMS)):
        profiler = cProfile.Profile()
        profiler.runcall(ask)
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(35)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
