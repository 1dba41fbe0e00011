"""Compare the command line's figures with an independent computation on a real organisation's history.

    python benchmarks/acceptance.py MIRROR ACCEPTANCE

MIRROR holds bare clones named OWNER+NAME/repo; ACCEPTANCE holds CASE.toml and CASE-expected.json. Runs the real
`dora ingest` and `dora metrics` in a temporary folder and compares every figure to the last printed digit.
Exits 0 and says so when a folder is not there, 1 when a figure differs.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

LEAD_TIMES = {
    "commit_committed (default)": [],
    "commit_authored": ["--clock", "authored"],
    "all_commits_committed": ["--change", "all_commits"],
    "commit_committed_without_bots": ["--no-bots"],
    "mainline_committed": ["--change", "mainline"],
}
FAILURES = {
    "rollback": ("rollback", "forever"),
    "out_of_order (not a failure)": ("out_of_order", "forever"),
    "replay (not a failure)": ("replay", "forever"),
    "revert within 24 h": ("revert", "24h"),
    "revert within 7 d": ("revert", "7d"),
    "revert ever": ("revert", "forever"),
    "rollback or revert within 24 h": ("rollback,revert", "24h"),
    "rollback or revert within 7 d": ("rollback,revert", "7d"),
}


def main(arguments: list[str]) -> int:
    """Run every case of the acceptance folder; returns the exit code."""
    mirror, acceptance = (Path(a).resolve() for a in arguments) if len(arguments) == 2 else (Path("-"), Path("-"))
    if not mirror.is_dir() or not acceptance.is_dir():
        print(f"skipped: {mirror if acceptance.is_dir() else acceptance} is not there")
        return 0
    differences = compared = 0
    for expected in sorted(acceptance.glob("*-expected.json")):
        config = acceptance / f"{expected.name.removesuffix('-expected.json')}.toml"
        with tempfile.TemporaryDirectory() as folder:
            dora = Dora(config, mirror, Path(folder))
            dora.run("ingest")
            for place, got, wanted in differing(dora, json.loads(expected.read_text())):
                compared += 1
                if not same(place, got, wanted):
                    differences += 1
                    print(f"{place}: got {got}, expected {wanted}")
    print(f"{compared} figures compared, {differences} differ")
    return 1 if differences or not compared else 0


class Dora:
    """The command line in a folder of its own."""

    def __init__(self, config: Path, mirror: Path, folder: Path) -> None:
        self.config, self.folder = config, folder
        root = Path(__file__).resolve().parents[1]
        self.environment = os.environ | {"MIRROR": str(mirror), "PYTHONPATH": str(root)}

    def run(self, command: str, *options: str) -> str:
        """Standard output of one command."""
        call = [sys.executable, "-m", "dora", command, "-c", str(self.config), *options]
        return subprocess.run(
            call, cwd=self.folder, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        ).stdout

    def groups(self, start: str, end: str, *options: str) -> dict[str, dict[str, object]]:
        """Service -> its metrics in [start, end)."""
        text = self.run("metrics", "--from", start, "--to", end, "--by", "service", "--format", "json", *options)
        return {group["name"]: group for group in json.loads(text)["groups"]}


def differing(dora: Dora, expected: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """(place, figure, expected figure) for every leaf of the expected document."""
    for window, case in expected["windows"].items():  # type: ignore[attr-defined]
        span = (case["from"], case["to"])
        base = dora.groups(*span)
        leads = {name: dora.groups(*span, *options) for name, options in LEAD_TIMES.items()}
        fails = {
            name: dora.groups(*span, "--failure-kinds", kinds, "--failure-window", length)
            for name, (kinds, length) in FAILURES.items()
        }
        for service, wanted in case["services"].items():
            got = figures(base[service]) | {
                "lead_time_hours": {name: lead_time(groups[service]) for name, groups in leads.items()},
                "failures": {name: failure(groups[service]) for name, groups in fails.items()},
            }
            yield from leaves(f"{window} {service}", got, wanted)


def figures(group: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """The figures that need no setting."""
    frequency = group["deployment_frequency"]
    return {
        "deploys": frequency["deployments"],
        "days_with_deploy": frequency["days_with_deployment"],
        "iso_weeks_with_deploy": frequency["weeks_with_deployment"],
        "relation": frequency["relations"],
        "rehearsed_in_staging": frequency["rehearsed"],
        "batch_commits_median": frequency["median_commits"],
        "commits_first_ship": frequency["commits"],
        "rework_deploys": group["deployment_rework_rate"]["rework"],
        "staging_to_production_seconds_median": frequency["median_rehearsal_seconds"],
        "by_weekday_monday_first_utc": frequency["by_weekday"],
    }


def lead_time(group: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """Lead time in hours."""
    lead = group["change_lead_time"]
    return {"n": lead["n"]} | {name: hours(lead[f"{name}_seconds"]) for name in ("median", "p75", "p90")}


def failure(group: Mapping[str, dict[str, object]]) -> dict[str, object]:
    """Failed deployments, rate and median recovery under one rule."""
    fails, recovery = group["change_fail_rate"], group["failed_deployment_recovery_time"]
    return {
        "failed_deployments": fails["failed"],
        "rate": round(float(str(fails["rate"])), 5),
        "recovery_hours_median": hours(recovery["median_seconds"]),
    }


def hours(seconds: object) -> float | None:
    """Seconds as hours, not rounded."""
    return None if seconds is None else float(str(seconds)) / 3600


def same(place: str, got: object, wanted: object) -> bool:
    """Equal; of hours, the three printed digits must be a correct rounding (an exact half may go either way)."""
    if "hours" in place and isinstance(wanted, float) and isinstance(got, float):
        return abs(got - wanted) <= 0.0005 + 1e-9
    return got == wanted


def leaves(place: str, got: object, wanted: object) -> Iterator[tuple[str, object, object]]:
    """Every pair of leaves of two documents of the same shape."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in wanted.keys() | got.keys():
            yield from leaves(f"{place} / {key}", got.get(key), wanted.get(key))
    else:
        yield place, got, wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
