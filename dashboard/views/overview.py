"""The overview: what holds the teams back, the five metrics, teams against the elite level, own past, the queue."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime

from dashboard import units
from dashboard.figures import elite_words, farthest_from_elite
from dashboard.report.document import sentence
from dashboard.views import asking, choices, comparison, past, prose, queue, quick_check, tiles
from dashboard.views.shell import Place
from metrics.bands import edition
from metrics.question import Question
from metrics.results import Group

#: Up to this many groups are named in the sentence; more are counted.
MOST_NAMED = 8


def show(place: Place) -> None:
    """Draw the page for what the reader chose."""
    question = choices.question(place.setting)
    whole = replace(question, by="organisation", every=choices.trend_step(question.period))
    total = asking.scores(place.published, whole).groups[0]
    past_question = replace(whole.over(question.period.before(question.definitions.timezone)), every=None)
    before = asking.scores(place.published, past_question).groups[0]
    known, known_before = (asking.known(place.published, asked)[total.name] for asked in (whole, past_question))
    groups = (total,) if question.by == "organisation" else asking.scores(place.published, question).groups
    zone = question.definitions.timezone
    prose.title(
        f"{total.name[:1].upper()}{total.name[1:]} · {units.day(question.period.start, zone)} to {units.last_day(question.period.end, zone)}"
    )
    prose.paragraph(headline(total, groups, question, place.setting.names.last_at))
    tiles.row(total, before, question, (known, known_before))
    for caveat in asking.caveats(place.published, whole):
        prose.paragraph(sentence(caveat))
    comparison.show(groups, question, place)
    past.show(total, before, known, question, place)
    quick_check.show(total, place)
    queue.show(question, total, place)


def headline(total: Group, groups: tuple[Group, ...], question: Question, newest: datetime | None = None) -> str:
    """What holds the whole back, then its groups, as escaped HTML; `newest`: the last deployment of all that are known."""
    found = farthest_from_elite(total)
    if found is None:
        return _nothing_behind(total, question, newest)
    figure, reading, factor = found
    return prose.filled(
        "<b>{metric} is farthest from elite</b>: {value}, {times} beyond the “{elite}” of the elite level in the {year} report.",
        metric=figure.title, value=figure.text(reading), times=units.times(factor), year=question.edition,
        elite=elite_words(edition(question.edition), figure),
    ) + _per_group(groups, question)  # fmt: skip


def _nothing_behind(total: Group, question: Question, newest: datetime | None) -> str:
    if not total.deployment_frequency.deployments:
        known = units.newest_known(newest, question.definitions.timezone)
        return f"Nothing was deployed to production in this period. {known}".rstrip()
    levels = [total.deployment_frequency.level, total.change_lead_time.level, total.change_fail_rate.level]
    if all(level.label == "insufficient data" for level in levels):
        return "There is too little data in this period to compare with the published levels."
    return f"No metric is measurably behind the elite level of the {question.edition} report."


def _per_group(groups: tuple[Group, ...], question: Question) -> str:
    behind = [(group, found) for group in groups if (found := farthest_from_elite(group))]
    if question.by == "organisation" or not behind:
        return ""
    if len(groups) <= MOST_NAMED:
        named = " · ".join(
            prose.filled(
                "<b>{name}</b> {metric} {times}",
                name=group.name,
                metric=figure.short.lower(),
                times=units.times(factor),
            )
            for group, (figure, _, factor) in behind
        )
        return f" Farthest by {question.by}: {named}."
    counts = Counter(figure.title.lower() for _, (figure, _, _) in behind).most_common()
    parts = ", ".join(f"{title} in {number}" for title, number in counts)
    return f" What holds back most, by {question.by}: {parts} of {len(groups)}."
