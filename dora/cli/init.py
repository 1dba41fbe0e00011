"""`dora init`: a dora.toml from the git repository here and what it finds; asks for nothing secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from dora.cli.options import note
from dora.config import WarehouseTable
from dora.definition_log import definition_log_path
from dora.errors import ConfigError, DoraError
from dora.runs import runs_path

#: What stands beside dora.toml after an ingest and need not be kept in git: the data, and the log of the runs.
WRITTEN = ("*.duckdb*", "dora.runs.ndjson")
#: What stands there too and belongs into git: no ingest and no build brings back since when which definitions held.
KEPT = definition_log_path(Path(WarehouseTable().path)).name


@dataclass(frozen=True, slots=True)
class Found:
    """What the repository here says: its owner/name, its host, a pattern of version tags, and where it is.

    `root` is the way there from the folder of dora.toml; None when no repository is here.
    """

    name: str
    host: str | None
    tags: str | None
    root: str | None


@click.command("init")
@click.option("--folder", default=".", show_default=True, help="Where dora.toml is written.")
@click.option("--files", is_flag=True, help="Also write CSV templates for every record type to records/.")
@click.option("--force", is_flag=True, help="Overwrite an existing dora.toml.")
def command(folder: str, files: bool, force: bool) -> None:
    """Write dora.toml for the git repository here, ready for `dora ingest`; elsewhere, one to fill in."""
    base = Path(folder)
    target = base / "dora.toml"
    if target.exists() and not force:
        raise ConfigError(f"{target} exists; use --force to overwrite it")
    found = look(base)
    try:
        base.mkdir(parents=True, exist_ok=True)
        target.write_text(config_text(found, files), encoding="utf-8")
        if files:
            write_templates(base / "records")
    except OSError as error:
        raise DoraError(f"{base}: cannot be written: {error.strerror}") from None
    source = "" if found.root or files else "no git repository is here: write into it where one is, and "
    note(f"wrote {target}; {source}read it, then run `dora ingest` and `dora dashboard`")
    if _would_be_tracked(base):
        note(f"not all that `dora ingest` writes beside it is for git: put {' and '.join(WRITTEN)} into .gitignore")
        note(f"commit {KEPT} with dora.toml: it says since when which definitions hold, and nothing brings it back")


def look(folder: Path) -> Found:
    """Read the remote and the tags of the repository that holds `folder`; a plain folder gives its own name.

    The folder need not exist yet; it is then of the repository of the nearest one above it that does.
    """
    here = folder.resolve()
    at = next(place for place in (here, *here.parents) if place.is_dir())
    root = _root(at)
    remote = _git(at, "remote", "get-url", "origin")
    match = re.search(r"(?:@|://)(?:[^/@]*@)?([\w.-]+)(?::\d+)?[:/](.+?)(?:\.git)?/?$", remote)
    name = match[2] if match else (root or here).name
    return Found(
        name=name,
        host=match[1] if match else None,
        tags=_tag_pattern(_git(at, "tag").splitlines()),
        root=None if root is None else Path(os.path.relpath(root, here)).as_posix(),
    )


def config_text(found: Found, files: bool) -> str:
    """The text of dora.toml; what is only a suggestion is a comment."""
    owner, _, short = found.name.rpartition("/")
    parts = [_HEAD.format(organisation=_quoted(owner or short), service=_quoted(short), repository=_quoted(found.name))]
    tags = _TAGS.format(pattern=_quoted(found.tags), service=_quoted(short)) if found.tags else _NO_TAGS
    git = _GIT.format(repository=_quoted(found.name), url=_quoted(found.root or "PATH-OR-URL"), tags=tags)
    parts.append(git if found.root else _commented(_NO_GIT + git))
    if found.host and "github" in found.host:
        base = "" if found.host == "github.com" else f'base_url = "https://{found.host}/api/v3"\n'
        parts.append(_commented(_GITHUB.format(repository=_quoted(found.name), base=base)))
    if files:
        parts.append(_FILES)
    return "\n".join(parts)


def write_templates(folder: Path) -> None:
    """One CSV template a record type; files that exist are left alone."""
    from ingest.templates import template_files

    folder.mkdir(parents=True, exist_ok=True)
    for name, text in template_files().items():
        if not (folder / name).exists():
            (folder / name).write_text(text, encoding="utf-8")


def _would_be_tracked(folder: Path) -> bool:
    """Whether the folder is of a git repository that ignores not all of the data."""
    inside = _git(folder, "rev-parse", "--is-inside-work-tree") == "true"
    records = Path(WarehouseTable().path)
    names = (str(records), str(runs_path(records)))
    return inside and len(_git(folder, "check-ignore", *names).splitlines()) < len(names)


def _root(folder: Path) -> Path | None:
    """The top folder of the repository that holds `folder`, or the repository itself when it is bare."""
    found = _git(folder, "rev-parse", "--show-toplevel")
    if not found and _git(folder, "rev-parse", "--is-bare-repository") == "true":
        found = _git(folder, "rev-parse", "--absolute-git-dir")
    return Path(found) if found else None


def _git(folder: Path, *arguments: str) -> str:
    try:
        # Like an ingest, it looks into repositories of other owners too, and runs nothing that they name.
        command = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip() if done.returncode == 0 else ""


def _tag_pattern(tags: Sequence[str]) -> str | None:
    """The prefix that most numbered tags share, as a pattern; None when fewer than two are numbered."""
    prefixes = [match[1] for tag in tags if (match := re.fullmatch(r"(\D*?)\d+(?:\.\d+)*", tag))]
    return f"{max(set(prefixes), key=prefixes.count)}[0-9]*" if len(prefixes) > 1 else None


def _commented(text: str) -> str:
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _quoted(text: str | None) -> str:
    return json.dumps(text or "", ensure_ascii=False)


_HEAD = """\
# Read by every `dora` command. Secrets are never written here: options ending in _env name an environment variable.

[organisation]
name = {organisation}

[definitions]
timezone = "UTC"
# Names (or globs) of environments that are production, and of the last step before it.
production = ["production", "production-*", "prod", "prod-*", "live"]
rehearsal = ["staging", "staging-*", "stage", "preprod"]
failure_window = "24h"

[[team]]
name = "team"
services = [{service}]

[[service]]
name = {service}
repository = {repository}
"""
_GIT = """\
[[source]]
type = "git"
name = "git"
repositories = [{{ name = {repository}, url = {url} }}]
{tags}"""
_NO_GIT = """\
No git repository is here: write the path of a clone, or the address to clone from, and remove the comment signs.
"""
_TAGS = """\
# Every tag of this form counts as a deployment, at the tag's time. Remove it when a better source exists.
deployments = [{{ tags = {pattern}, environment = "production", service = {service} }}]
"""
_NO_TAGS = """\
# No version tags were found. Deployments can come from tags, a GitOps repository, GitHub, or files:
# deployments = [{ tags = "v*", environment = "production" }]
"""
_GITHUB = """\
Pull requests, deployments, releases and incidents from GitHub: remove the comment signs, and set GITHUB_TOKEN.
[[source]]
type = "github"
name = "github"
repositories = [{repository}]
token_env = "GITHUB_TOKEN"
{base}incident_labels = ["incident"]
"""
_FILES = """\
# CSV, NDJSON or Parquet for every tool without a connector; see records/ for the columns.
[[source]]
type = "files"
name = "files"
folder = "records"
"""
