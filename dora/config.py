"""dora.toml -> frozen dataclasses. With `dora.environment` the only reader of the configuration.

Texts may hold `${NAME}`, replaced by that environment variable. Secrets never appear here: an option whose
name ends in `_env` holds the *name* of an environment variable, and only its source is handed the value.
Relative paths are relative to the folder of dora.toml, with one exception: where that folder is read-only the
warehouse is relative to the working directory, so that a read-only configuration works as it stands.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from dora.definition_tables import all_definitions
from dora.definitions import NO_TEAM, Definitions
from dora.environment import expanded, secret
from dora.errors import ConfigError
from dora.period import parse_instant
from dora.tables import nearest, read_table

T = TypeVar("T")
_TABLES = ("organisation", "warehouse", "definitions", "team", "service", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The `[organisation]` table; `made_up` labels every page and report of demonstration data."""

    name: str = "organisation"
    made_up: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WarehouseTable:
    """The `[warehouse]` table: where the files are, and whether names of people are kept for `--names`.

    `salt_env`: environment variable with the salt of the author hashes; set it once, before the first ingest.
    """

    path: str = "dora.duckdb"
    names: bool = True
    salt_env: str = "DORA_SALT"
    memory_limit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One stretch `[since, until)` in which a team owns a service; open ends are None.

    Days, and moments without an offset, are those of the time zone of `[definitions]`.
    """

    service: str
    since: str | None = None
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """One `[[team]]`: `services` it has always owned, `owns` for stretches of time."""

    name: str
    services: tuple[str, ...] = ()
    owns: tuple[Ownership, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One `[[service]]`: a repository, and path globs (see `metrics.path_globs`) when it holds several services.

    `aliases`: other names under which deployments and incidents mention it. `definitions`: a `[service.definitions]`
    table below it with those settings of `[definitions]` that differ for this service.
    """

    name: str
    repository: str | None = None
    paths: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    definitions: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """One `[[source]]`: its type and name, and the rest, as it is written, for its module to read."""

    type: str
    name: str
    written: Mapping[str, object]
    place: str

    @property
    def options(self) -> Mapping[str, object]:
        """The rest with `${NAME}` replaced, which only whoever reads the source needs to have set."""
        return cast("Mapping[str, object]", expanded(self.written, self.place))


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything in dora.toml; `file` is None for the built-in defaults."""

    file: Path | None = None
    organisation: Organisation = field(default_factory=Organisation)
    warehouse: WarehouseTable = field(default_factory=WarehouseTable)
    definitions: Definitions = field(default_factory=Definitions)
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    sources: tuple[SourceTable, ...] = ()
    warehouse_base: Path = field(default_factory=Path.cwd)

    @property
    def folder(self) -> Path:
        """The folder of dora.toml, or the working directory."""
        return self.file.parent if self.file else Path.cwd()

    @property
    def warehouse_path(self) -> Path:
        """The records file."""
        return self.warehouse_base / self.warehouse.path

    @property
    def published_path(self) -> Path:
        """The file that every read command opens: `NAME.published.duckdb` beside the records."""
        return self.warehouse_path.with_name(self.warehouse_path.stem + ".published.duckdb")

    @property
    def overrides_path(self) -> Path:
        """The reviewed file of human decisions, beside dora.toml."""
        return self.folder / "dora.overrides.toml"


def find_config(option: str | None) -> Path:
    """The configuration file: `-c FILE`, else `$DORA_CONFIG`, else dora.toml here or in a parent folder."""
    if option or os.environ.get("DORA_CONFIG"):
        path = Path(option or os.environ["DORA_CONFIG"])
        if not path.is_file():
            raise ConfigError(f"{path}: no such configuration file; check -c or DORA_CONFIG")
        return path.resolve()
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "dora.toml").is_file():
            return folder / "dora.toml"
    raise ConfigError(f"no dora.toml in {here} or above; run `dora init` to write one, or `dora demo` to look around")


def load_config(option: str | None = None) -> Config:
    """Read and check the configuration; every mistake is a `ConfigError` that names file and key."""
    path = find_config(option)
    return parse_config(read_toml(path), path, path.parent if _is_writable(path.parent) else Path.cwd())


def read_toml(path: Path) -> dict[str, object]:
    """The file as plain values, with `${NAME}` replaced but in sources, see `SourceTable`."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return {key: value if key == "source" else expanded(value, f"{path}: {key}") for key, value in raw.items()}


def parse_config(raw: Mapping[str, object], path: Path, warehouse_base: Path) -> Config:
    """Turn plain values into a `Config`; `path` is where they came from."""
    for key in raw:
        if key not in _TABLES:
            raise ConfigError(f"{path}: unknown key {key!r}{nearest(key, _TABLES)}")
    services = _tables(Service, raw, "service", path)
    config = Config(
        file=path,
        organisation=_table(Organisation, raw, "organisation", path),
        warehouse=_table(WarehouseTable, raw, "warehouse", path),
        definitions=all_definitions(
            _mapping(raw, "definitions", path), {s.name: s.definitions for s in services}, str(path)
        ),
        teams=_tables(Team, raw, "team", path),
        services=services,
        sources=tuple(_source(table, place) for table, place in _rows(raw, "source", path)),
        warehouse_base=warehouse_base,
    )
    _check(config, path)
    return config


def salt_value(config: Config) -> str:
    """The salt of the author hashes: the named environment variable, else the organisation's name."""
    return secret(config.warehouse.salt_env) or f"dora:{config.organisation.name}"


def cache_folder() -> Path:
    """Where clones are kept: `$DORA_CACHE`, else `$XDG_CACHE_HOME/dora`, else `~/.cache/dora`."""
    if os.environ.get("DORA_CACHE"):
        return Path(os.environ["DORA_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dora"


def _source(table: Mapping[str, object], place: str) -> SourceTable:
    rest = {key: value for key, value in table.items() if key not in ("type", "name")}
    kind, name = (expanded(value, place) for value in (table.get("type"), table.get("name", table.get("type"))))
    if not isinstance(kind, str):
        raise ConfigError(f'{place}: type is missing; add type = "git", "gitops", "files" or "github"')
    if not isinstance(name, str):
        raise ConfigError(f"{place}: name must be text in quotes, got {name!r}")
    if "/" in name:
        raise ConfigError(f"{place}: name {name!r} has a slash, which ends the name in ids such as ci/41; leave it out")
    return SourceTable(type=kind, name=name, written=rest, place=f"{place} {name!r}")


def _check(config: Config, path: Path) -> None:
    for what, names in (
        ("team", [team.name for team in config.teams]),
        ("service", [service.name for service in config.services]),
        ("source", [source.name for source in config.sources]),
    ):
        if any(not name.strip() for name in names):
            raise ConfigError(f"{path}: a [[{what}]] table has an empty name; give it one")
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ConfigError(f"{path}: two [[{what}]] tables are named {double[0]!r}; names must differ")
    _check_aliases(config.services, path)
    for service in config.services:
        _check_paths(service, f"{path}: [[service]] {service.name!r}: paths")
    for team in config.teams:
        place = f"{path}: [[team]] {team.name!r}"
        if team.name == NO_TEAM:
            raise ConfigError(f"{place} is the name of what no team owns; give the team another one")
        for owned in team.owns:
            _check_ownership(owned, config.definitions.timezone, f"{place}: owns {owned.service!r}")


def _check_aliases(services: Sequence[Service], path: Path) -> None:
    """What goes by the name of two services would be of one of them by chance."""
    owners: dict[str, str] = {service.name: service.name for service in services}
    for service in services:
        for alias in service.aliases:
            other = owners.setdefault(alias, service.name)
            if other != service.name:
                raise ConfigError(
                    f"{path}: [[service]] {service.name!r} and {other!r} both go by {alias!r}; "
                    "leave that alias to the one that it means"
                )


def _check_paths(service: Service, place: str) -> None:
    """Globs name what is a service's own: a `!` in front would be taken for a part of a name, and nothing would match."""
    wrong = next((glob for glob in service.paths if glob.startswith("!")), None)
    if wrong is not None:
        raise ConfigError(
            f'{place}: {wrong!r} begins with "!", but paths cannot be excluded; list the paths that are its own instead, '
            f"as in src/** (a name that begins with it is written {'?' + wrong[1:]!r})"
        )


def _check_ownership(owned: Ownership, timezone: str, place: str) -> None:
    try:
        since, until = ownership_instant(owned.since, timezone), ownership_instant(owned.until, timezone)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from None
    if since and until and since >= until:
        raise ConfigError(f"{place}: since {owned.since} is not before until {owned.until}; swap or correct them")


def ownership_instant(text: str | None, timezone: str) -> datetime | None:
    """An end of an `Ownership` as aware UTC; a day begins at midnight of the time zone. None stays open."""
    return None if text is None else parse_instant(text, ZoneInfo(timezone))


def _is_writable(folder: Path) -> bool:
    """By its permission bits too: the superuser may write into a folder that is meant to be read-only."""
    return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK)


def _table(kind: type[T], raw: Mapping[str, object], key: str, path: Path) -> T:
    return read_table(kind, _mapping(raw, key, path), f"{path}: [{key}]")


def _tables(kind: type[T], raw: Mapping[str, object], key: str, path: Path) -> tuple[T, ...]:
    return tuple(read_table(kind, table, place) for table, place in _rows(raw, key, path))


def _mapping(raw: Mapping[str, object], key: str, path: Path) -> Mapping[str, object]:
    value = raw.get(key, {})
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: {key} must be a table; write [{key}] on a line of its own")
    return value


def _rows(raw: Mapping[str, object], key: str, path: Path) -> list[tuple[Mapping[str, object], str]]:
    """The tables of a list, each with its place for messages."""
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(table, Mapping) for table in value):
        raise ConfigError(f"{path}: {key} must be a list of tables; write [[{key}]] with double brackets")
    return [(table, f"{path}: [[{key}]] number {i}") for i, table in enumerate(value, 1)]
