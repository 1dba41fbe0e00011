"""Kill the publishing of changed services at random moments, and compare what is published in the end with a full build.

    python benchmarks/kill_publish.py [--kills 36] [--seed 1]

A made-up history (tests/made_up_history.py) comes in twelve deliveries. Each is committed and published by a process of
its own, which is killed by SIGKILL some times before it may end; only the services that changed records reach are built
again, as of many records. Exits 1 when a table differs, or when no kill fell into such a publishing.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent.parent))

from dora import parts
from dora.definitions import Definitions
from dora.frames import frames_of
from dora.warehouse import Builder, open_published, open_warehouse
from metrics.build import Setting, build
from metrics.rebuild import rebuild
from tests.made_up_history import OWNERS, SERVICES, history

DELIVERIES = 12
#: From the commit on, so long at most until a kill.
_LONGEST_SECONDS = 0.7
_SETTING = Setting(Definitions(), SERVICES, OWNERS)


def main() -> int:
    """Run the kills; returns the exit code."""
    parser = argparse.ArgumentParser(description="Kill the publishing of changed services at random moments.")
    parser.add_argument("--kills", type=int, default=36)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deliver", nargs=2, metavar=("FOLDER", "NUMBER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    # However few records there are, and however many of them changed.
    parts.WORTH_ROWS, parts.SHARE = 0, 1.0
    if options.deliver:
        deliver(Path(options.deliver[0]), int(options.deliver[1]), options.seed)
        return 0
    with tempfile.TemporaryDirectory(prefix="dora-kill-") as place:
        return survive(Path(place), options.kills, options.seed)


def survive(folder: Path, kills: int, seed: int) -> int:
    """Make all deliveries, each killed some times before; returns the exit code."""
    random, killed, within = Random(seed), 0, 0
    for number in range(DELIVERIES):
        for _ in range(kills // DELIVERIES):
            said = _said(folder, number, seed, random.uniform(0, _LONGEST_SECONDS))
            killed += said[-1] != "published"
            within += said[-1] == "building again"
        _said(folder, number, seed)
    print(f"{killed} kills (seed {seed}), {within} of them while changed services were built again")
    warehouse = open_warehouse(folder / "records.duckdb")
    warehouse.publish(folder / "whole.duckdb", lambda builder: build(builder, _SETTING))
    warehouse.close()
    again, whole = (open_published(folder / f"{name}.duckdb") for name in ("published", "whole"))
    tables, equal = len(whole.tables()), again.content_hash() == whole.content_hash()
    print(f"{tables} published tables equal to a full build: {'yes' if equal else 'NO'}")
    return 0 if equal and within else 1


def _said(folder: Path, number: int, seed: int, moment: float | None = None) -> list[str]:
    """How far a delivery came that is killed so many seconds after its commit; None lets it end."""
    command = [sys.executable, "-P", __file__, "--deliver", str(folder), str(number), "--seed", str(seed)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline().strip()
        if moment is not None:
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split("\n")
    if moment is None and process.returncode:
        raise SystemExit(f"delivery {number} failed after a kill with exit code {process.returncode}")
    return [line for line in (first, *rest) if line] or ["nothing"]


def deliver(folder: Path, number: int, seed: int) -> None:
    """Commit one delivery of the history and publish what it changed."""
    records = history(Random(seed))
    Random(seed).shuffle(records)
    size = -(-len(records) // DELIVERIES)
    warehouse = open_warehouse(folder / "records.duckdb")
    warehouse.set_meta(setting_hash=_SETTING.hash)
    warehouse.commit("made up", "records", frames_of(records[number * size :][:size]), str(number))
    print("committed", flush=True)
    warehouse.publish(folder / "published.duckdb", lambda builder: build(builder, _SETTING), _again)
    print("published", flush=True)


def _again(builder: Builder) -> bool:
    print("building again", flush=True)
    done = rebuild(builder, _SETTING)
    print("built again" if done else "all anew", flush=True)
    return done


if __name__ == "__main__":
    sys.exit(main())
