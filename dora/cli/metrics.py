"""`dora metrics`: the five metrics and time to restore, by organisation, team or service."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from dora.cli import definition_breaks, levels, peers
from dora.cli import power as planner
from dora.cli import quality as findings
from dora.cli import trends as past
from dora.cli.analyses import check_every, emit_analysis, emit_list
from dora.cli.metric_rows import metric_rows
from dora.cli.options import (
    READ,
    asked,
    config_option,
    definition_options,
    every_option,
    filter_options,
    format_option,
    given_options,
    out_option,
    question_of,
    reading,
    say,
)
from dora.cli.settings import ends, stamped
from dora.cli.tables import emit

if TYPE_CHECKING:
    from dora.definition_log import DefinitionChange
    from dora.warehouse import Reader
    from metrics.question import Question
    from metrics.results import Scorecard


@click.command("metrics")
@config_option
@filter_options
@click.option("--by", type=click.Choice(["organisation", "team", "service"]), default="organisation", show_default=True)
@every_option
@click.option("--edition", type=int, default=2024, show_default=True, help="Report year whose levels are used.")
@click.option("--analysis", metavar="NAME", help="Another question than the five metrics; `list` names them all.")
@click.option("--trend", is_flag=True, help="Against the period before, and the weeks outside their control limits.")
@click.option("--power", is_flag=True, help="What change a group of this size could see, and after how many weeks.")
@click.option("--as", "peer", type=click.Choice(peers.NAMES), help="The same data by another tool's published rules.")
@definition_options
@click.option("--quality", is_flag=True, help="What the data cannot tell, and which metrics that touches.")
@format_option
@out_option
@click.pass_context
def command(
    context: click.Context,
    /,
    config: str | None,
    by: str,
    every: str | None,
    edition: int,
    analysis: str | None,
    trend: bool,
    power: bool,
    peer: str | None,
    quality: bool,
    form: str,
    out: str | None,
    **rest: object,
) -> None:
    """Print deployment frequency, lead time, fail rate, recovery and rework for [--from, --to)."""
    from metrics.bands import edition as check_edition
    from metrics.quality import caveats
    from metrics.scorecard import scorecard

    _one_of(analysis=analysis, trend=trend, power=power, quality=quality, **{"as": peer})
    check_edition(edition)
    _heeded(context, power)
    if quality:
        _whole(context)
        findings.show(config, form, out)
        return
    if analysis == "list":
        emit_list(form, out)
        return
    if analysis:
        check_every(analysis, every)
    with reading(config) as reader:
        question = question_of(reader, asked(rest), by=by, every=every, edition=edition)
        if analysis or trend or peer:
            _answer(reader, question, analysis, peer, form, out)
            return
        card = scorecard(reader, question)
        card = replace(card, notes=(*card.notes, *caveats(reader, question)))
        if power:
            planner.show(reader, question, card, form, out)
            return
        breaks = definition_breaks.changes_in(reader.path, question) if every else []
    if form in ("csv", "parquet"):
        _emit_numbers(card, form, out)
    else:
        _show(card, question, breaks, form, out)


def _show(card: Scorecard, question: Question, breaks: Sequence[DefinitionChange], form: str, out: str | None) -> None:
    """The figures for people, or with all that is known of them as JSON."""
    document = levels.with_strips(contract(card), card)
    if question.every:
        document["definition_changes"] = definition_breaks.as_entries(breaks)
    notes = [*definition_breaks.sentences(breaks), levels.provenance(card), *_footer(card, question), *card.notes]
    emit(metric_rows(card, question.definitions.timezone), form, out, document, notes=notes)
    if form in READ:
        levels.show_strips(card, form, out)
    say(notes, form)


def _answer(
    reader: Reader, question: Question, analysis: str | None, peer: str | None, form: str, out: str | None
) -> None:
    """An analysis, a peer's figures, or else the trends."""
    if analysis:
        emit_analysis(reader, question, analysis, form, out)
    elif peer:
        peers.show(reader, question, peer, form, out)
    else:
        past.show(reader, question, form, out)


def _one_of(**modes: object) -> None:
    chosen = [f"--{name}" for name, asked_for in modes.items() if asked_for]
    if len(chosen) > 1:
        raise click.UsageError(f"{' and '.join(chosen)} answer different questions; ask one at a time")


def _heeded(context: click.Context, power: bool) -> None:
    """Levels are told of the five metrics alone, and a plan is made from the whole period: what would change nothing is refused."""
    given = given_options(context)
    mode = next((given[name] for name in ("analysis", "trend", "power", "peer") if name in given), None)
    if mode and "edition" in given:
        raise click.UsageError(f"{mode} names no levels; leave --edition out")
    if power and "every" in given:
        raise click.UsageError("--power plans from the whole period; leave --every out")


def _whole(context: click.Context) -> None:
    """Findings are over everything: an option that asks for less or for something else is a usage error."""
    given = {option for name, option in given_options(context).items() if name not in _OF_FINDINGS}
    if given:
        raise click.UsageError(
            f"--quality is over all the data, by the definitions it was built with; leave {', '.join(sorted(given))} out"
        )


#: The options that a list of findings listens to.
_OF_FINDINGS = ("config", "quality", "form", "out")


def contract(card: Scorecard) -> dict[str, object]:
    """The stable JSON document."""
    return card.as_dict()


def _emit_numbers(card: Scorecard, form: str, out: str | None) -> None:
    from dora.cli.flat_columns import emit_columns, flat_columns

    emit_columns(flat_columns(card), form, out)


def _footer(card: Scorecard, question: Question) -> list[str]:
    start, end = ends(question.period, question.definitions)
    return stamped(f"{start} to {end}; levels of {card.edition}; data as of {card.data_as_of}", question.definitions)
