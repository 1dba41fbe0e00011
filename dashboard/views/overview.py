"""The overview: what holds the teams back, the five metrics, teams against the elite level, own past, the queue."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import units
from dashboard.escaping import shown
from dashboard.figures import elite_words, farthest_from_elite
from dashboard.views import asking, choices, comparison, past, queue, tiles
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
    before = asking.scores(place.published, replace(whole.over(question.period.before()), every=None)).groups[0]
    groups = asking.scores(place.published, question).groups
    _headline(total, groups, question)
    tiles.row(total, before, question)
    if question.by != "organisation":
        comparison.show(groups, question, place)
    past.show(total, before, question, place)
    queue.show(question, total, place)


def _headline(total: Group, groups: tuple[Group, ...], question: Question) -> None:
    """One sentence for the whole, one for the groups that are held back the most."""
    span = f"{units.day(question.period.start, question.definitions.timezone)} to {units.last_day(question.period.end, question.definitions.timezone)}"
    st.title(f"{shown(total.name)} · {span}")
    found = farthest_from_elite(total)
    if found is None:
        st.markdown(_nothing_behind(total, question))
        return
    figure, reading, factor = found
    elite = shown(elite_words(edition(question.edition), figure))
    st.markdown(
        f"**{figure.title} is farthest from elite**: {figure.text(reading)}, {units.times(factor)} beyond the "
        f"“{elite}” of the elite level in the {question.edition} report.{_per_group(groups, question)}"
    )


def _nothing_behind(total: Group, question: Question) -> str:
    if not total.deployment_frequency.deployments:
        return "Nothing was deployed to production in this period."
    levels = [total.deployment_frequency.level, total.change_lead_time.level, total.change_fail_rate.level]
    if all(level.label == "insufficient data" for level in levels):
        return "There is too little data in this period to compare with the published levels."
    return f"No metric is measurably behind the elite level of the {question.edition} report."


def _per_group(groups: tuple[Group, ...], question: Question) -> str:
    if question.by == "organisation":
        return ""
    behind = [(group, found) for group in groups if (found := farthest_from_elite(group))]
    if len(groups) <= MOST_NAMED:
        named = [
            f"{shown(group.name)} {figure.short.lower()} {units.times(factor)}" for group, (figure, _, factor) in behind
        ]
        return f" Farthest from elite by {question.by}: {' · '.join(named)}." if named else ""
    counts: dict[str, int] = {}
    for _, (figure, _, _) in behind:
        counts[figure.title.lower()] = counts.get(figure.title.lower(), 0) + 1
    if not counts:
        return ""
    parts = [f"{title} in {number}" for title, number in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    return f" What holds back most, by {question.by}: {', '.join(parts)} of {len(groups)}."
