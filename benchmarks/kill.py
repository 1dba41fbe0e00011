"""Kill an ingest at random moments, run it once more, and compare both files with those of an undisturbed run.

    python benchmarks/kill.py [--kills 30] [--seed 1] [--days 120]

The made-up organisation is ingested from its git repositories and files. Every kill is a SIGKILL; after each, what
is published must be readable. Prints how far the ingest was at each kill; exits 1 when any table differs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from dora.demo import make_demo
from dora.warehouse import open_published, open_warehouse

INGEST = [sys.executable, "-m", "dora", "ingest"]
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
#: Importing takes this share of a second or more; a kill before the first write proves nothing.
_STARTING_SECONDS = 0.4
Content = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the kills left: both contents, leftovers in the folder, and how the kills fell."""

    calm: Content
    after: Content
    leftovers: tuple[str, ...]
    killed: int
    finished: int

    @property
    def equal(self) -> bool:
        """Nothing lost, nothing twice, nothing left behind."""
        return self.calm == self.after and not self.leftovers


def survive(folder: Path, kills: int, seed: int, say: Callable[[str], None] = lambda _line: None) -> Outcome:
    """Ingest `folder` undisturbed, then again from nothing with `kills` kills at moments drawn from `seed`."""
    random = Random(seed)
    started = time.monotonic()
    subprocess.run(INGEST, cwd=folder, check=True, capture_output=True)
    whole = time.monotonic() - started
    calm = content(folder)
    say(f"an undisturbed ingest takes {whole:.1f} s")
    killed = finished = 0
    _clear(folder)
    while killed < kills:
        moment = random.uniform(_STARTING_SECONDS, whole)
        if _killed(folder, moment):
            killed += 1
            say(f"kill {killed} after {moment:.2f} s: {_standing(folder)}")
        else:
            finished += 1
            if content(folder) != calm:
                break
            _clear(folder)
    subprocess.run(INGEST, cwd=folder, check=True, capture_output=True)
    left = tuple(sorted(path.name for path in folder.iterdir() if "draft" in path.name or path.suffix == ".wal"))
    return Outcome(calm, content(folder), left, killed, finished)


def content(folder: Path) -> Content:
    """The content hash of every table of both files."""
    warehouse = open_warehouse(folder / "dora.duckdb")
    published = open_published(folder / "dora.published.duckdb")
    try:
        return {"records": warehouse.content_hash(), "published": published.content_hash()}
    finally:
        warehouse.close()
        published.close()


def _killed(folder: Path, moment: float) -> bool:
    """Start an ingest and kill it after `moment` seconds; False when it was done before."""
    process = subprocess.Popen(INGEST, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True
    if process.returncode:
        raise SystemExit(f"an ingest after a kill failed with exit code {process.returncode}")
    return False


def _standing(folder: Path) -> str:
    """How far it came; what is published must be readable at any moment."""
    published = folder / "dora.published.duckdb"
    if not published.exists():
        drafts = [path for path in folder.iterdir() if "draft" in path.name]
        return "being published for the first time" if drafts else "nothing published yet"
    reader = open_published(published)
    try:
        return f"{reader.rows('select count(*) from deployment_facts')[0][0]} deployments published"
    finally:
        reader.close()


def _clear(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_file() and path.name != "dora.toml":
            path.unlink()


def main() -> int:
    """Run the kills on the made-up organisation; returns the exit code."""
    parser = argparse.ArgumentParser(description="Kill ingests at random moments.")
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=120)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="dora-kill-") as place:
        folder = Path(place) / "demo"
        make_demo(folder, until=UNTIL, days=options.days)
        outcome = survive(folder, options.kills, options.seed, lambda line: print(line, flush=True))
    print(f"{outcome.killed} kills (seed {options.seed}), {outcome.finished} ingests were done before theirs")
    tables = sum(len(tables) for tables in outcome.calm.values())
    print(f"{tables} tables of both files equal to an undisturbed run: {'yes' if outcome.equal else 'NO'}")
    return 0 if outcome.equal else 1


if __name__ == "__main__":
    sys.exit(main())
