"""The command line: lazy sub-commands, one module each, and the only place that imports upwards.

Data goes to stdout; progress and logs to stderr. Nothing heavy is imported before a command needs it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from typing import Any

import click

from dora import __version__
from dora.cli.groups import HintingGroup
from dora.errors import DoraError

#: command -> (module, one line of help): the help page imports none of the modules.
COMMANDS = {
    "demo": ("dora.cli.demo", "Look around in a made-up organisation, offline."),
    "init": ("dora.cli.init", "Write dora.toml for the repository here."),
    "doctor": ("dora.cli.doctor", "Check configuration, sources and data; say what to do next."),
    "ingest": ("dora.cli.ingest", "Read the sources, build facts and publish them."),
    "build": ("dora.cli.build", "Rebuild facts from stored records; no network."),
    "metrics": ("dora.cli.metrics", "Print the DORA metrics."),
    "deploys": ("dora.cli.deploys", "List deployments, or show one."),
    "explain": ("dora.cli.explain", "Show the rows and the SQL behind one number."),
    "report": ("dora.cli.report", "Write the failure report of deployments."),
    "blame": ("dora.cli.decide", "Record that a deployment failed, by human decision."),
    "absolve": ("dora.cli.decide", "Record that a deployment did not fail."),
    "dashboard": ("dora.cli.dashboard", "Open the dashboard on 127.0.0.1:8501."),
    "record": ("dora.cli.record", "Push one event from a pipeline."),
    "export": ("dora.cli.export", "Write all records and facts as Parquet or CSV."),
}


class _ClosedPipe(Exception):
    """The reader of stdout went away; not an OSError, which click would turn into exit code 1."""


@contextmanager
def _pipe_may_close() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise _ClosedPipe from None


class _Lazy(HintingGroup):
    """Commands by name, whose modules are loaded when they are asked for: `dora --help` loads none."""

    def make_context(self, *args: Any, **extra: Any) -> click.Context:
        with _pipe_may_close():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> object:
        with _pipe_may_close():
            return super().invoke(ctx)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, "command", None) or getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="dora")
def cli() -> None:
    """DORA metrics and deploy telemetry from git hosts, CI and incident tools, on one machine.

    `dora demo` shows everything with made-up data. For your own: `dora init`, `dora ingest`, `dora dashboard`.
    """


def main() -> None:
    """Run the command line; a `DoraError` is printed once, as a sentence, and decides the exit code."""
    try:
        _refuse_shadows()
        try:
            cli(standalone_mode=False)
        finally:
            sys.stdout.flush()
    except DoraError as error:
        from dora.cli.speech import note

        note(f"dora: {error}")
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("dora: stopped; what was committed is kept", err=True)
        sys.exit(130)
    except (_ClosedPipe, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _refuse_shadows() -> None:
    """Stop when a foreign `metrics`, `ingest` or `dashboard` would be imported instead of ours."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    for name in ("ingest", "metrics", "dashboard"):
        spec = PathFinder.find_spec(name)
        places = [os.path.realpath(place) for place in (spec.submodule_search_locations or ())] if spec else []
        if spec and spec.origin:
            places.append(os.path.dirname(os.path.realpath(spec.origin)))
        if not places or any(not place.startswith(home + os.sep) for place in places):
            where = places[0] if places else "nowhere"
            raise DoraError(
                f"another package named {name!r} ({where}) hides dora's own; "
                "install dora by itself (pipx, `uv tool install`, or its own virtual environment)"
            )
