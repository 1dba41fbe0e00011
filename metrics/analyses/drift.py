"""Environment drift: how far production is behind the last environment before it, service by service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import cast

from dora.warehouse import Reader
from metrics.analyses.answer import Answer, Row, by_group
from metrics.path_globs import is_own
from metrics.question import Question
from metrics.slices import read_sql, slices

Parents = Mapping[str, Sequence[str]]
COLUMNS = (
    "group", "service", "environment", "production_version", "production_seconds", "staging", "staging_version", "behind",
    "versions", "commits", "commits_only_in_production", "waiting_seconds",
)  # fmt: skip
DEFINITION = (
    "What runs in production against the newest success in a rehearsal environment, at the end of the data or of the "
    "period, whichever is earlier: the same commit, version or digest, of two known commits only the same; empty where "
    "neither of these is known of both. versions: those that came to the rehearsal environment after production's own "
    "(or, when it was never rehearsed, after all that production ran); waiting: "
    "since the oldest of them came; commits: reachable from the rehearsed commit and not from production's, merges among "
    "them, and the other way round; production: the age of what runs there."
)


def drift(reader: Reader, question: Question) -> Answer:
    """One row per group, service and production environment in use; figures None where nothing is to be compared with.

    What the newest record of the data tells has happened; what happens at the very end of the period has not.
    """
    cut = slices(reader, question)
    until = min(question.as_of + timedelta(microseconds=1), question.period.end)
    frame = cut.frame(reader, "analyses/drift", until=until)
    commits = _commits(reader, frame.to_dicts())
    rows = tuple(
        {"group": name, **_row(found, commits, question.horizon.replace(tzinfo=None))}
        for name, own in by_group(cut, frame)
        for found in own.to_dicts()
    )
    return Answer(
        name="drift",
        title="Environment drift",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=rows,
        notes=_notes(rows),
        keys=3,
    )


def _row(found: Row, commits: Mapping[object, tuple[int, int]], moment: datetime) -> Row:
    since = cast(datetime, found["production_at"])
    row = {name: found[name] for name in ("service", "environment", "production_version")}
    row |= {"production_seconds": (moment - since).total_seconds(), "staging": found["staging"]}
    row["staging_version"] = found["staging_version"]
    if found["staging"] is None or found["same"] is None:
        return row | dict.fromkeys(COLUMNS[7:])
    ahead, back = commits.get((found["service"], found["environment"]), (None, None))
    same, oldest = bool(found["same"]), cast("datetime | None", found["oldest_at"])
    behind = not same and (oldest is not None or bool(ahead))
    return row | {
        "behind": behind,
        "versions": found["versions"] if behind else 0,
        "commits": 0 if same else ahead,
        "commits_only_in_production": 0 if same else back,
        "waiting_seconds": (moment - oldest).total_seconds() if behind and oldest else None,
    }


def _commits(reader: Reader, rows: Iterable[Row]) -> dict[object, tuple[int, int]]:
    """(service, environment) -> commits only in the rehearsal environment, and only in production.

    Missing when a commit is not known. One repository is held at a time.
    """
    asked: dict[str, list[Row]] = {}
    for row in rows:
        if row["repository"] and row["production_sha"] and row["staging_sha"]:
            asked.setdefault(str(row["repository"]), []).append(row)
    found: dict[object, tuple[int, int]] = {}
    for repository, own in sorted(asked.items()):
        stored = reader.rows(read_sql("analyses/drift_commits"), {"repository": repository})
        parents = {str(sha): cast("Sequence[str]", named or ()) for sha, named in stored}
        for row in own:
            old, new = str(row["production_sha"]), str(row["staging_sha"])
            if old in parents and new in parents:
                behind, ahead = difference(parents, old, new)
                mine = _own(reader, row, behind | ahead)
                found[row["service"], row["environment"]] = (len(ahead & mine), len(behind & mine))
    return found


def difference(parents: Parents, old: str, new: str) -> tuple[set[str], set[str]]:
    """(commits only in `old`, commits only in `new`), each with its own commit; parents not stored are left out."""
    in_old, in_new = _reach(parents, old), _reach(parents, new)
    return in_old - in_new, in_new - in_old


def _reach(parents: Parents, start: str) -> set[str]:
    found, stack = {start}, [start]
    while stack:
        for parent in parents.get(stack.pop(), ()):
            if parent not in found and parent in parents:
                found.add(parent)
                stack.append(parent)
    return found


def _own(reader: Reader, row: Row, commits: set[str]) -> set[str]:
    """In a shared repository those that touch the service's paths, whatever became of them; else all."""
    globs = cast("Sequence[str]", row["paths"])
    if not globs or not commits:
        return commits
    asked = {"repository": row["repository"], "shas": sorted(commits)}
    return {str(sha) for sha, path in reader.rows(read_sql("analyses/drift_own"), asked) if is_own(str(path), globs)}


def _notes(rows: Sequence[Row]) -> tuple[str, ...]:
    places = {(row["service"], row["environment"]): row for row in rows}.values()
    rehearsed = [row for row in places if row["staging"] is not None]
    compared = [row for row in rehearsed if row["behind"] is not None]
    unknown = sum(row["commits"] is None for row in compared)
    behind = sum(bool(row["behind"]) for row in compared)
    notes = [f"{behind} of {len(compared)} {'is' if behind == 1 else 'are'} behind"] if compared else []
    if len(compared) < len(rehearsed):
        notes.append(
            f"{len(rehearsed) - len(compared)} of {len(places)} run what cannot be compared: neither version, commit nor digest "
            "is known in both places"
        )
    if len(rehearsed) < len(places):
        lacking = len(places) - len(rehearsed)
        notes.append(
            f"{lacking} of {len(places)} were never seen in a rehearsal environment, so nothing is said of them"
        )
    if unknown:
        notes.append(f"{unknown} run a version whose commit is not known: no commits are counted")
    return tuple(notes)
