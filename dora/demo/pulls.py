"""Plans the pull requests of one repository: when they start, are opened, reviewed and merged, and by whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from dora.demo.events import History, Pull
from dora.demo.organisation import UPDATES_BOT, Range, Team, members_of
from dora.demo.working_time import last_working, minutes, poisson, span

_VERBS = (
    "Add", "Change", "Remove", "Rename", "Simplify", "Speed up", "Split", "Log", "Check", "Cache", "Show", "Validate",
)  # fmt: skip
_THINGS = (
    "address form", "audit trail", "background job", "cache key", "currency format", "date filter", "empty state",
    "error message", "export", "health check", "import step", "list page", "page title", "query", "rate limit",
    "retry", "search index", "session timeout", "summary table", "time zone", "upload", "validation rule",
)  # fmt: skip
_PACKAGES = ("http-client", "json-parser", "logger", "orm", "queue-client", "template-engine", "test-runner")


def between(values: Range, progress: float) -> float:
    """A figure of a team at a point of the history, 0..1."""
    return values[0] + (values[1] - values[0]) * progress


def plan_pulls(rng: Random, team: Team, repository: str, services: tuple[str, ...], history: History) -> list[Pull]:
    """The ordinary pull requests of a repository, by merge time; those merged after the end are still open."""
    plans = []
    for day in _days(history.since, history.until + timedelta(days=8)):
        weekly = between(team.pulls_per_week, history.progress_at(day))
        if day.weekday() < 5:
            for _ in range(poisson(rng, weekly / 5 * (0.5 if _holiday(day) else 1.0))):
                at = day.replace(hour=9) + timedelta(seconds=rng.randrange(int(8.5 * 3600)))
                plans.append(plan_pull(rng, team, repository, _touched(rng, team, services), at, history))
    return sorted(plans, key=lambda pull: pull.merged_at or pull.opened_at)


def plan_pull(
    rng: Random, team: Team, repository: str, services: tuple[str, ...], merged_at: datetime, history: History
) -> Pull:
    """One ordinary pull request that is merged (or would be) at a moment."""
    if rng.random() < team.bot_share:
        return _update(rng, repository, services, merged_at, team)
    approved = last_working(rng, merged_at - minutes(rng, 2, 45))
    reviewed = last_working(rng, approved - span(rng, team.review_hours, 0.9))
    opened = last_working(rng, reviewed - span(rng, team.pickup_hours, 0.9))
    first = last_working(rng, opened - span(rng, team.coding_hours, 0.9))
    author = rng.choice(_present(team, history.progress_at(first)))
    title = f"{rng.choice(_VERBS)} {rng.choice(_THINGS)}"
    pull = _pull(repository, services, title, author, (first, opened, reviewed, approved, merged_at), rng, team)
    pull.migration = rng.random() < 0.05
    pull.labels = ("database",) if pull.migration else ()
    pull.draft = rng.random() < 0.15
    return pull


def urgent_pull(
    rng: Random, team: Team, repository: str, services: tuple[str, ...], merged_at: datetime, title: str, kind: str
) -> Pull:
    """A pull request that mends something: `kind` is `fix`, `hotfix` or `revert`; reviewed within the hour."""
    quick = 0.15 if kind == "revert" else 0.6
    approved = merged_at - minutes(rng, 1, 6)
    reviewed = approved - minutes(rng, 1, 20)
    opened = reviewed - minutes(rng, 2, 15)
    first = opened - span(rng, quick, 0.5)
    author = rng.choice(members_of(team))
    pull = _pull(repository, services, title, author, (first, opened, reviewed, approved, merged_at), rng, team)
    pull.labels = {"hotfix": ("hotfix",), "fix": ("bug",), "revert": ()}[kind]
    pull.branch = f"{kind}/{_slug(title)}"
    pull.lines = max(1, round(pull.lines * 0.15))
    pull.author_dates = pull.author_dates[:1]
    return pull


def _update(rng: Random, repository: str, services: tuple[str, ...], merged_at: datetime, team: Team) -> Pull:
    version = f"{rng.randrange(1, 9)}.{rng.randrange(0, 20)}.{rng.randrange(0, 9)}"
    title = f"Update {rng.choice(_PACKAGES)} to {version}"
    opened = merged_at - span(rng, 6.0, 0.8)
    times = (opened - timedelta(seconds=40), opened, None, None, merged_at)
    pull = _pull(repository, services, title, UPDATES_BOT, times, rng, team)
    pull.is_bot, pull.labels, pull.lines, pull.author_dates = True, ("dependencies",), rng.randrange(2, 60), [times[0]]
    return pull


def _pull(
    repository: str,
    services: tuple[str, ...],
    title: str,
    author: str,
    times: tuple[datetime, datetime, datetime | None, datetime | None, datetime],
    rng: Random,
    team: Team,
) -> Pull:
    first, opened, reviewed, approved, merged = times
    count = max(1, poisson(rng, team.commits_per_pull))
    late = reviewed or opened
    dates = sorted([first, *(first + (late - first) * rng.random() for _ in range(count - 1))])
    return Pull(
        repository=repository, services=services, title=title, branch=_slug(title), author=author,
        first_commit_at=first, opened_at=opened, first_review_at=reviewed, approved_at=approved, merged_at=merged,
        closed_at=merged, labels=(), lines=max(1, round(rng.lognormvariate(3.6, 1.1) * (1 + 0.4 * count))),
        author_dates=[date.replace(microsecond=0) for date in dates],
    )  # fmt: skip


def _touched(rng: Random, team: Team, services: tuple[str, ...]) -> tuple[str, ...]:
    if not team.path_globs:
        return services
    return services if rng.random() < 0.03 else (rng.choice(services),)


def _present(team: Team, progress: float) -> tuple[str, ...]:
    """The members who have joined by then: two thirds from the start, the others one by one."""
    people = members_of(team)
    return people[: max(1, round(len(people) * (0.66 + 0.34 * progress)))]


def _days(start: datetime, end: datetime) -> Iterator[datetime]:
    day = start
    while day < end:
        yield day
        day += timedelta(days=1)


def _holiday(day: datetime) -> bool:
    return (day.month, day.day) >= (12, 22) or (day.month, day.day) <= (1, 3) or day.month == 8


def _slug(title: str) -> str:
    return "-".join(title.lower().replace(".", " ").replace('"', "").split())[:48]
