"""The sections about what was shipped and how: changes, against the usual, pipeline and checks, around it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from dashboard import units
from dashboard.report.document import UNKNOWN, Cell, Section, Table, Words, plural, short, span
from dashboard.report.summary import lead_time, number
from metrics.story import Comparison, DeploymentStory, ShippedCommit, ShippedPullRequest

#: Longer lists are cut in documents for people; the JSON format holds everything.
MOST = 100


def shipped(told: DeploymentStory, words: Words) -> Section:
    """Pull requests with their commits, then commits without one; newest merge first."""
    deployed = told.deployment
    if not told.commits and not told.pull_requests:
        return Section(name="shipped", title="What it shipped", sentences=(_nothing(told),))
    bots = sum(commit.is_bot and not commit.is_merge for commit in told.commits)
    said = f"{plural(deployed.changes, 'commit')} and {plural(deployed.commits - deployed.changes, 'merge')}"
    said += f" in {plural(deployed.pull_requests, 'known pull request')}; {plural(bots, 'commit')} by bots."
    rows = _rows(told, words)
    sentences = [said]
    if len(rows) > MOST:
        sentences.append(f"The first {MOST} of {len(rows)} rows are shown; the JSON report holds all of them.")
    head = ("Change", "Subject", "Merged", "Review") + (("Author",) if told.stamp.names else ())
    return Section(
        name="shipped",
        title="What it shipped",
        sentences=tuple(sentences),
        tables=(Table(head=head, rows=tuple(rows[:MOST])),),
    )


def _nothing(told: DeploymentStory) -> str:
    known = ("forward", "backward", "diverged", "same_commit")
    if told.deployment.relation in known:
        return "Nothing that an earlier deployment had not shipped already."
    return "Unknown; see what is not known, below."


def _rows(told: DeploymentStory, words: Words) -> list[tuple[Cell, ...]]:
    requests = {request.number: request for request in told.pull_requests}
    ordered = sorted(told.commits, key=lambda commit: -(commit.pull_request or 0))
    rows: list[tuple[Cell, ...]] = []
    for place, group in groupby(ordered, key=lambda commit: commit.pull_request):
        commits = list(group)
        request = requests.pop(place, None) if place else None
        if place:
            rows.append(_request(told, words, place, request, commits))
        rows += [_commit(told, words, commit, inside=bool(place)) for commit in commits if not commit.is_merge]
    rows += [_request(told, words, place, request, ()) for place, request in requests.items()]
    return rows


def _request(
    told: DeploymentStory,
    words: Words,
    place: int,
    request: ShippedPullRequest | None,
    commits: Sequence[ShippedCommit],
) -> tuple[Cell, ...]:
    merged = request.merged_at if request else next((c.merged_at for c in commits if c.merged_at), None)
    merge = next((commit for commit in commits if commit.is_merge), None)
    title = request.title if request else merge.subject if merge else ""
    marks = _marks((request and request.is_bot) or (merge is not None and merge.is_bot), commits)
    row = (
        Cell(text=f"#{place}", link=request.url if request else None),
        Cell(text=title, marks=(*marks, *(request.labels if request else ()))),
        Cell(text=words.moment(merged)),
        Cell(text=_review(request)),
    )
    author = request.author if request else merge.author if merge else None
    return (*row, Cell(text=author or UNKNOWN)) if told.stamp.names else row


def _review(request: ShippedPullRequest | None) -> str:
    if request is None or request.reviews is None:
        return UNKNOWN
    checks = f", checks {request.checks}" if request.checks else ""
    return f"{plural(request.reviews, 'review')}{checks}"


def _commit(told: DeploymentStory, words: Words, commit: ShippedCommit, inside: bool) -> tuple[Cell, ...]:
    row = (
        Cell(text=short(commit.sha), code=True),
        Cell(text=commit.subject, marks=_marks(commit.is_bot, [commit])),
        Cell(text="" if inside else words.moment(commit.merged_at)),
        Cell(text=""),
    )
    return (*row, Cell(text=commit.author or UNKNOWN)) if told.stamp.names else row


def _marks(is_bot: object, commits: Sequence[ShippedCommit]) -> tuple[str, ...]:
    taken = sorted({commit.taken_back_by for commit in commits if commit.taken_back_by})
    return (("bot",) if is_bot else ()) + tuple(f"taken back by {short(sha)}" for sha in taken)


def usual(told: DeploymentStory) -> Section:
    """Size and lead time beside the quartiles of the earlier deployments."""
    rows = (
        *(_usual(compared, number(compared.value)) for compared in told.batch),
        _usual(told.lead_time, lead_time(told)),
    )
    head = ("Figure", "This one", "Usual (median)", "Middle half", "Larger than", "Compared with")
    count = max(0, len(told.history) - 1)
    said = f"Compared with the {plural(count, 'succeeded deployment')} of this service just before it."
    picture = "history" if len(told.history) > 2 else ""
    table = Table(head=head, rows=rows)
    return Section(name="usual", title="Against the usual", sentences=(said,), tables=(table,), picture=picture)


def _usual(compared: Comparison, value: str) -> tuple[Cell, ...]:
    form = span if compared.unit == "seconds" else number
    known = compared.median is not None
    below = UNKNOWN if compared.share_below is None else f"{units.percent(compared.share_below)} of them"
    return (
        Cell(text=compared.name),
        Cell(text=value),
        Cell(text=form(compared.median) if known else "too few"),
        Cell(text=f"{form(compared.low)} to {form(compared.high)}" if known else "too few"),
        Cell(text=below),
        Cell(text=f"n = {compared.n}"),
    )


def pipeline(told: DeploymentStory, words: Words) -> Section | None:
    """The run's steps and the checks after it; None when the data holds neither."""
    tables = []
    if told.steps:
        rows = tuple(
            (
                Cell(text=" / ".join(text for text in (step.job, step.step) if text)),
                Cell(text=step.status, tone=_tone(step.status), marks=("manual",) if step.manual else ()),
                Cell(text=span(step.waited_seconds)),
                Cell(text=span(step.seconds)),
                Cell(text=step.signature or "", code=bool(step.signature)),
            )
            for step in told.steps[:MOST]
        )
        head = ("Step", "Status", "Waited", "Took", "Error")
        tables.append(Table(caption="Pipeline steps", head=head, rows=rows))
    if told.checks:
        listed = tuple(
            (
                Cell(text=check.name, link=check.url),
                Cell(text=check.status, tone=_tone(check.status)),
                Cell(text=words.moment(check.finished_at or check.started_at)),
            )
            for check in told.checks
        )
        tables.append(Table(caption="Checks after the deployment", head=("Check", "Status", "When"), rows=listed))
    if not tables and told.run is None:
        return None
    said = (_run(told),) if told.run else ()
    return Section(name="pipeline", title="Pipeline and checks", sentences=said, tables=tuple(tables))


def _run(told: DeploymentStory) -> str:
    run = told.run
    if run is None:
        return ""
    failing = [step.step for step in told.steps if step.status == "failed"]
    attempt = f", attempt {run.attempt}" if run.attempt and run.attempt > 1 else ""
    ending = f"; failing: {', '.join(failing[:5])}" if failing else ""
    return f"Run {run.run_id} of {run.pipeline or 'an unnamed pipeline'}{attempt}: {run.status}{ending}."


def _tone(status: str) -> str:
    return "alarm" if status in ("failed", "regressed") else "good" if status == "succeeded" else ""


def around(told: DeploymentStory, words: Words) -> Section | None:
    """Incidents and flag changes near the deployment; None when there are none."""
    tables = []
    if told.incidents:
        rows = tuple(
            (
                Cell(text=incident.incident_id, link=incident.url, marks=("linked",) if incident.is_linked else ()),
                Cell(text=incident.title),
                Cell(text=incident.severity or UNKNOWN),
                Cell(text=words.moment(incident.impact_started_at)),
                Cell(text=words.moment(incident.detected_at)),
                Cell(text=words.moment(incident.resolved_at)),
            )
            for incident in told.incidents
        )
        head = ("Incident", "Title", "Severity", "Impact started", "Detected", "Resolved")
        tables.append(Table(caption="Incidents", head=head, rows=rows))
    if told.flags:
        listed = tuple(
            (
                Cell(text=flag.flag, link=flag.url, code=True),
                Cell(text=flag.state or UNKNOWN),
                Cell(text=words.moment(flag.changed_at)),
                Cell(text={"human": "a person", "bot": "a bot"}.get(flag.actor_kind or "", UNKNOWN)),
            )
            for flag in told.flags
        )
        tables.append(Table(caption="Flag changes", head=("Flag", "State", "When", "By"), rows=listed))
    return Section(name="around", title="Around it", tables=tuple(tables)) if tables else None
