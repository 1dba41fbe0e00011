"""The answer as one flat table of numbers, for notebooks and spreadsheets: its columns follow the fields of the results."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from itertools import chain, zip_longest
from typing import cast, get_args, get_origin, get_type_hints, is_typeddict

from dora.cli.tables import emit
from dora.period import edge
from metrics.quick_check import PUBLISHED, YEAR, quick_check
from metrics.results import Group, Interval, Level, Scorecard

Kind = type[bool] | type[int] | type[float] | type[str]


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """One column: a value a row of its kind, None where there is no data."""

    name: str
    kind: Kind
    values: Sequence[object]


def flat_columns(card: Scorecard) -> list[FlatColumn]:
    """A row a group, or a group and bucket when the question has buckets; no rows of no groups, with the columns' names.

    A field of a metric is `METRIC_FIELD`, an interval that with `_low` and `_high`, a level `METRIC_level`, a list of
    numbers `_1`, `_2` and so on, a mapping a column a key that any row has. Then for 2025 the places of its Quick Check,
    and last what the figures were computed with.
    """
    rows = [part for group in card.groups for part in (group.buckets if group.buckets is not None else (group,))]
    timezone = str(card.definitions["timezone"])
    metrics = {name: hint for name, hint in get_type_hints(Group).items() if is_dataclass(hint)}
    return [
        FlatColumn("by", str, [row.by for row in rows]),
        FlatColumn("name", str, [row.name for row in rows]),
        FlatColumn("from", str, [edge(row.start, timezone) for row in rows]),
        FlatColumn("to", str, [edge(row.end, timezone) for row in rows]),
        *chain.from_iterable(
            _columns(name, hint, [getattr(row, name) for row in rows]) for name, hint in metrics.items()
        ),
        *(_places(rows) if card.edition == YEAR else ()),
        FlatColumn("definitions_hash", str, [card.definitions["hash"]] * len(rows)),
        FlatColumn("edition", int, [card.edition] * len(rows)),
        FlatColumn("filters", str, [_filters(card)] * len(rows)),
    ]


def emit_columns(columns: Sequence[FlatColumn], form: str, out: str | None) -> None:
    """Write them as CSV or Parquet, for a program to read."""
    names = [column.name for column in columns]
    lines = zip(*(column.values for column in columns), strict=True)
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    emit(rows, form, out, empty=names, kinds={column.name: column.kind for column in columns})


def _places(rows: Sequence[Group]) -> Iterator[FlatColumn]:
    """By metric of the Quick Check our place with those of its interval as text, then each as a number."""
    found = [{strip.metric: strip for strip in quick_check(row)} for row in rows]
    for metric in PUBLISHED:
        name, strips = f"{metric}_quick_check", [row[metric] for row in found]
        yield FlatColumn(name, str, [strip.ours for strip in strips])
        yield FlatColumn(f"{name}_place", float, [strip.place for strip in strips])
        yield from _columns(f"{name}_place", Interval, [strip.place_interval for strip in strips])


def _filters(card: Scorecard) -> str | None:
    """What the question was narrowed to, `services A, B; environments C`; None without a filter."""
    return "; ".join(f"{name} {', '.join(asked)}" for name, asked in card.filters.items()) or None


def _columns(name: str, hint: object, values: Sequence[object]) -> Iterator[FlatColumn]:
    """The columns of one field, by what the field is declared to hold."""
    if hint is Level:
        levels = cast("Sequence[Level]", values)
        yield FlatColumn(name, str, [level.label for level in levels])
        yield FlatColumn(f"{name}_times_slower_than_elite", float, [level.times_slower_than_elite for level in levels])
    elif is_dataclass(hint):
        for field, inner in get_type_hints(hint).items():
            yield from _columns(f"{name}_{field}", inner, [getattr(value, field) for value in values])
    elif is_typeddict(hint):
        mappings = cast("Sequence[Mapping[str, object]]", values)
        for key, inner in get_type_hints(hint).items():
            yield from _columns(f"{name}_{key}", inner, [value[key] for value in mappings])
    elif hint == Interval:
        lows, highs = zip(*cast("Sequence[Interval]", values), strict=True) if values else ((), ())
        yield FlatColumn(f"{name}_low", float, lows)
        yield FlatColumn(f"{name}_high", float, highs)
    elif get_origin(hint) is tuple:
        lines = zip_longest(*cast("Sequence[tuple[object, ...]]", values))
        for place, held in enumerate(lines, 1):
            yield from _columns(f"{name}_{place}", get_args(hint)[0], held)
    elif get_origin(hint) is Mapping:
        held_by_key = cast("Sequence[Mapping[str, object]]", values)
        for key in dict.fromkeys(key for held in held_by_key for key in held):
            yield from _columns(f"{name}_{key}", get_args(hint)[1], [held.get(key) for held in held_by_key])
    else:
        yield FlatColumn(name, _kind(hint), values)


def _kind(hint: object) -> Kind:
    accepted = get_args(hint) or (hint,)
    return next((kind for kind in (bool, float, int) if kind in accepted), str)
