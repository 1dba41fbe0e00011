"""The queue behind the change lead time: changes that had landed and were not deployed when a bucket ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from metrics.cells import Arrays, Cells, Flags, Integers, apart, ramps
from metrics.members import NEVER, micros
from metrics.slices import Slices

#: So many waiting changes are held at once, or those of one bucket; a change may wait at the end of many.
_AT_ONCE = 1 << 23
#: Steps into which the time of all horizons is divided to look one up.
_STEPS = 16


@dataclass(frozen=True, slots=True)
class Undeployed:
    """Changes by group, each waiting at the ends of the buckets `[first, last)`; horizons: these ends, or that of the data."""

    groups: int
    horizons: Integers
    group: Integers
    began_us: Integers
    first: Integers
    last: Integers

    def at_ends_of(self, places: Integers) -> Iterator[tuple[Integers, Cells, Integers]]:
        """The queues at the ends of a layer of cells, for the cells of a few buckets at a time.

        The places of these, and by cell the ages in microseconds in order.
        """
        grid = places.reshape(self.groups, len(places) // max(1, self.groups))
        for buckets in self._batches(range(len(self.horizons))[-grid.shape[1] :]):
            first = len(self.horizons) - grid.shape[1]
            yield grid[:, buckets.start - first : buckets.stop - first].ravel(), *self._queues(buckets)

    def _batches(self, buckets: range) -> Iterator[range]:
        ends = len(self.horizons) + 1
        waiting = np.cumsum(np.bincount(self.first, minlength=ends) - np.bincount(self.last, minlength=ends)).tolist()
        begin, held = buckets.start, 0
        for bucket in buckets:
            if held and held + waiting[bucket] > _AT_ONCE:
                yield range(begin, bucket)
                begin, held = bucket, 0
            held += waiting[bucket]
        yield range(begin, buckets.stop)

    def _queues(self, buckets: range) -> tuple[Cells, Integers]:
        first = np.maximum(self.first, buckets.start)
        n = np.maximum(np.minimum(self.last, buckets.stop) - first, 0)
        change, bucket = np.repeat(np.arange(len(n)), n), ramps(first, n)
        ages = np.maximum(self.horizons[bucket] - self.began_us[change], 0)
        cell = self.group[change] * len(buckets) + bucket - buckets.start
        cells = apart(np.bincount(cell, minlength=self.groups * len(buckets)))
        return cells, _by_cell(ages, cell)


def undeployed(slices: Slices, ask: Callable[[Slices], Arrays]) -> Undeployed:
    """The queues of a question, from the changes that `ask` finds for every part, deployed or not.

    Their columns: service_position, began_us, merged_us, deployed_us. A change waits for the group that owns its
    service just before: the end of a bucket is not in it, and whoever owns the service from then on has not owned it yet.
    """
    buckets = slices.buckets[1:] or slices.buckets
    horizons = np.array([micros(min(bucket.end, slices.question.as_of)) for bucket in buckets])
    found = [_waiting(part, ask(part), horizons) for part in slices.parts()]
    return Undeployed(len(slices.names), horizons, *map(np.concatenate, zip(*found, strict=True)))


def _waiting(part: Slices, rows: Arrays, horizons: Integers) -> tuple[Integers, Integers, Integers, Integers]:
    """group, began_us, first, last of those changes that wait at any horizon, a line a change and member."""
    places = np.flatnonzero(_may_wait(rows["merged_us"], rows["deployed_us"], horizons))
    first = horizons.searchsorted(rows["merged_us"][places], "right")
    last = horizons.searchsorted(rows["deployed_us"][places], "right")
    members = sorted(part.members, key=lambda member: member.position)
    positions = np.array([member.position for member in members], dtype=np.int64)
    low, high = (positions.searchsorted(rows["service_position"][places], side) for side in ("left", "right"))
    line, member = np.repeat(np.arange(len(places)), high - low), ramps(low, high - low)
    owned = np.array([(horizons - 1).searchsorted(member.stretch) for member in members], dtype=np.int64).reshape(-1, 2)
    first, last = np.maximum(first[line], owned[member, 0]), np.minimum(last[line], owned[member, 1])
    some = np.flatnonzero(first < last)
    group = np.array([member.group for member in members], dtype=np.int64)
    return group[member[some]], rows["began_us"][places[line[some]]], first[some], last[some]


def _may_wait(merged_us: Integers, deployed_us: Integers, horizons: Integers) -> Flags:
    """False where no horizon lies between the two; true where one does, and where it is too close to say.

    One look into a table a change: to search the horizons for all would take longer than to read them.
    """
    span = int(horizons[-1] - horizons[0])
    step = max(0, span.bit_length() - _STEPS)
    steps = horizons[0] + (np.arange((span >> step) + 2) << step)
    latest = np.array([-NEVER, *horizons])[horizons.searchsorted(steps)]
    found = deployed_us - (horizons[0] - (1 << step))
    found >>= step
    latest.take(found, mode="clip", out=found)
    waits: Flags = merged_us < found
    return waits


def _by_cell(values: Integers, cell: Integers) -> Integers:
    """The values, of 0 or more, by cell and in order."""
    bits = int(values.max(initial=0)).bit_length()
    if bits + int(cell.max(initial=0)).bit_length() > 62:
        return values[np.lexsort((values, cell))]
    packed = cell << bits | values
    packed.sort()  # one number a value: several times faster than to sort places
    return packed & (1 << bits) - 1
