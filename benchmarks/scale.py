"""One team's five metrics out of a big warehouse, in process: 10 million commits, 1 million deployments.

    python benchmarks/scale.py [--commits 10000000] [--deployments 1000000] [--profile]

The facts are made up in SQL (200 teams of 10 services, two years), in the shape and order in which the build
writes them. Prints the CPU milliseconds of `scorecard` for one team over three months, and as its reference
the CPU of counting every deployment in the file. The limit is 20 ms CPU.
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
from metrics.question import Question
from metrics.scorecard import scorecard

ROOT = Path(__file__).parent.parent
TEAMS, SERVICES = 200, 2000
LIMIT_MS = 20.0
PERIOD = Period(datetime(2025, 4, 1, tzinfo=UTC), datetime(2025, 7, 1, tzinfo=UTC))
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)


def main(arguments: list[str]) -> int:
    """Make the file, ask, print; returns 1 when the limit is missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--commits", type=int, default=10_000_000)
    parser.add_argument("--deployments", type=int, default=1_000_000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "published.duckdb"
        make(file, options.commits, options.deployments)
        print(f"{options.commits:,} commits, {options.deployments:,} deployments, {file.stat().st_size / 1e9:.2f} GB")
        reader = open_published(file)
        question = Question(period=PERIOD, as_of=AS_OF, by="team", teams=("team-007",))
        answer = scorecard(reader, question).groups[0]
        print(f"team-007: {answer.deployment_frequency.deployments} deployments, {answer.change_lead_time.n} changes")
        cpu = cpu_ms(lambda: scorecard(reader, question))
        reference = cpu_ms(lambda: reader.rows("select count(*) from deployment_facts where is_production"))
        print(f"five metrics of one team over three months: {cpu:.1f} ms CPU (limit {LIMIT_MS:.0f})")
        print(f"reference, counting all deployments: {reference:.1f} ms CPU; ratio {cpu / reference:.2f}")
        if options.profile:
            profile(reader, question)
        reader.close()
    return 0 if cpu <= LIMIT_MS else 1


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
    builder.set_meta(schema_version=str(schema))
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


def profile(reader: Reader, question: Question) -> None:
    """Where the time goes."""
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(20):
        scorecard(reader, question)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("cumulative").print_stats(35)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
