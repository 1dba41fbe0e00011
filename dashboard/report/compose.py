"""From a deployment's story to the document that the formats lay out."""

from __future__ import annotations

from dashboard.report import closing_sections as closing
from dashboard.report import failure_sections as failure
from dashboard.report import shipping_sections as shipping
from dashboard.report import summary
from dashboard.report.document import Document, Section, Words
from metrics.story import DeploymentStory


def document(told: DeploymentStory) -> Document:
    """The report of one deployment; parts about failing are left out when it did not fail."""
    words = Words.of(told)
    stamp = told.stamp
    failed = told.verdict.state == "failed"
    sections: list[Section | None] = [
        failure.timeline(told, words),
        failure.evidence(told, words),
        failure.recovery(told, words),
        shipping.shipped(told, words),
        shipping.usual(told),
        shipping.pipeline(told, words),
        shipping.around(told, words),
        failure.similar(told, words) if failed or told.similar else None,
        closing.prompts(told),
        closing.unknowns(told),
        closing.definitions(told, words),
    ]
    made_by = f"dora {stamp.tool_version} · definitions {stamp.definitions_hash} · data as of {words.moment(stamp.data_as_of)}"
    return Document(
        title=summary.title(told),
        kind="Failure report" if failed else "Deployment report",
        state=told.verdict.state,
        headline=summary.headline(told, words),
        facts=summary.facts(told, words),
        figures=summary.figures(told),
        sections=tuple(section for section in sections if section is not None),
        footer=" · ".join(part for part in (stamp.organisation, made_by) if part),
    )
