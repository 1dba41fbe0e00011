"""One figure against the service's earlier ones, and the plain sentences about what the data cannot tell."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median, quantiles
from typing import Literal

from metrics.story import Comparison

#: Below this many earlier values there is no "usual".
FEWEST = 5


def compare(name: str, unit: Literal["count", "seconds"], value: float | None, earlier: Sequence[float]) -> Comparison:
    """Median and quartiles (linear interpolation) of the earlier values; None for all three below five of them."""
    known = len(earlier) >= FEWEST
    low, middle, high = quantiles(earlier, n=4, method="inclusive") if known else (None, None, None)
    below = sum(1 for other in earlier if value is not None and other < value) / len(earlier) if known else None
    return Comparison(
        name=name, unit=unit, value=value, n=len(earlier), low=low, median=middle, high=high,
        share_below=below if value is not None else None,
    )  # fmt: skip


def centre(values: Sequence[float]) -> float | None:
    """The median, None of nothing."""
    return median(values) if values else None
