"""`dora deploys`: the list of production deployments with their verdicts, and one deployment in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dora.cli.groups import HintingGroup
from dora.cli.options import (
    READ,
    asked,
    config_option,
    definition_options,
    deployment_meant,
    filter_options,
    format_option,
    out_option,
    question_of,
    reading,
    say,
)
from dora.cli.settings import ends, stamped
from dora.cli.speech import document
from dora.cli.tables import emit

if TYPE_CHECKING:
    from metrics.deployment_list import Verdict
    from metrics.question import Question


class _Shown(HintingGroup):
    """Says how one deployment is shown to those who name it right after `deploys`."""

    def hint(self, word: str) -> str:
        return f"; for one deployment: dora deploys show {word}"


@click.group("deploys", cls=_Shown, invoke_without_command=True)
@config_option
@filter_options
@click.option("--failed", is_flag=True, help="Only failed ones.")
@click.option(
    "--pending",
    is_flag=True,
    help="Only those too young to judge that have not failed so far; with --failed both.",
)
@click.option("--limit", type=click.IntRange(min=0), default=50, show_default=True, help="Newest first; 0 for all.")
@definition_options
@format_option
@out_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    config: str | None,
    failed: bool,
    pending: bool,
    limit: int,
    form: str,
    out: str | None,
    **rest: object,
) -> None:
    """List production deployments, newest first; `dora deploys show ID` for one."""
    if ctx.invoked_subcommand is not None:
        ctx.obj = config
        return
    from metrics.deployment_list import deployment_list

    with reading(config) as reader:
        question = question_of(reader, asked(rest))
        wanted: dict[Verdict, bool] = {"failed": failed, "pending": pending}
        frame = deployment_list(reader, question, *(verdict for verdict in wanted if wanted[verdict]))
    if limit:
        frame = frame.head(limit)
    rows = frame.to_dicts()
    shown = [_row(row) for row in rows] if form in READ else rows
    notes = _footer(question)
    emit(shown, form, out, empty=frame.columns, definitions=question.definitions.hash, notes=notes)
    say(notes, form)


@command.command("show")
@click.argument("deployment")
@config_option
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("--names", is_flag=True, help="Show the names of people.")
@click.pass_context
def show(ctx: click.Context, deployment: str, config: str | None, form: str, names: bool) -> None:
    """Everything known of one DEPLOYMENT: an id, a part of one, or service@version."""
    from dashboard.report import FORMATS
    from metrics.deployment_story import deployment_story
    from metrics.question import published_as_of

    with reading(config or ctx.obj) as reader:
        story = deployment_story(
            reader, deployment_meant(reader, deployment), as_of=published_as_of(reader), names=names
        )
    click.echo(document(str(FORMATS[form].render(story))))


def _footer(question: Question) -> list[str]:
    start, end = ends(question.period, question.definitions)
    head = stamped(f"[{start}, {end}), times in UTC", question.definitions)
    return [*head, *question.narrowing, *question.ended()]


def _row(row: dict[str, object]) -> dict[str, object]:
    from dashboard.units import duration

    kinds = row.get("kinds")
    recovery = row.get("recovery_seconds")
    return {
        "finished": str(row["finished_at"])[:16],
        "service": row["service"],
        "version": row["version"],
        "environment": row["environment"],
        "verdict": row["verdict"],
        "evidence": ", ".join(str(kind) for kind in kinds) if isinstance(kinds, list) else "",
        "recovery": duration(recovery) if isinstance(recovery, float) else "",
        "relation": row["relation"],
        "commits": row["commits"],
        "id": row["deployment_id"],
    }
