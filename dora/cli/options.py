"""Options that several commands share, and what they turn into: a reader, a question."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import click

from dora.cli.mismatches import say_unapplied
from dora.cli.speech import READ as READ
from dora.cli.speech import note as note
from dora.cli.speech import progress as progress
from dora.cli.speech import say as say
from dora.config import load_config
from dora.definitions import CHANGES, CLOCKS, FAILURE_KINDS, NO_TEAM, NOT_FAILURES, Definitions
from dora.errors import ConfigError
from dora.period import EVERY, parse_period, parse_seconds
from dora.tables import nearest

if TYPE_CHECKING:
    from dora.warehouse import Reader
    from metrics.known_names import KnownNames
    from metrics.question import Question

Command = TypeVar("Command", bound=Callable[..., object])

config_option = click.option("-c", "--config", "config", metavar="FILE", help="dora.toml to use.")
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "csv", "parquet", "markdown"]),
    default="table",
    show_default=True,
)
out_option = click.option("--out", metavar="FILE", help="Write to a file instead of stdout.")

_FILTERS = (
    click.option(
        "--from", "start", metavar="DATE", help="First day, or a length such as 90d before --to; or 2025, 2025Q1."
    ),
    click.option("--to", "end", metavar="DATE", help="Day after the last one (exclusive); default: tomorrow."),
    click.option("--team", "teams", multiple=True, metavar="NAME"),
    click.option("--service", "services", multiple=True, metavar="NAME"),
    click.option("--environment", "environments", multiple=True, metavar="NAME"),
)
_DEFINITIONS = (
    click.option("--change", type=click.Choice(CHANGES), help="What a change is."),
    click.option("--clock", type=click.Choice(CLOCKS), help="Where its lead time starts."),
    click.option("--bots/--no-bots", "bots", default=None, help="Count changes made by bots."),
    click.option("--failure-window", metavar="24h", help="How long evidence counts: 24h, 7d, forever."),
    click.option("--failure-kinds", metavar="A,B", help="Kinds of evidence that count, comma-separated."),
)


def given_options(context: click.Context) -> dict[str, str]:
    """The options that stand on the command line: the name of the parameter, and how the option is written."""
    return {
        str(param.name): param.opts[0]
        for param in context.command.params
        if context.get_parameter_source(str(param.name)) is click.core.ParameterSource.COMMANDLINE
    }


def filter_options(command: Command) -> Command:
    """Add --from, --to, --team, --service and --environment."""
    return _add(command, _FILTERS)


def definition_options(command: Command) -> Command:
    """Add the options that override definitions for one answer."""
    return _add(command, _DEFINITIONS)


def _add(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The shared options as a person gave them."""

    start: str | None = None
    end: str | None = None
    teams: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    change: str | None = None
    clock: str | None = None
    bots: bool | None = None
    failure_window: str | None = None
    failure_kinds: str | None = None


def asked(values: dict[str, object]) -> Asked:
    """Take the shared options out of a command's keyword arguments."""
    return Asked(**{name: values.pop(name) for name in Asked.__slots__ if name in values})  # type: ignore[arg-type]


@contextmanager
def reading(config: str | None) -> Iterator[Reader]:
    """The published file of a configuration, opened for reading; a warning when it has other definitions."""
    from metrics.facts_version import open_facts

    loaded = load_config(config)
    reader = open_facts(loaded.published_path)
    try:
        say_unapplied(loaded, reader)
        yield reader
    finally:
        reader.close()


def deployment_meant(reader: Reader, text: str) -> str:
    """The id of the deployment that a person means; of a region the one that counts, which is said."""
    from metrics.deployment_search import meant

    found = meant(reader, text)
    if found.region is not None:
        note(f"{found.region} is a region of {found.deployment_id}, the deployment that counts")
    return found.deployment_id


def question_of(reader: Reader, asked: Asked, **more: object) -> Question:
    """The question that the options ask; names that do not exist are a `ConfigError` with the nearest one.

    So are services of which the teams asked for never owned any.
    """
    from metrics.known_names import known_names
    from metrics.question import Question, published_as_of, published_definitions, published_from

    definitions = overridden(published_definitions(reader), asked)
    now = datetime.now(UTC)
    known = known_names(reader)
    _check_names(known, asked)
    question = Question(
        period=parse_period(asked.start, asked.end, now, definitions.timezone),
        as_of=published_as_of(reader),
        data_from=published_from(reader),
        newest=known.last_at,
        teams=asked.teams,
        services=asked.services,
        environments=asked.environments,
        definitions=definitions,
        **more,  # type: ignore[arg-type]
    )
    _check_owners(reader, question)
    return question


def overridden(definitions: Definitions, asked: Asked) -> Definitions:
    """The definitions with the options' overrides."""
    if asked.change is not None:
        definitions = definitions.everywhere(change=asked.change)
    if asked.clock is not None:
        definitions = definitions.everywhere(clock=asked.clock)
    if asked.bots is not None:
        definitions = definitions.everywhere(bots=asked.bots)
    if asked.failure_window is not None:
        seconds = None if asked.failure_window == "forever" else parse_seconds(asked.failure_window)
        definitions = definitions.everywhere(failure_window_seconds=seconds)
    if asked.failure_kinds is not None:
        definitions = definitions.everywhere(failure_kinds=_kinds(asked.failure_kinds))
    return definitions


def every_option(command: Command) -> Command:
    """Add --every week|month|quarter."""
    return click.option("--every", type=click.Choice(EVERY), help="Also a line of figures per bucket.")(command)


def _kinds(text: str) -> tuple[str, ...]:
    kinds, valid = tuple(kind.strip() for kind in text.split(",") if kind.strip()), (*FAILURE_KINDS, *NOT_FAILURES)
    if not kinds:
        raise ConfigError(f"--failure-kinds is empty; name one or more of {', '.join(valid)}")
    for kind in kinds:
        if kind not in valid:
            raise ConfigError(f"--failure-kinds: unknown kind {kind!r}{nearest(kind, valid)}")
    return kinds


#: Why no name can be asked for, where there is not one.
_NONE_THERE = {
    "--team": ": no teams are configured; leave it out, or add a [[team]] to dora.toml and run `dora build`",
    "--service": ": no services are known; run `dora doctor`",
    "--environment": ": no production environments are known; run `dora doctor`",
}


def _check_names(known: KnownNames, asked: Asked) -> None:
    _check_production(known, asked.environments)
    for option, names, there in (
        ("--service", asked.services, known.services),
        ("--team", [name for name in asked.teams if name != NO_TEAM], known.teams),
        ("--environment", asked.environments, known.environments),
    ):
        for name in names:
            if name not in there:
                raise ConfigError(
                    f"{option}: there is no {name!r}{nearest(name, there) if there else _NONE_THERE[option]}"
                )


def _check_production(known: KnownNames, environments: Sequence[str]) -> None:
    """Figures are of production: an environment that is known but is none of it is not a slip of the pen."""
    for name in environments:
        if name in known.other_environments:
            others = ", ".join(map(repr, known.environments)) or "none"
            raise ConfigError(
                f"--environment: {name!r} is no production environment, and figures are of production alone; "
                f"choose of {others}, or set [definitions] production"
            )


def _check_owners(reader: Reader, question: Question) -> None:
    from metrics.slices import slices

    if not (question.services or NO_TEAM in question.teams) or not question.teams or slices(reader, question).members:
        return
    if not question.services:
        raise ConfigError(f"--team {NO_TEAM!r}: every service is of a team throughout this period; leave it out")
    owners = slices(reader, replace(question, by="team", teams=())).names
    services, theirs, teams = (", ".join(map(repr, names)) for names in (question.services, owners, question.teams))
    raise ConfigError(f"--service and --team match nothing: {services} is of {theirs}, not of {teams}; leave one out")
