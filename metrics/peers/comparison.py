"""A peer's figures beside dora's own, per group and bucket, with the rules that make them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from dora.warehouse import Reader
from metrics.peers.catalog import peer
from metrics.peers.facts import facts
from metrics.peers.peer import Figure, Peer
from metrics.question import Question
from metrics.results import Group
from metrics.scorecard import scorecard
from metrics.slices import slices


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure of a peer over one group and span (ISO ends), and dora's own of the same unit; None is no data."""

    group: str
    start: str
    end: str
    metric: str
    unit: str
    peer: float | None
    n: int
    dora: float | None
    dora_n: int
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All rows of a question, groups in alphabetical order, the whole period of each before its buckets."""

    peer: Peer
    question: Question
    rows: tuple[Row, ...]

    def as_dict(self) -> dict[str, object]:
        """The JSON contract as plain values."""
        used, period = self.question.definitions, self.question.period
        return {
            "schema_version": 1,
            "as": self.peer.name,
            "title": self.peer.title,
            "read": self.peer.read,
            "by": self.question.by,
            "period": {"from": period.start.isoformat(), "to": period.end.isoformat()},
            "filters": self.question.filters,
            "notes": self.question.notes,
            "data_as_of": self.question.as_of.isoformat(timespec="seconds"),
            "definitions": {"hash": used.hash} | used.as_dict(),
            "rules": [asdict(rule) for rule in self.peer.rules],
            "rows": [asdict(row) for row in self.rows],
        }


def compare(reader: Reader, question: Question, name: str) -> Comparison:
    """Answer a question by a peer's rules and by dora's; an unknown peer is a `ConfigError`."""
    known = peer(name)
    card = scorecard(reader, question)
    own = {(part.name, part.start): part for group in card.groups for part in (group.buckets or ())}
    whole = {group.name: group for group in card.groups}
    rows: list[Row] = []
    seen: set[str] = set()
    for group, span, given in facts(reader, slices(reader, question)):
        part = own[group, span.start.isoformat()] if group in seen else whole[group]
        seen.add(group)
        rows.extend(_rows(known, part, known.figures(given)))
    return Comparison(peer=known, question=question, rows=tuple(rows))


def _rows(known: Peer, part: Group, figures: Iterator[Figure]) -> Iterator[Row]:
    for figure in figures:
        value, n = _of_dora(part, figure)
        yield Row(
            group=part.name,
            start=part.start,
            end=part.end,
            metric=figure.metric,
            unit=figure.unit,
            peer=figure.value,
            n=figure.n,
            dora=value,
            dora_n=n,
            rules=tuple(rule.code for rule in known.rules if rule.metric == figure.metric),
        )


def _of_dora(part: Group, figure: Figure) -> tuple[float | None, int]:
    """dora's figure of that metric, in the unit of the peer's, and how many rows it is of."""
    frequency, lead, fails = part.deployment_frequency, part.change_lead_time, part.change_fail_rate
    restore, recovery = part.time_to_restore, part.failed_deployment_recovery_time
    counts: Mapping[str, float | None] = {
        "deployments": float(frequency.deployments),
        "per day": frequency.per_day,
        "per week": frequency.median_per_week,
    }
    if figure.metric == "deployment_frequency":
        return counts[figure.unit], frequency.deployments
    return {
        "change_lead_time": (lead.median_seconds, lead.n),
        "change_fail_rate": (fails.rate, fails.deployments),
        "time_to_restore": (restore.kaplan_meier_median_seconds, restore.n),
        "failed_deployment_recovery_time": (recovery.kaplan_meier_median_seconds, recovery.n),
    }[figure.metric]
