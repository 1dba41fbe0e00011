"""Run every benchmark, one after the other; each prints ratios against a reference measured in the same run.

    python benchmarks/run.py [NAME...]

Real repositories are looked for in the folder that MIRROR names (bare clones as OWNER+NAME/repo); what needs one
that is not there says so and is skipped.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
#: acceptance.py compares figures and takes its folders as arguments; it is no benchmark.
OTHERS = ("run", "acceptance")


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all; returns the number that failed."""
    failed = 0
    for script in sorted(HERE.glob("*.py")):
        if script.stem in OTHERS or (names and script.stem not in names):
            continue
        print(f"\n== {script.stem} ==", flush=True)
        # -P: a benchmark may be called like the package that it measures.
        environment = os.environ | {"PYTHONPATH": str(HERE.parent)}
        failed += subprocess.run([sys.executable, "-P", str(script)], env=environment, check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
