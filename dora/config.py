"""dora.toml -> frozen dataclasses. The only reader of the configuration and of the environment.

Texts may hold `${NAME}`, replaced by that environment variable. Secrets never appear here: an option whose
name ends in `_env` holds the *name* of an environment variable, and only its source is handed the value.
Relative paths are relative to the folder of dora.toml, with one exception: where that folder is read-only the
warehouse is relative to the working directory, so that a read-only configuration works as it stands.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dora.definitions import Definitions
from dora.errors import ConfigError
from dora.period import parse_instant, parse_seconds
from dora.tables import read_table

_LENGTHS = {
    "failure_window": "failure_window_seconds",
    "replay_slot": "replay_slot_seconds",
    "proximity": "proximity_seconds",
}


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
    """One stretch `[since, until)` in which a team owns a service; open ends are None."""

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
    """One `[[service]]`: a repository, and path globs when the repository holds several services.

    `aliases`: other names under which deployments and incidents mention it.
    """

    name: str
    repository: str | None = None
    paths: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """One `[[source]]`: its type and name, and the rest for its module to read."""

    type: str
    name: str
    options: Mapping[str, object]
    place: str


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
    """The file as plain values, with `${NAME}` replaced."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return {key: _expand(value, f"{path}: {key}") for key, value in raw.items()}


def parse_config(raw: Mapping[str, object], path: Path, warehouse_base: Path) -> Config:
    """Turn plain values into a `Config`; `path` is where they came from."""
    lists = {"team": "teams", "service": "services", "source": "sources"}
    values: dict[str, object] = {}
    sources = _list(raw.get("source", []), f"{path}: [[source]]")
    for key, value in raw.items():
        if key != "source":
            values[lists.get(key, key)] = _definitions(value, path) if key == "definitions" else value
    shown = read_table(_Readable, values, str(path))
    config = Config(
        file=path,
        organisation=shown.organisation,
        warehouse=shown.warehouse,
        definitions=shown.definitions,
        teams=shown.teams,
        services=shown.services,
        sources=tuple(_source(table, i, path) for i, table in enumerate(sources)),
        warehouse_base=warehouse_base,
    )
    _check(config, path)
    return config


def secret_names(options: object) -> list[str]:
    """The environment variables that the `*_env` fields of a source's options name."""
    values = [getattr(options, f.name) for f in fields(options) if f.name.endswith("_env")]  # type: ignore[arg-type]
    return [value for value in values if isinstance(value, str)]


def secret_values(options: object) -> dict[str, str]:
    """The values of those of them that are set."""
    return {name: os.environ[name] for name in secret_names(options) if os.environ.get(name)}


def salt_value(config: Config) -> str:
    """The salt of the author hashes: the named environment variable, else the organisation's name."""
    return os.environ.get(config.warehouse.salt_env) or f"dora:{config.organisation.name}"


def cache_folder() -> Path:
    """Where clones are kept: `$DORA_CACHE`, else `$XDG_CACHE_HOME/dora`, else `~/.cache/dora`."""
    if os.environ.get("DORA_CACHE"):
        return Path(os.environ["DORA_CACHE"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dora"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Readable:
    organisation: Organisation = field(default_factory=Organisation)
    warehouse: WarehouseTable = field(default_factory=WarehouseTable)
    definitions: Definitions = field(default_factory=Definitions)
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()


def _definitions(value: object, path: Path) -> object:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{path}: [definitions] must be a table")
    out: dict[str, object] = {}
    for key, item in value.items():
        if key in _LENGTHS:
            forever = key == "failure_window" and item == "forever"
            out[_LENGTHS[key]] = None if forever else parse_seconds(str(item))
        else:
            out[key] = item
    return out


def _source(table: object, index: int, path: Path) -> SourceTable:
    place = f"{path}: [[source]] number {index + 1}"
    if not isinstance(table, Mapping):
        raise ConfigError(f"{place} must be a table")
    rest = {key: value for key, value in table.items() if key not in ("type", "name")}
    kind, name = table.get("type"), table.get("name", table.get("type"))
    if not isinstance(kind, str) or not isinstance(name, str):
        raise ConfigError(f'{place}: type is missing; add type = "git", "gitops", "files" or "github"')
    return SourceTable(type=kind, name=name, options=rest, place=f"{path}: [[source]] {name!r}")


def _check(config: Config, path: Path) -> None:
    for what, names in (
        ("team", [team.name for team in config.teams]),
        ("service", [service.name for service in config.services]),
        ("source", [source.name for source in config.sources]),
    ):
        double = sorted({name for name in names if names.count(name) > 1})
        if double:
            raise ConfigError(f"{path}: two [[{what}]] tables are named {double[0]!r}; names must differ")
    try:
        ZoneInfo(config.definitions.timezone)
    except (KeyError, ValueError, OSError):
        raise ConfigError(
            f"{path}: [definitions] timezone {config.definitions.timezone!r} is not known; use a name such as Europe/London"
        ) from None
    for team in config.teams:
        for owned in team.owns:
            for moment in (owned.since, owned.until):
                ownership_instant(moment)


def ownership_instant(text: str | None) -> datetime | None:
    """An end of an `Ownership` as aware UTC; None stays open."""
    return None if text is None else parse_instant(text)


def _is_writable(folder: Path) -> bool:
    """By its permission bits too: the superuser may write into a folder that is meant to be read-only."""
    return bool(folder.stat().st_mode & 0o222) and os.access(folder, os.W_OK)


def _list(value: object, place: str) -> list[object]:
    if not isinstance(value, list):
        raise ConfigError(f"{place} must be written with double brackets")
    return value


def _expand(value: object, place: str) -> object:
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)\}", lambda match: _variable(match[1], place), value)
    if isinstance(value, list):
        return [_expand(item, place) for item in value]
    if isinstance(value, dict):
        return {key: _expand(item, f"{place}.{key}") for key, item in value.items()}
    return value


def _variable(name: str, place: str) -> str:
    if name not in os.environ:
        raise ConfigError(f"{place}: the environment variable {name} is not set; set it, or write the value instead")
    return os.environ[name]
