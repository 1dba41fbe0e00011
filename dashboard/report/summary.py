"""The top of the report: what became of the deployment in one sentence, its facts and its key figures."""

from __future__ import annotations

from dashboard import units
from dashboard.report.document import UNKNOWN, Cell, Figure, Words, plural, short, span
from metrics.story import Comparison, Deployed, DeploymentStory

_TITLES = {
    "failed": "Failed deployment",
    "not failed": "Deployment",
    "pending": "Deployment",
    "not judged": "Deployment",
}


def title(told: DeploymentStory) -> str:
    """`Failed deployment: frontend v12 to production`."""
    deployed = told.deployment
    version = units.version(deployed.version, deployed.sha)
    return f"{_TITLES[told.verdict.state]}: {deployed.service} {version} to {deployed.environment}"


def headline(told: DeploymentStory, words: Words) -> str:
    """One or two sentences a reader in a hurry can stop after."""
    verdict, ended = told.verdict, told.recovery
    if verdict.state == "failed" and ended is not None:
        if ended.is_open:
            return f"This deployment failed and no recovery is known: it has been open for {span(ended.seconds)}."
        how = ended.style if ended.style != "not known" else "recovered, how is not known,"
        return f"This deployment failed. It was {_was(str(how))} after {span(ended.seconds)}."
    if verdict.state == "pending":
        ends = words.moment(verdict.window_ends_at)
        return f"Too early to judge: no evidence so far, and its failure window ends on {ends}."
    if verdict.state == "not judged":
        return f"This deployment is not judged: {verdict.why}."
    if verdict.decided_by == "human":
        return f"This deployment did not fail: a person decided so ({verdict.why})."
    return "This deployment did not fail: its failure window has passed and no evidence that counts was found."


def _was(style: str) -> str:
    return "over when the incident was resolved," if style == "incident resolved" else style


def facts(told: DeploymentStory, words: Words) -> tuple[tuple[str, Cell], ...]:
    """What was deployed, where, when, by whom or what."""
    deployed = told.deployment
    rows = [
        ("Service", Cell(text=deployed.service)),
        ("Team", Cell(text=", ".join(told.teams) or UNKNOWN)),
        ("Environment", Cell(text=deployed.environment)),
        ("Version", Cell(text=units.version(deployed.version, deployed.sha), code=True)),
        ("Commit", Cell(text=short(deployed.sha), code=deployed.sha is not None)),
        ("Deployed", Cell(text=words.moment(deployed.finished_at))),
        ("Before it", Cell(text=_before(told), code=bool(deployed.replaced_version))),
        ("Relation", Cell(text=_relation(told))),
        ("Started by", Cell(text=_actor(told))),
        ("Deployment", Cell(text=deployed.deployment_id, link=deployed.url, code=True)),
    ]
    if deployed.rework_kinds:
        rows.append(("Rework", Cell(text=", ".join(units.words(kind) for kind in deployed.rework_kinds))))
    for other in told.recovers:
        rows.append(("It ended the failure of", Cell(text=other.deployment_id, code=True)))
    return tuple(rows)


def _before(told: DeploymentStory) -> str:
    return units.version(told.deployment.replaced_version) if told.deployment.replaced_version else UNKNOWN


def _relation(told: DeploymentStory) -> str:
    deployed = told.deployment
    text = units.words(deployed.relation or UNKNOWN)
    return f"{text} ({units.words(deployed.backward_kind)})" if deployed.backward_kind else text


def _actor(told: DeploymentStory) -> str:
    deployed = told.deployment
    kind = {"human": "a person", "bot": "a pipeline or bot"}.get(deployed.actor_kind or "", UNKNOWN)
    return f"{deployed.actor} ({kind})" if deployed.actor else kind


def figures(told: DeploymentStory) -> tuple[Figure, ...]:
    """Recovery, evidence, size, lead time and rehearsal, each beside what is usual."""
    deployed, verdict, ended = told.deployment, told.verdict, told.recovery
    out = []
    if ended is not None:
        label = "Open for" if ended.is_open else "Recovery time"
        note = "no recovery known" if ended.is_open else str(ended.style)
        out.append(Figure(label=label, value=span(ended.seconds), note=note, tone="alarm"))
        kind = units.words(verdict.kind or UNKNOWN)
        out.append(Figure(label="Failed by", value=kind, note=f"confidence {confidence(verdict.confidence)}"))
    size = told.batch[0]
    out.append(Figure(label="Shipped", value=_shipped(deployed, size), note=against(size)))
    out.append(Figure(label="Lead time, median", value=lead_time(told), note=against(told.lead_time)))
    rehearsal = _rehearsal(told)
    out.append(Figure(label="Rehearsed", value=rehearsal, note="" if rehearsal == UNKNOWN else "before production"))
    return tuple(out)


def lead_time(told: DeploymentStory) -> str:
    """The median of what it shipped first, in words; of nothing new there is none."""
    return "none" if _ships_nothing(told.deployment) else span(told.lead_time.value)


def _ships_nothing(deployed: Deployed) -> bool:
    return deployed.relation in ("backward", "same_commit") and not deployed.changes


def _shipped(deployed: Deployed, size: Comparison) -> str:
    if _ships_nothing(deployed):
        return "nothing new"
    return UNKNOWN if size.value is None else plural(deployed.changes, "commit")


def _rehearsal(told: DeploymentStory) -> str:
    deployed = told.deployment
    if deployed.rehearsed_at is None or deployed.finished_at is None:
        return UNKNOWN
    return span((deployed.finished_at - deployed.rehearsed_at).total_seconds())


def confidence(value: float | None) -> str:
    """A rule's weight in words and as it is stored: `strong (0.95)`."""
    if value is None:
        return UNKNOWN
    word = "strong" if value >= 0.8 else "moderate" if value >= 0.5 else "weak"
    return f"{word} ({value:.2f})"


def against(compared: Comparison) -> str:
    """A figure beside the service's usual, in words: `usual 2 (1 to 4)`; why not, when there is no usual."""
    if compared.median is None:
        return "too few earlier ones to compare"
    form = span if compared.unit == "seconds" else number
    return f"usual {form(compared.median)} ({form(compared.low)} to {form(compared.high)})"


def number(value: float | None) -> str:
    """A count, with one digit when it is not whole."""
    return UNKNOWN if value is None else f"{value:,.1f}".removesuffix(".0")
