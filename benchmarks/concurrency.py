"""Readers and an open dashboard while `dora ingest` runs every few seconds: errors on either side, and waiting times.

    python benchmarks/concurrency.py [--seconds 120] [--every 2] [--readers 8] [--no-dashboard]

Every ingest finds a new deployment, so every ingest publishes. Each reader is a process that opens the published
file, asks three questions and closes it, twice a second. The dashboard is open in a real browser where one is
installed and loaded anew every five seconds, else it is asked whether it is well. An ingest is started whether or not
the one before has ended, and waits for it (`--wait`). Exits 1 when anybody saw an error.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from dora.demo import make_sample
from dora.errors import DoraError
from dora.warehouse import open_published

if TYPE_CHECKING:
    from playwright.sync_api import Page

INGEST = [sys.executable, "-m", "dora", "ingest", "--wait", "600"]
QUESTIONS = (
    "select count(*) from deployment_facts",
    "select service, count(*), max(finished_at) from deployment_facts group by all order by all",
    "select key, value from meta order by all",
)
_PAUSE_SECONDS = 0.5
_LOOK_SECONDS = 5.0
_BROKEN = "[data-testid=stException], [data-testid=stAlertContentError]"


@dataclass(slots=True)
class Outcome:
    """What everybody saw: ingests and their errors, reads with their milliseconds and errors, pages and theirs."""

    ingest_seconds: list[float] = field(default_factory=list)
    ingest_errors: list[str] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    read_errors: list[str] = field(default_factory=list)
    published: set[int] = field(default_factory=set)
    browser: bool = False
    pages: int = 0
    page_errors: list[str] = field(default_factory=list)

    @property
    def errors(self) -> list[str]:
        """All errors of all sides."""
        return [*self.ingest_errors, *self.read_errors, *self.page_errors]


def run(folder: Path, seconds: float, every: float, readers: int, dashboard: bool) -> Outcome:
    """Ingest a sample in `folder` every `every` seconds for `seconds`, read all the while, and gather what was seen."""
    make_sample(folder)
    subprocess.run(INGEST, cwd=folder, check=True, capture_output=True)
    published = folder / "dora.published.duckdb"
    outcome = Outcome()
    with _dashboard(published, dashboard) as address:
        looking = _started("--look", address, seconds) if address else None
        reading = [_started("--read", str(published), seconds) for _ in range(readers)]
        _write(folder, seconds, every, outcome)
        for process in reading:
            told = json.loads(process.communicate()[0])
            outcome.read_ms += told["ms"]
            outcome.read_errors += told["errors"]
            outcome.published |= set(told["counts"])
        if looking:
            told = json.loads(looking.communicate()[0])
            outcome.pages, outcome.page_errors, outcome.browser = told["pages"], told["errors"], told["browser"]
    return outcome


def _started(role: str, what: str, seconds: float) -> subprocess.Popen[str]:
    """This script in another role."""
    words = [sys.executable, "-P", __file__, role, what, "--seconds", str(seconds)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def _write(folder: Path, seconds: float, every: float, outcome: Outcome) -> None:
    """Start an ingest every so often, each with a deployment more, and wait for all of them."""
    extra = folder / "records" / "deployments-new.csv"
    extra.write_text("id,service,finished_at\n")
    first, running = time.monotonic(), []
    with ThreadPoolExecutor(max_workers=round(seconds / every) + 1) as pool:
        while time.monotonic() < first + seconds:
            with extra.open("a") as stream:
                stream.write(f"new-{len(running)},basket,{datetime.now(UTC).isoformat()}\n")
            running.append(pool.submit(_ingest, folder))
            time.sleep(max(0.0, first + every * len(running) - time.monotonic()))
        for ended in running:
            took, error = ended.result()
            outcome.ingest_seconds.append(took)
            outcome.ingest_errors += error


def _ingest(folder: Path) -> tuple[float, list[str]]:
    """How long an ingest took, waiting included, and what it said if it failed."""
    begun = time.monotonic()
    done = subprocess.run(INGEST, cwd=folder, capture_output=True, text=True, check=False)
    return time.monotonic() - begun, [done.stderr.strip()] if done.returncode else []


def _read(published: Path, seconds: float) -> None:
    """One reader: opens, asks, closes; prints its milliseconds, its errors and the counts that it saw."""
    end = time.monotonic() + seconds
    times: list[float] = []
    errors: list[str] = []
    counts: set[int] = set()
    while time.monotonic() < end:
        begun = time.monotonic()
        try:
            reader = open_published(published)
            answers = [reader.rows(question) for question in QUESTIONS]
            reader.close()
            counts.add(int(str(answers[0][0][0])))
        except DoraError as error:
            errors.append(str(error))
        times.append((time.monotonic() - begun) * 1000)
        time.sleep(_PAUSE_SECONDS)
    print(json.dumps({"ms": times, "errors": errors, "counts": sorted(counts)}))


def _look(address: str, seconds: float) -> None:
    """Load the dashboard again and again; prints how often and what went wrong on it."""
    from playwright.sync_api import Error, sync_playwright

    end = time.monotonic() + seconds
    pages, errors = 0, []
    with sync_playwright() as started:
        page = None
        with suppress(Error):
            options = ["--no-sandbox", "--disable-dev-shm-usage"]
            page = started.chromium.launch(executable_path=shutil.which("chromium"), args=options).new_page()
        while time.monotonic() < end:
            begun = time.monotonic()
            pages += 1
            try:
                errors += _faults(page, address) if page else _illness(address)
            except (Error, OSError) as error:
                errors.append(str(error).splitlines()[0])
            time.sleep(max(0.0, _LOOK_SECONDS - (time.monotonic() - begun)))
    print(json.dumps({"pages": pages, "errors": errors, "browser": page is not None}))


def _faults(page: Page, address: str) -> list[str]:
    """The text of the page when it shows an error, else nothing."""
    page.goto(address)
    page.wait_for_selector("[data-testid=stMetricValue], " + _BROKEN, timeout=60_000)
    if not page.locator(_BROKEN).count():
        return []
    return [" ".join(page.locator("[data-testid=stMain]").inner_text().split())[:300]]


def _illness(address: str) -> list[str]:
    with urlopen(f"{address}/_stcore/health", timeout=10) as answer:
        return [] if answer.status == 200 else [f"the dashboard answers {answer.status}"]


@contextmanager
def _dashboard(published: Path, wanted: bool) -> Iterator[str | None]:
    """The address of the dashboard of a published file, started."""
    if not wanted:
        yield None
        return
    from dashboard.launch import command as dashboard_command

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
    process = subprocess.Popen(dashboard_command(published, port), env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(URLError), urlopen(address, timeout=5):
            return
        time.sleep(0.2)
    raise SystemExit("the dashboard did not start within a minute")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of the sorted values do not exceed; 0 without values."""
    ordered = sorted(values) or [0.0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> int:
    """Run and print; returns the exit code."""
    parser = argparse.ArgumentParser(description="Read while an ingest writes.")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--every", type=float, default=2)
    parser.add_argument("--readers", type=int, default=8)
    parser.add_argument("--no-dashboard", action="store_true")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--look", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.read or options.look:
        _read(options.read, options.seconds) if options.read else _look(options.look, options.seconds)
        return 0
    with tempfile.TemporaryDirectory(prefix="dora-concurrency-") as place:
        outcome = run(Path(place), options.seconds, options.every, options.readers, not options.no_dashboard)
    p50, p99 = quantile(outcome.read_ms, 0.5), quantile(outcome.read_ms, 0.99)
    took = outcome.ingest_seconds
    print(
        f"{len(took)} ingests, one started every {options.every:g} s, errors {len(outcome.ingest_errors)}; with waiting "
        f"p50 {quantile(took, 0.5):.1f} s, at most {max(took):.1f} s; {len(outcome.published)} published states seen"
    )
    print(
        f"{len(outcome.read_ms)} reads by {options.readers} processes, errors {len(outcome.read_errors)}; "
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"
    )
    how = "in a browser" if outcome.browser else "(no browser installed)"
    print(f"{outcome.pages} looks at the dashboard {how}, errors {len(outcome.page_errors)}")
    for error in sorted(set(outcome.errors))[:10]:
        print(f"  {error}")
    return 1 if outcome.errors else 0


if __name__ == "__main__":
    sys.exit(main())
