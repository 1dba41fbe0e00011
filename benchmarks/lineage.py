"""First deployment of every commit, over a repository's tags, against `git rev-list previous..this` per deployment.

    MIRROR=FOLDER python benchmarks/lineage.py

Every tag vN of alphagov/frontend stands for a deployment, in numeric order. Prints both times, their ratio
(target 50) and whether each deployment ships the same commits; exits 1 when one differs. Where previous..this holds
commits that an earlier deployment had shipped, the set is compared with `git rev-list this --not` all earlier tags.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

from metrics.lineage import CommitGraph, ship

TARGET = 50


def main() -> int:
    """Read the commits once, outside both times; then attribute twice."""
    folder = Path(os.environ.get("MIRROR", "-")) / "alphagov+frontend" / "repo"
    if not folder.is_dir():
        print(f"skipped: no clone at {folder}; set MIRROR")
        return 0
    tags = [
        line.split(" ")
        for line in git(
            folder, "for-each-ref", "--format=%(refname:strip=2) %(objectname) %(*objectname)", "refs/tags/v*"
        )
    ]
    numbered = sorted((int(row[0][1:]), row[2] or row[1]) for row in tags if re.fullmatch(r"v\d+", row[0]))
    shas = [sha for _, sha in numbered]
    lines = (line.split(" ") for line in git(folder, "rev-list", "--parents", "--branches", "--tags"))
    rows = [(sha, parents) for sha, *parents in lines]
    began = time.perf_counter()
    graph = CommitGraph.of(rows)
    shipments, _ = ship(graph, [graph.index.exact[sha] for sha in shas])
    ours = time.perf_counter() - began
    began = time.perf_counter()
    theirs = [set(git(folder, "rev-list", f"{a}..{b}")) for a, b in pairwise(shas)]
    reference = time.perf_counter() - began
    differing = repeated = 0
    for place, expected in enumerate(theirs, 1):
        first = {graph.sha(c) for c in shipments[place].first}
        if first != expected:  # previous..this repeats what a deployment before the previous one shipped
            repeated += 1
            expected = set(git(folder, "rev-list", shas[place], "--not", *shas[:place]))
        differing += first != expected
    print(f"{len(shas)} deployments, {len(rows)} commits: {ours:.3f} s, git {reference:.2f} s")
    print(
        f"ratio {reference / ours:.0f} (target {TARGET}); deployments that differ: {differing} (previous..this repeats in {repeated})"
    )
    return int(differing > 0 or reference / ours < TARGET)


def git(folder: Path, *arguments: str) -> list[str]:
    """The lines that one git command prints."""
    done = subprocess.run(["git", f"--git-dir={folder}", *arguments], capture_output=True, check=True, text=True)
    return done.stdout.splitlines()


if __name__ == "__main__":
    sys.exit(main())
