"""Reading a whole repository into the warehouse, against `git log` of the same format and references to nowhere.

    python -m benchmarks.git_ingest [PATH_OF_A_REPOSITORY [REFS …]]

Prints wall and CPU (children included) of both, the median of the ratios of neighbours, a no-op refresh, and the peak
memory of this process. Targets: 1.5 x wall, 1.7 x CPU, 0.15 s, 400 MB.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from dora.warehouse import open_warehouse
from ingest.git_command import lines
from ingest.git_repository import open_repository
from ingest.source import Context
from ingest.sources import git
from ingest.sources.git_log import FORMAT
from ingest.sync import sync

RUNS = 5


def main(path: str, refs: tuple[str, ...] = git.DEFAULT_REFS) -> None:
    """Reference and ingest in turn: each is compared with its neighbour, because the machine's speed changes in minutes."""
    context = Context(cache=Path(tempfile.gettempdir()), base=Path.cwd(), salt="benchmark")
    patterns = [ref.removesuffix("/*") for ref in refs]
    repository = open_repository("bench", path, context, "bench")
    tips = "\n".join(sorted(set(lines(repository, "for-each-ref", "--format=%(objectname)", *patterns)))) + "\n"
    command = ["git", f"--git-dir={repository.folder}", "log", "-z", f"--format={FORMAT}", "--stdin"]
    options = git.Options(repositories=(git.RepositoryOptions(name="bench", url=path),), refs=refs)
    reference, ingest, again = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for run in range(RUNS):
            log = lambda: subprocess.run(command, input=tips.encode(), stdout=subprocess.DEVNULL, check=True)  # noqa: E731
            reference.append(_measure(log))
            warehouse = open_warehouse(Path(folder) / f"{run}.duckdb")
            source = git.open_source("bench", options, context)
            ingest.append(_measure(lambda w=warehouse, s=source: sync(w, [s])))
            again.append(_measure(lambda w=warehouse, s=source: sync(w, [s])))
            commits = warehouse.rows("select count(*) from commits")[0][0]
            warehouse.close()
    for name, i, target in (("wall", 0, 1.5), ("cpu", 1, 1.7)):
        mine, theirs = ([row[i] for row in rows] for rows in (ingest, reference))
        ratios = sorted(a / b for a, b in zip(mine, theirs, strict=True))
        print(
            f"{name}: {median(mine):.2f} s, git log {median(theirs):.2f} s, ratio {median(ratios):.2f} "
            f"({ratios[0]:.2f} to {ratios[-1]:.2f}; target {target})"
        )
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{commits} commits; no-op refresh {min(row[0] for row in again):.3f} s (target 0.15)")
    print(f"peak memory {memory:.0f} MB after {RUNS} reads (target 400)")


def _measure(work: Callable[[], object]) -> tuple[float, float]:
    before, start = os.times(), time.perf_counter()
    work()
    after = os.times()
    return time.perf_counter() - start, sum(after[:4]) - sum(before[:4])


if __name__ == "__main__":
    mirror = Path(os.environ.get("MIRROR", "-")) / "git+git" / "repo"
    if len(sys.argv) > 1:
        main(sys.argv[1], tuple(sys.argv[2:]) or git.DEFAULT_REFS)
    elif mirror.is_dir():
        main(str(mirror), ("refs/*",))
        main(str(mirror))
    else:
        print(f"skipped: no clone of git/git at {mirror}; set MIRROR, or name a repository")
