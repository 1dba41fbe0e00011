"""`dora report`: failure reports of one deployment, several, or all that failed in a period."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from dora.cli.options import (
    Asked,
    asked,
    config_option,
    definition_options,
    deployment_meant,
    filter_options,
    given_options,
    note,
    question_of,
    reading,
)
from dora.cli.speech import document
from dora.errors import ConfigError, DoraError

if TYPE_CHECKING:
    from metrics.story import DeploymentStory

FORMATS = ("html", "markdown", "json", "csv", "pdf")


@click.command("report")
@click.argument("deployments", nargs=-1, metavar="[DEPLOYMENT]...")
@config_option
@click.option("--failed", is_flag=True, help="All deployments that failed in the period.")
@filter_options
@definition_options
@click.option("--format", "form", type=click.Choice(FORMATS), default="html", show_default=True)
@click.option("--out", metavar="DIR", help="Folder for the files; made when missing. Default: stdout for one report.")
@click.option("--names", is_flag=True, help="Show the names of people; a report is without names otherwise.")
@click.pass_context
def command(
    context: click.Context,
    /,
    deployments: tuple[str, ...],
    config: str | None,
    failed: bool,
    form: str,
    out: str | None,
    names: bool,
    **rest: object,
) -> None:
    """Write the failure report of each DEPLOYMENT (an id, a part of one, or service@version)."""
    from metrics.deployment_story import deployment_story, failed_deployments
    from metrics.question import published_as_of

    if not deployments and not failed:
        raise ConfigError("name a deployment, or use --failed with --from and --to; `dora deploys --failed` lists them")
    if not failed:
        _named_only(context)
    with reading(config) as reader:
        ids = [deployment_meant(reader, text) for text in deployments]
        question = question_of(reader, asked(rest)) if failed else None
        if question:
            ids += failed_deployments(reader, question)
        if not ids:
            note("no deployment failed in the period; nothing to report")
            for line in question.ended() if question else ():
                note(line)
            return
        known_at = published_as_of(reader)
        stories = [
            deployment_story(reader, deployment, as_of=known_at, names=names) for deployment in dict.fromkeys(ids)
        ]
    _write(stories, form, out)


def _named_only(context: click.Context) -> None:
    """A report of a named deployment is by the published definitions: what chooses among the failed ones has no say."""
    given = sorted(option for name, option in given_options(context).items() if name in Asked.__slots__)
    if given:
        raise click.UsageError(
            f"a named deployment is reported as it was built; leave {', '.join(given)} out, or add --failed to choose by them"
        )


def _write(stories: list[DeploymentStory], form: str, out: str | None) -> None:
    from dashboard.report import FORMATS as RENDERERS
    from dashboard.report import csv, report_file_name

    renderer = RENDERERS[form]
    if form == "csv":
        _write_list(csv.table(stories), out)
        return
    if out is None:
        if len(stories) > 1:
            raise ConfigError(f"{len(stories)} reports need a place to go; add --out DIR")
        content = renderer.render(stories[0])
        click.echo(content if isinstance(content, bytes) else document(content), nl=not isinstance(content, bytes))
        return
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for story in stories:
            content = renderer.render(story)
            path = folder / report_file_name(story, renderer.SUFFIX)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            click.echo(str(path))
    except OSError as error:
        raise DoraError(f"{folder}: the report cannot be written: {error.strerror}") from None


def _write_list(text: str, out: str | None) -> None:
    """All deployments in one table: to stdout, or as deployments.csv in a folder."""
    if out is None:
        click.echo(document(text), nl=False)
        return
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
        (Path(out) / "deployments.csv").write_text(text, encoding="utf-8")
    except OSError as error:
        raise DoraError(f"{out}: the report cannot be written: {error.strerror}") from None
    click.echo(str(Path(out) / "deployments.csv"))
