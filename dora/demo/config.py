"""Writes the dora.toml of the made-up organisation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from dora.demo import environments
from dora.demo.organisation import MOVED_DAYS_AGO, MOVED_FROM, MOVED_SERVICE, MOVED_TO, NAME, TEAMS, Team, repository_of
from dora.demo.records import SOURCE


def folder_of(repository: str) -> str:
    """Where a repository is, relative to dora.toml."""
    return f"repositories/{repository.split('/')[-1]}.git"


def config_text(until: datetime, repositories: Sequence[str], teams: tuple[Team, ...] = TEAMS) -> str:
    """The whole file; without `repositories` everything comes from the files in `records/`."""
    parts = [_head()]
    parts += [_team(team, until, teams) for team in teams]
    parts += [_service(team, service) for team in teams for service in team.services]
    if repositories:
        parts += [_git(repositories), _gitops()]
    parts.append(f'[[source]]\ntype = "files"\nname = "{SOURCE}"\nfolder = "records"\n')
    return "\n".join(parts)


def _head() -> str:
    return (
        "# Made-up data: no organisation, service or person in it exists.\n\n"
        f"[organisation]\nname = {json.dumps(NAME)}\nmade_up = true\n\n"
        '[warehouse]\npath = "dora.duckdb"\n\n'
        '[definitions]\ntimezone = "UTC"\nproduction = ["production"]\nrehearsal = ["staging"]\n'
    )


def _team(team: Team, until: datetime, teams: tuple[Team, ...]) -> str:
    moves = MOVED_SERVICE in [service for other in teams for service in other.services]
    always = [service for service in team.services if not (moves and service == MOVED_SERVICE)]
    lines = ["[[team]]", f"name = {json.dumps(team.name)}", f"services = {json.dumps(always)}"]
    moved = f"{until - timedelta(days=MOVED_DAYS_AGO):%Y-%m-%d}"
    if moves and team.name in (MOVED_FROM, MOVED_TO):
        end = "until" if team.name == MOVED_FROM else "since"
        lines.append(
            f'# The service changed hands on {moved}.\nowns = [{{ service = "{MOVED_SERVICE}", {end} = "{moved}" }}]'
        )
    return "\n".join(lines) + "\n"


def _service(team: Team, service: str) -> str:
    lines = ["[[service]]", f'name = "{service}"', f'repository = "{repository_of(team, service)}"']
    if team.path_globs:
        lines.append(f'paths = ["services/{service}/**", "libs/**"]')
    return "\n".join(lines) + "\n"


def _git(repositories: Sequence[str]) -> str:
    rows = [f'  {{ name = "{name}", url = "{folder_of(name)}" }},' for name in repositories]
    return "\n".join(['[[source]]\ntype = "git"\nname = "repositories"\nrepositories = [', *rows, "]\n"])


def _gitops() -> str:
    url = folder_of(environments.NAME)
    return (
        '[[source]]\ntype = "gitops"\nname = "environments"\n'
        f'repository = {{ name = "{environments.NAME}", url = "{url}" }}\n'
        f'files = ["{environments.FILES}"]\nversion_key = "{environments.VERSION_KEY}"\ncommit = "tag"\n'
    )
