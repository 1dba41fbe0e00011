"""Human decisions on the ledger: `dora.overrides.toml` beside dora.toml, meant to be reviewed and committed.

A decision names its deployment by id, and also by service, environment, version and time, so that it still finds it
after the data was read again under other ids.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from dora.errors import ConfigError
from dora.tables import read_table

Decision = Literal["blame", "absolve"]
_HEAD = """\
# What people decided about deployments: `dora blame` and `dora absolve` append here, `dora build` applies it.
# Review and commit this file; a decision is withdrawn by removing its table.
"""


class Deployment(Protocol):
    """What is looked at to find the deployment of a decision."""

    @property
    def service(self) -> str: ...
    @property
    def environment(self) -> str: ...
    @property
    def version(self) -> str | None: ...
    @property
    def finished_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """One decision. `finished_at`: ISO 8601, UTC without a zone; `incident`: the id that its source gives it."""

    deployment: str
    service: str
    environment: str
    version: str | None = None
    finished_at: str | None = None
    reason: str
    incident: str | None = None
    decided_at: str | None = None

    def is_about(self, deployed: Deployment) -> bool:
        """Whether it was decided about what finished there at that time, under whatever id it goes now."""
        named = (self.service, self.environment, self.version, (self.finished_at or "").replace("T", " "))
        return named == (deployed.service, deployed.environment, deployed.version, str(deployed.finished_at))


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """All decisions, in the order of the file."""

    blame: tuple[Override, ...] = ()
    absolve: tuple[Override, ...] = ()


def read_overrides(path: Path) -> Overrides:
    """The decisions in a file; none when there is no file. A mistake in it is a `ConfigError` naming the place."""
    try:
        raw: Mapping[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Overrides()
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}; correct it, then run the command again") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return read_table(Overrides, raw, str(path))


def append_override(path: Path, decision: Decision, override: Override) -> None:
    """Add one decision at the end of the file, which is made when missing.

    A file that cannot be read, or not any more with the decision in it, is a `ConfigError` and is left as it was.
    """
    read_overrides(path)
    lines = [f"\n[[{decision}]]"]
    for field in fields(Override):
        value = getattr(override, field.name)
        if value is not None:
            lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    added = "\n".join(lines) + "\n"
    try:
        _check_joined(path, decision, added)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(added if stream.tell() else _HEAD + added)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None


def _check_joined(path: Path, decision: Decision, added: str) -> None:
    """A list written as `blame = [...]` takes no `[[blame]]` after it."""
    try:
        tomllib.loads((path.read_text(encoding="utf-8") if path.exists() else "") + added)
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"{path}: write each decision as a [[{decision}]] table of its own to add one more") from None
