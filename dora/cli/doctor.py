"""`dora doctor`: what is configured, what can be reached, what the data holds; each problem with its next step."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal, cast

import click

from dora.cli.mismatches import lost_decisions, retired_sources, unknown_services, unread_paths
from dora.cli.options import config_option
from dora.config import Config, SourceTable, load_config
from dora.environment import secret_names
from dora.errors import DoraError, LockedError, WarehouseError
from dora.runs import last_read, read_runs
from dora.tables import read_table

if TYPE_CHECKING:
    from dora.warehouse import Reader

State = Literal["ok", "warning", "problem"]
STALE = timedelta(days=2)
#: So many services of one verdict are told one by one, to a person.
MOST_ALIKE = 10
#: So many environments are named, the most used first: previews may be thousands.
MOST_ENVIRONMENTS = 50
#: Of an environment that services take for different things so many of one mind are named; more are counted.
MOST_NAMED = 3
#: What a service may take an environment for, by the columns of doctor_environments.sql.
KINDS = {"production": "production", "rehearsal": "rehearsal", "neither": "neither production nor rehearsal"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `next_step` is empty when nothing needs doing."""

    area: str
    state: State
    found: str
    next_step: str = ""


@click.command("doctor")
@config_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--offline", is_flag=True, help="Do not try to reach the sources.")
def command(config: str | None, as_json: bool, offline: bool) -> None:
    """Check configuration, tokens, sources and data; say what to do next. Exit 1 when something is broken."""
    loaded = load_config(config)
    checks = list(_checks(loaded, offline))
    if as_json:
        click.echo(json.dumps({"schema_version": 1, "checks": [asdict(check) for check in checks]}, indent=1))
    else:
        for check in _few(checks):
            mark = {"ok": "ok     ", "warning": "warning", "problem": "PROBLEM"}[check.state]
            click.echo(
                f"{mark}  {check.area}: {check.found}" + (f"\n         -> {check.next_step}" if check.next_step else "")
            )
    sys.exit(1 if any(check.state == "problem" for check in checks) else 0)


def _few(checks: Sequence[Check]) -> Iterator[Check]:
    """The checks as a person reads them: of many services with one verdict the first, then how many more."""
    alike = Counter((check.area, check.state, check.next_step) for check in checks)
    told = Counter[tuple[str, str, str]]()
    for check in checks:
        key = (check.area, check.state, check.next_step)
        told[key] += 1
        if check.area != "services" or told[key] <= MOST_ALIKE:
            yield check
        elif told[key] == alike[key]:
            yield replace(check, found=f"{alike[key] - MOST_ALIKE} more like these; --json tells them all")


def _checks(config: Config, offline: bool) -> Iterator[Check]:
    from dashboard.units import many

    held = {"source": config.sources, "service": config.services, "team": config.teams}
    counts = ", ".join(many(len(tables), one) for one, tables in held.items())
    yield Check("configuration", "ok", f"{config.file}: {counts}")
    yield _records(config)
    if not config.sources:
        yield Check("sources", "problem", "none is configured", "add a [[source]]; `dora init` writes examples")
    for table in config.sources:
        try:
            yield from _secrets(table)
            if not offline:
                yield from _reach(config, table)
        except DoraError as error:
            yield Check(f"source {table.name}", "problem", str(error), "mend it, then run `dora doctor` again")
    yield from _published(config)


def _records(config: Config) -> Check:
    """Whether the records can be opened; a writer that has them open now is no problem, and one that comes now waits."""
    from dora.lock import write_lock
    from dora.warehouse import open_published

    path = config.warehouse_path
    if path.exists():
        try:
            with write_lock(path, "dora doctor"):
                open_published(path).close()
        except LockedError:
            return Check("warehouse", "ok", f"{path}, being written now")
        except WarehouseError as error:
            if "conflicting lock" in str(error.__cause__).lower():
                return Check("warehouse", "ok", f"{path}, open in another program now")
            found, _, step = str(error).partition("; ")
            return Check("warehouse", "problem", found, step)
    return Check("warehouse", "ok", f"{path}")


def _secrets(table: SourceTable) -> Iterator[Check]:
    from ingest.source import source_module

    module = source_module(table.type, table.place)
    for name in secret_names(read_table(module.Options, table.options, table.place)):
        there = bool(os.environ.get(name))
        step = "" if there else f"export {name} (a token with read access) before `dora ingest`"
        yield Check(
            f"source {table.name}", "ok" if there else "problem", f"{name} is {'set' if there else 'not set'}", step
        )


def _reach(config: Config, table: SourceTable) -> Iterator[Check]:
    from dora.cli.ingest import open_sources

    for source in open_sources(config, [table]):
        for line in source.probe():
            yield Check(f"source {table.name}", "ok", line)


def _published(config: Config) -> Iterator[Check]:
    from metrics.facts_version import open_facts

    if not config.published_path.exists():
        yield Check("data", "problem", "nothing is published yet", "run `dora ingest`")
        return
    try:
        reader = open_facts(config.published_path)
    except DoraError as error:
        yield Check("data", "problem", str(error))
        return
    try:
        looks: tuple[Callable[[Config, Reader], Iterator[Check]], ...] = (
            _freshness,
            _runs,
            _retired,
            _environments,
            _services,
            _decisions,
            _quality,
        )
        for look in looks:
            yield from look(config, reader)
    finally:
        reader.close()


def _freshness(config: Config, reader: Reader) -> Iterator[Check]:
    from dora.cli.publishing import setting_of
    from metrics.question import NEVER_READ, published_as_of

    meta = reader.meta()
    known = published_as_of(reader)
    old = datetime.now(UTC) - known > STALE
    step = "run `dora ingest`, and schedule it (see the README)" if old else ""
    told = "no source has told anything yet" if known == NEVER_READ else f"data as of {known:%Y-%m-%d %H:%M} UTC"
    yield Check("freshness", "warning" if old else "ok", told, step)
    if meta.get("setting_hash") != setting_of(config).hash:
        yield Check(
            "definitions", "warning", "the configuration changed since the facts were built", "run `dora build`"
        )
    else:
        own = ", ".join(name for name, _ in config.definitions.services)
        more = f"; of their own: {own}" if own else ""
        yield Check("definitions", "ok", f"hash {config.definitions.hash}, as published{more}")


def _runs(config: Config, _reader: Reader) -> Iterator[Check]:
    """Configured sources that no run in the log read to its end, or none lately; silent without a log."""
    read = last_read(config.warehouse_path)
    for table in config.sources if read_runs(config.warehouse_path) else ():
        at = read.get(table.name)
        if at is None or datetime.now(UTC) - at > STALE:
            found = "no run in the log read it to its end" if at is None else f"last read on {at:%Y-%m-%d %H:%M} UTC"
            yield Check(f"source {table.name}", "warning", found, f"run `dora ingest {table.name}`")


def _retired(config: Config, reader: Reader) -> Iterator[Check]:
    for name, sentence, step in retired_sources(config, reader):
        yield Check(f"source {name}", "warning", sentence, step)


def _environments(_config: Config, reader: Reader) -> Iterator[Check]:
    from dashboard.units import many
    from metrics.slices import read_sql

    rows = reader.records(read_sql("doctor_environments"))
    for row in rows[:MOST_ENVIRONMENTS]:
        count = many(_whole(row["deployments"]), "deployment")
        yield Check("environments", "ok", f"{row['environment']}: {count}{_taken_for(row)}")
    if more := rows[MOST_ENVIRONMENTS:]:
        yield Check("environments", "ok", f"{len(more)} more, with fewer deployments each")
    if rows and not any(row["production"] for row in rows):
        if not any(row[kind] for row in rows for kind in KINDS):
            found, step = (
                "all deployments are of no known service",
                "add a [[service]] for the names below, or an alias",
            )
        else:
            found = "no environment counts as production"
            step = "set [definitions] production to one of the names above, then `dora build`"
        yield Check("environments", "problem", found, step)


def _taken_for(row: Mapping[str, object]) -> str:
    """What an environment is, by the definitions of each service that deploys there: `, production` where they agree."""
    services = {name: cast("Sequence[str]", row[kind]) for kind, name in KINDS.items() if row[kind]}
    if len(services) < 2:
        return f", {next(iter(services), 'of no known service')}"
    of = sum(map(len, services.values()))
    return "; " + ", ".join(f"{name} for {_whom(found, of)}" for name, found in services.items())


def _whom(services: Sequence[str], of: int) -> str:
    return ", ".join(services) if len(services) <= MOST_NAMED else f"{len(services)} of {of} services"


def _services(config: Config, reader: Reader) -> Iterator[Check]:
    from dashboard.units import many
    from metrics.slices import read_sql

    homeless = {service.name for service in config.services if service.repository is None}
    for row in reader.records(read_sql("doctor_services")):
        count, commits, unresolved = (_whole(row[name]) for name in ("deployments", "commits", "unresolved"))
        text = (
            f"{row['service']}: {many(count, 'production deployment')}, {many(commits, 'change')} shipped, "
            f"{unresolved} of unknown commit"
        )
        if count == 0:
            yield Check(
                "services", "warning", text, "check its name and aliases, and that a source delivers its deployments"
            )
        elif unresolved * 2 > count:
            yield Check("services", "warning", text, _unresolved_step(row, homeless))
        else:
            yield Check("services", "ok", text)
    for sentence in unread_paths(reader):
        yield Check("services", "warning", sentence, "run `dora ingest`, which reads them")
    for sentence in unknown_services(config):
        yield Check("teams", "warning", sentence, "correct the name")


def _unresolved_step(row: Mapping[str, object], homeless: Set[str]) -> str:
    """What to do about versions that are no known commit."""
    from metrics.deployments import NOT_READ

    if row["service"] in homeless:
        return "set `repository` of its [[service]], and let a git source read it; until then its changes and reverts are unknown"
    if row["reason"] in (None, NOT_READ):
        return "check its repository, and that a git source reads it"
    return "its versions are no tags or commits of its repository: check both, and what its source takes for a version"


def _decisions(config: Config, reader: Reader) -> Iterator[Check]:
    for sentence in lost_decisions(config, reader):
        yield Check("decisions", "warning", sentence, f"correct or remove it in {config.overrides_path.name}")


def _quality(_config: Config, reader: Reader) -> Iterator[Check]:
    from dashboard.findings import counted, effects
    from dashboard.units import many
    from metrics.contents import contents
    from metrics.quality import findings

    held = contents(reader)
    for finding in findings(reader):
        example = f" (as {finding.examples[0]})" if finding.examples else ""
        touched = f"; touches {effects(finding.effects)}" if finding.effects else ""
        yield Check("quality", "warning", f"{counted(finding)}{example}{touched}", finding.next_step)
    if held.rejections:
        yield Check(
            "rejected",
            "warning",
            f"{many(held.rejections, 'row')} could not be read",
            "`dora export --table rejected` lists each with its reason",
        )


def _whole(cell: object) -> int:
    return int(str(cell))
