"""Attempts that did not succeed in several regions, as the one rollout that they are.

With `regions = "first"` or `"last"` the regions that received a version are one deployment in the facts, while
attempts that did not succeed are each region's own there: counted so, a share of both would be of unlike things.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dora.warehouse import Reader
from metrics.slices import Slices, read_sql


def parts(reader: Reader, cut: Slices) -> Mapping[int, int]:
    """The number of an attempt -> that of the first one of its rollout; empty where regions are deployed separately.

    Attempts of a version that ended alike in several regions are one, with no other version succeeding between them.
    A region that tries again begins the next one. The same whatever the period is.
    """
    definitions = cut.question.definitions
    regional = sorted({m.service for m in cut.members if definitions.of(m.service).regions != "separate"})
    if not regional:
        return {}
    rows = reader.rows(read_sql("analyses/rollouts"), {"regional": regional})
    return {cast(int, number): cast(int, first) for number, first in rows}
