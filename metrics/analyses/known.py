"""Which kinds of record are known at all: without any, a count is not 0 but not known."""

from __future__ import annotations

from collections.abc import Mapping

from dora.warehouse import Reader
from metrics.slices import read_sql


def known(reader: Reader) -> Mapping[str, bool]:
    """`flag_changes`, `incidents`, `checks`: whether a single one is known, of any service and at any time."""
    return {name: bool(found) for name, found in reader.records(read_sql("analyses/known"))[0].items()}
