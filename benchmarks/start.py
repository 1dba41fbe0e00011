"""The processor time of `dora --help`, beside that of a Python that does nothing.

    python benchmarks/start.py [RUNS]

Prints the least and the median of the runs and their ratio; exits 1 when the least is above 120 ms.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys

_LIMIT_MS = 120


def cpu_ms(words: list[str]) -> float:
    """User and system time of one process, in milliseconds."""
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)} failed with exit code {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000


def main(runs: int) -> int:
    """Measure in turns, so that both see the same machine; returns the exit code."""
    help_words, nothing = [sys.executable, "-m", "dora", "--help"], [sys.executable, "-c", "pass"]
    pairs = [(cpu_ms(help_words), cpu_ms(nothing)) for _ in range(runs)]
    ours, bare = zip(*pairs, strict=True)
    print(
        f"dora --help: least {min(ours):.0f} ms, median {statistics.median(ours):.0f} ms of processor time (limit {_LIMIT_MS})"
    )
    print(f"python -c pass: least {min(bare):.0f} ms; ratio {min(ours) / min(bare):.1f}")
    return 1 if min(ours) > _LIMIT_MS else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 15))
