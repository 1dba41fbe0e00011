"""Release is not deploy: feature-flag changes as events of their own, and the incidents they stand beside.

A flag change near an incident is evidence to look at, stated row by row; it never makes a deployment fail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import cast

import polars as pl

from dora.period import Period
from dora.warehouse import Reader
from metrics.analyses.answer import Answer, by_group, share
from metrics.analyses.clocks import of_environments
from metrics.analyses.flag_states import meaning, reaches
from metrics.analyses.known import known
from metrics.question import Question
from metrics.regions import ALL
from metrics.services import matches
from metrics.slices import Slices, slices

#: How long before an incident began a flag change may have been its cause, in seconds.
BEFORE = 3600.0
NO_FLAGS = "no flag change is known at all: without a source of them nothing can be said about flags"
DEFINITION = (
    "changes of feature flags that reach production, as events of their own: none is a deployment, none makes one "
    "fail. Partly: a share or a group of users. An incident is beside a flag change when one of its service lies "
    "from 60 min before it began to its end; only: no deployment is linked to it either"
)
COLUMNS = (
    "group", "span", "from", "flag_changes", "flags", "switched_on", "switched_off", "partly", "deployments",
    "flag_changes_per_deployment", "incidents", "with_flag_change", "with_flag_change_share",
    "with_flag_change_share_interval", "with_flag_change_only",
)  # fmt: skip
LINK_DEFINITION = (
    "flag changes of the same service from 60 min before an incident began to its end, that moment too; before "
    "its start they may be the cause, during it the cure, or neither: time alone proves nothing"
)
LINK_COLUMNS = (
    "group", "incident", "flag", "state", "changed_at", "service", "when", "seconds_from_start", "incident_began_at",
    "incident_resolved_at", "linked_deployment",
)  # fmt: skip


def flags(reader: Reader, question: Question) -> Answer:
    """A row a group for the whole period, then one for each of its buckets."""
    cut = slices(reader, question)
    changes = _production(cut, cut.frame(reader, "analyses/flags"))
    deployed = cut.frame(reader, "analyses/any_time")
    incidents = _incidents(reader, cut)
    nobodys = changes.filter(changes["grp"].is_null()).height
    parts = [dict(by_group(cut, frame)) for frame in (changes, deployed, incidents)]
    spans = [("period", question.period), *((str(question.every), bucket) for bucket in cut.buckets[1:])]
    flags_known = known(reader)["flag_changes"]
    rows = [
        {"group": name, "span": span, "from": _naive(bucket.start)}
        | _row([_inside(part[name], at, bucket) for part, at in zip(parts, _CLOCKS, strict=True)], flags_known)
        for name in cut.names
        for span, bucket in spans
    ]
    return Answer(
        name="flags",
        title="Release is not deploy",
        definition=DEFINITION,
        columns=COLUMNS,
        rows=tuple(rows),
        notes=(*of_environments(question), *_notes(flags_known), *_nobodys(nobodys)),
        keys=3,
    )


def flag_incidents(reader: Reader, question: Question) -> Answer:
    """A row a group, incident and flag change in its time: the evidence behind `flags`."""
    cut = slices(reader, question)
    found = _incidents(reader, cut)
    linked = found.filter(pl.col("flag").is_not_null())
    linked = linked.unique(["grp", "incident_id", "flag", "state", "changed_at"], maintain_order=True)
    rows = [{"group": name} | _link(row) for name, part in by_group(cut, linked) for row in part.to_dicts()]
    return Answer(
        name="flag_incidents",
        title="Incidents beside a flag change",
        definition=LINK_DEFINITION,
        columns=LINK_COLUMNS,
        rows=tuple(rows),
        notes=(
            *of_environments(question),
            *_link_notes(found.n_unique("incident_id"), linked.height, known(reader)["flag_changes"]),
        ),
        keys=5,
    )


_CLOCKS = ("changed_at", "finished_at", "began_at")


def _incidents(reader: Reader, cut: Slices) -> pl.DataFrame:
    """Incidents with the production flag changes in their time; one row with `flag` null when there is none."""
    frame = cut.frame(reader, "analyses/flag_incidents", before=BEFORE, as_of=cut.question.as_of, all_regions=ALL)
    changed = ("environment", "flag", "state", "changed_at")
    kept = pl.Series(_are_production(cut, frame), dtype=pl.Boolean)
    frame = frame.with_columns(pl.when(kept).then(pl.col(name)).alias(name) for name in changed)
    named = frame.filter(pl.col("flag").is_not_null())
    own = ["grp", "service", "incident_id"]
    bare = frame.join(named, on=own, how="anti").unique(own, maintain_order=True)
    return pl.concat([named, bare]).sort("grp", "began_at", "incident_id", "changed_at", maintain_order=True)


def _production(cut: Slices, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.Series(_are_production(cut, frame), dtype=pl.Boolean))


def _are_production(cut: Slices, frame: pl.DataFrame) -> list[bool]:
    """For every row whether its flag change reaches production of its service; one that names no environment reaches all."""
    return [
        name is None or _reaches(name, cut.question, cut.question.definitions.of(service).production)
        for service, name in zip(frame["service"], frame["environment"], strict=True)
    ]


def _reaches(name: str, question: Question, production: Sequence[str]) -> bool:
    wanted = question.environments
    return matches(name, production) and (not wanted or any(reaches(name, one, production) for one in wanted))


def _inside(part: pl.DataFrame, clock: str, bucket: Period) -> pl.DataFrame:
    return part.filter((pl.col(clock) >= _naive(bucket.start)) & (pl.col(clock) < _naive(bucket.end)))


def _naive(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _row(parts: Sequence[pl.DataFrame], flags_known: bool) -> dict[str, object]:
    changes, deployed, incidents = parts
    linked = incidents.filter(pl.col("flag").is_not_null())
    n, hits = _incident_count(incidents), _incident_count(linked)
    only = _incident_count(linked.filter(pl.col("deployment_id").is_null()))
    return {
        **(_changes(changes) if flags_known else dict.fromkeys(COLUMNS[3:8])),
        "deployments": deployed.height,
        "flag_changes_per_deployment": changes.height / deployed.height if flags_known and deployed.height else None,
        "incidents": n,
        "with_flag_change": hits if flags_known else None,
        **share("with_flag_change_share", hits, n if flags_known else 0),
        "with_flag_change_only": only if flags_known else None,
    }


def _incident_count(incidents: pl.DataFrame) -> int:
    """As in the time to restore: an incident of several services counts once."""
    return incidents.n_unique("incident_id")


def _changes(changes: pl.DataFrame) -> dict[str, object]:
    states = [meaning(state) for state in changes["state"]]
    return {
        "flag_changes": changes.height,
        "flags": changes.n_unique(["service", "flag"]) if changes.height else 0,
        "switched_on": states.count("on"),
        "switched_off": states.count("off"),
        "partly": states.count("partly"),
    }


def _link(row: dict[str, object]) -> dict[str, object]:
    changed, began = cast(datetime, row["changed_at"]), cast(datetime, row["began_at"])
    return {
        "incident": row["incident_id"],
        "flag": row["flag"],
        "state": row["state"],
        "changed_at": changed,
        "service": row["service"],
        "when": "before" if changed <= began else "during",
        "seconds_from_start": (changed - began).total_seconds(),
        "incident_began_at": began,
        "incident_resolved_at": row["resolved_at"],
        "linked_deployment": row["deployment_id"],
    }


def _notes(flags_known: bool) -> tuple[str, ...]:
    if not flags_known:
        return (NO_FLAGS,)
    return ()


def _link_notes(incidents: int, linked: int, flags_known: bool) -> tuple[str, ...]:
    if not flags_known:
        return (NO_FLAGS,)
    if not incidents:
        return ("no production incident of these services began in the period",)
    if not linked:
        return (f"none of {incidents} incidents has a flag change in its time",)
    return (
        "by time alone: a flag change before the start may be the cause, one during it the cure, or neither; "
        "none of them counts as a failure of a deployment",
    )


def _nobodys(count: int) -> tuple[str, ...]:
    return (f"{count} flag changes name no known service and are nobody's",) if count else ()
