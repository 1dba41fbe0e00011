"""`dora metrics --as PEER`: the same data under a peer's published rules, beside dora's own figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dora.cli.options import READ, say
from dora.cli.settings import chosen, ends, own_settings, stamped
from dora.cli.tables import emit
from dora.period import edge

if TYPE_CHECKING:
    from dora.warehouse import Reader
    from metrics.peers.comparison import Comparison, Row
    from metrics.question import Question

#: The names of metrics/peers/catalog.py, known without loading it.
NAMES = ("devlake", "fourkeys", "gitlab", "middleware", "metrik", "pelorus")
#: The settings that a peer's rules are given facts by: what production is, and which days are asked about.
SHARED = ("production", "regions", "timezone")


def show(reader: Reader, question: Question, name: str, form: str, out: str | None) -> None:
    """Print one row a group, bucket and metric, and below the table the rules that differ."""
    from metrics.peers.comparison import compare

    found = compare(reader, question, name)
    if form in READ:
        notes = [*_footer(found), *question.notes]
        emit([_said(found, row) for row in found.rows], form, out, notes=notes)
        say(notes, form)
    else:
        rows, used = [_flat(row) for row in found.rows], found.question.definitions.hash
        emit(rows, form, out, found.as_dict(), list(_FLAT), definitions=used)


_SIDES = {"higher": "↑", "lower": "↓", "either": "↕"}
_FLAT = ("group", "start", "end", "metric", "unit", "peer", "n", "dora", "dora_n", "rules")


def _flat(row: Row) -> Mapping[str, object]:
    return {name: getattr(row, name) for name in _FLAT} | {"rules": " ".join(row.rules)}


def _said(found: Comparison, row: Row) -> Mapping[str, object]:
    zone = found.question.definitions.timezone
    return {
        found.question.by: row.group,
        "from": edge(row.start, zone),
        "to": edge(row.end, zone),
        "metric": row.metric.replace("_", " "),
        found.peer.name: _value(row.unit, row.peer),
        "n": row.n,
        "dora": _value(row.unit, row.dora),
        "dora n": row.dora_n,
        "rules": " ".join(row.rules),
    }


def _value(unit: str, value: float | None) -> str:
    from dashboard.units import NO_DATA, duration, percent

    if value is None:
        return NO_DATA
    return (
        {"seconds": duration, "share": percent}[unit](value) if unit in ("seconds", "share") else f"{value:.4g} {unit}"
    )


def _footer(found: Comparison) -> list[str]:
    used, asked = found.question.definitions, found.question
    start, end = ends(asked.period, used)
    return [
        f"{found.peer.title}, by its published rules ({found.peer.read}); docs/peers.md tells them one by one",
        *(f"{rule.code} {_SIDES[rule.moves]} {rule.peer}; dora: {rule.dora}" for rule in found.peer.rules),
        f"{found.peer.name} rests on these rules, and of the settings on {chosen(used, SHARED)}",
        *own_settings(used, SHARED),
        *stamped(f"dora's own figures: {start} to {end}; data as of {asked.as_of.isoformat(timespec='seconds')}", used),
    ]
