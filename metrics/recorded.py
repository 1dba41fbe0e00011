"""Which kinds of failure the records could tell of at all: where none could, no failure known is no sign of quality."""

from __future__ import annotations

from collections.abc import Collection
from weakref import WeakKeyDictionary

import numpy as np

from dora.warehouse import Reader
from metrics.cells import Flags
from metrics.slices import read_sql

_OF_INCIDENTS, _OF_CHECKS = {"linked_incident", "proximity"}, {"verification", "telemetry"}
_OF_COMMITS = {"rollback", "revert", "hotfix"}
#: A published file never changes under its reader.
_recorded: WeakKeyDictionary[Reader, tuple[bool, bool]] = WeakKeyDictionary()


def could_be_told(reader: Reader, resolved: Flags, kinds: Collection[str]) -> Flags:
    """By deployment whether a failure of any of these kinds could be known; `resolved`: those of a known commit.

    Incidents and checks after deployments tell of all deployments once any is recorded; commits tell of their own.
    """
    incidents, checks = _recorded.get(reader) or _recorded.setdefault(reader, _ask(reader))
    if (incidents and not _OF_INCIDENTS.isdisjoint(kinds)) or (checks and not _OF_CHECKS.isdisjoint(kinds)):
        return np.ones_like(resolved)
    return np.zeros_like(resolved) if _OF_COMMITS.isdisjoint(kinds) else resolved


def _ask(reader: Reader) -> tuple[bool, bool]:
    [[incidents, checks]] = reader.rows(read_sql("recorded"))
    return bool(incidents), bool(checks)
