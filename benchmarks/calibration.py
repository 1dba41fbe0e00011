"""What share of the 95 % intervals holds the truth, by seeded simulation, at 5, 20 and 100 values.

    python benchmarks/calibration.py

A row says what was simulated, the share held at each n, and whether it must lie within 93 to 97 % (`held`), may be
more cautious (`at least 93 %`), or cannot hold and is only shown. A discrete count cannot hold 95 % at every true rate: the
share swings with it, so rates are judged on average over a range of true rates. The last table sees a true median
recovery of 24 h through a window of seven days in which open failures are censored; without that, closed ones
alone would say half of it. Exits 1 when a judged figure is outside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from metrics.change_intervals import frequency_ratio, median_ratio, share_difference
from metrics.clusters import independent_values
from metrics.intervals import (
    kaplan_meier_median,
    median_interval,
    median_intervals,
    poisson_interval,
    survival_median,
    wilson,
)

Floats = NDArray[np.float64]
SIZES = (5, 20, 100)
HOURS = 24.0
WEEK, MANY, SOME = 168.0, 40_000, 1_500
LOW, HIGH = 0.93, 0.97
#: The middle of five of these is itself skewed: even without anything open its mean lies far above 24 h.
SKEWED = ("lognormal, sigma 2", "Weibull, shape 0.6")
Interval = tuple[float | None, float | None]


@dataclass
class Report:
    """Prints rows and remembers whether one that is judged was outside."""

    failed: list[str] = field(default_factory=list)

    def row(self, what: str, shares: list[float | None], judged: str) -> None:
        """One line of shares: `judged` says whether they must be held inside the bounds, above the lower one, or are shown."""
        bad = any(share is not None and not _fine(share, judged) for share in shares)
        if bad:
            self.failed.append(what)
        cells = "".join("   none " if share is None else f"{share * 100:7.1f} " for share in shares)
        print(f"{what:<52}{cells}  {'OUTSIDE' if bad else judged}")


def _fine(share: float, judged: str) -> bool:
    if judged == "held":
        return LOW <= share <= HIGH
    return judged == "shown" or share >= LOW


def times(rng: np.random.Generator, shape: tuple[int, ...]) -> Mapping[str, Floats]:
    """Times of one true median, 24 h, in hours: memoryless, skewed, very skewed, ageing, even."""
    return {
        "exponential": rng.exponential(HOURS / np.log(2), shape),
        "lognormal, sigma 1": HOURS * np.exp(rng.normal(0, 1, shape)),
        "lognormal, sigma 2": HOURS * np.exp(rng.normal(0, 2, shape)),
        "Weibull, shape 0.6": HOURS * (rng.weibull(0.6, shape) / np.log(2) ** (1 / 0.6)),
        "uniform": rng.uniform(0, 2 * HOURS, shape),
    }


def held(interval: Interval, truth: float) -> bool:
    """Whether the truth lies inside; an unknown end is open."""
    low, high = interval
    return (low is None or low <= truth) and (high is None or truth <= high)


def rates(rng: np.random.Generator, report: Report) -> None:
    """Wilson, averaged over ranges of true rates, and at single rates, where a count cannot hold it."""
    table = {n: np.array([wilson(hits, n) for hits in range(n + 1)], dtype=np.float64) for n in SIZES}

    def share(n: int, truth: Floats) -> float:
        low, high = table[n][rng.binomial(n, truth)].T
        return float(np.mean((low <= truth) & (truth <= high)))

    for low, high in ((0.0, 0.5), (0.01, 0.3), (0.02, 0.2)):
        what = f"rate, Wilson: true rates of {low:.0%} to {high:.0%}"
        report.row(what, [share(n, rng.uniform(low, high, MANY)) for n in SIZES], "held")
    for rate in (0.02, 0.05, 0.1, 0.2, 0.5):
        report.row(f"rate, Wilson: {rate:.0%} exactly", [share(n, np.full(MANY, rate)) for n in SIZES], "shown")


def medians(rng: np.random.Generator, report: Report) -> None:
    """Order statistics of complete times."""
    found: dict[str, list[float | None]] = {}
    for n in SIZES:
        for name, values in times(rng, (MANY, n)).items():
            ordered = np.sort(values, axis=1)
            ranks = [int(rank) for rank in median_interval(np.arange(n, dtype=np.float64)) if rank is not None]
            inside = (ordered[:, ranks[0]] <= HOURS) & (ordered[:, ranks[1]] >= HOURS)
            found.setdefault(name, []).append(float(inside.mean()))
    for name, shares in found.items():
        report.row(f"median, order statistics: {name}", shares, "held")


def batches(rng: np.random.Generator, report: Report) -> None:
    """Changes of 5, 20 and 100 deployments: what one waits, all of its deployment wait in part."""
    print(f"\n{'lead times of batches, by deployments':<52}{_header()}")
    kinds = {"one to twelve each": _some_each, "two each, one of forty": _one_large}
    for (name, drawn), alike in product(kinds.items(), (0.0, 0.3, 0.7, 1.0)):
        found = [batch_share(rng, drawn, n, alike) for n in SIZES]
        report.row(f"median, {name}: {alike:.0%} alike", [taken for taken, _ in found], "at least 93 %")
        report.row("   taken as independent", [independent for _, independent in found], "shown")


def _some_each(rng: np.random.Generator, deployments: int) -> NDArray[np.int64]:
    return rng.integers(1, 13, deployments)


def _one_large(_: np.random.Generator, deployments: int) -> NDArray[np.int64]:
    return np.array([40, *[2] * (deployments - 1)])


def batch_share(
    rng: np.random.Generator,
    drawn: Callable[[np.random.Generator, int], NDArray[np.int64]],
    deployments: int,
    alike: float,
) -> tuple[float, float]:
    """What share holds the truth with deployments, which ship as many as are `drawn`, as clusters, and with changes as independent."""
    hits, naive = [], []
    for _ in range(SOME):
        sizes = drawn(rng, deployments)
        clusters = np.repeat(np.arange(deployments), sizes)
        noise = rng.normal(0, np.sqrt(1 - alike), len(clusters))
        values = HOURS * np.exp(np.sqrt(alike) * rng.normal(0, 1, deployments)[clusters] + noise)
        n, ordered = np.array([len(values)]), np.sort(values)
        worth = independent_values(values, n, np.median(ordered, keepdims=True), sizes)
        low, high = median_intervals(ordered, np.array([0]), n, worth=worth)[0].tolist()
        hits.append(not (low > HOURS or high < HOURS))  # an unknown end, NaN, is open
        naive.append(held(median_interval(ordered), HOURS))
    return float(np.mean(hits)), float(np.mean(naive))


def survival_medians(rng: np.random.Generator, report: Report) -> None:
    """Kaplan–Meier, pooled over the distributions: complete, seen through a week, and with about half still open."""
    for what, window, judged in (
        ("nothing open", np.inf, "held"),
        ("seen through 7 days", WEEK, "held"),
        ("seen through 2.5 days, half open", 60.0, "at least 93 %"),
    ):
        shares = []
        for n in SIZES:
            hits = [
                held(kaplan_meier_median(seen, ended)[1], HOURS)
                for values in times(rng, (SOME, n)).values()
                for seen, ended in _through(rng, values, window)
            ]
            shares.append(float(np.mean(hits)))
        report.row(f"median, Kaplan–Meier: {what}", list(shares), judged)


def _through(rng: np.random.Generator, values: Floats, window: float) -> list[tuple[Floats, NDArray[np.bool_]]]:
    """Every failure begins at any moment of the window; what has not ended by its end is open."""
    left = rng.uniform(0, window, values.shape) if np.isfinite(window) else np.full(values.shape, np.inf)
    return list(zip(np.minimum(values, left), values <= left, strict=True))


def changes(rng: np.random.Generator, report: Report) -> None:
    """A period against the one before: exact for frequencies, so cautious; Newcombe; the ratio of medians."""
    counts = [poisson_share(rng, mean) for mean in SIZES]
    report.row("count, exact Poisson: 5, 20, 100 expected", [one for one, _ in counts], "at least 93 %")
    report.row("ratio of frequencies, exact: 5, 20, 100 expected", [two for _, two in counts], "at least 93 %")
    report.row("difference of rates of 1% to 50%, Newcombe", [difference_share(rng, n) for n in SIZES], "held")
    report.row("ratio of medians, lognormal, sigma 1", [ratio_share(rng, n) for n in SIZES], "at least 93 %")


def poisson_share(rng: np.random.Generator, mean: int) -> tuple[float, float]:
    """(one count, ratio of two counts), the means around the given one and the ratios from a third to three."""
    means = mean * rng.uniform(0.75, 1.25, SOME)
    ratios = np.exp(rng.uniform(-np.log(3), np.log(3), SOME))
    old, new = rng.poisson(means).tolist(), rng.poisson(means * ratios).tolist()
    one = [held(poisson_interval(count), truth) for count, truth in zip(old, means.tolist(), strict=True)]
    two = [held(frequency_ratio(a, b), truth) for a, b, truth in zip(new, old, ratios.tolist(), strict=True)]
    return float(np.mean(one)), float(np.mean(two))


def difference_share(rng: np.random.Generator, n: int) -> float:
    """Newcombe's interval of the difference of two rates, each from 1 to 50 %."""
    truth = rng.uniform(0.01, 0.5, (10_000, 2))
    hits = rng.binomial(n, truth).tolist()
    pairs = zip(hits, (truth[:, 0] - truth[:, 1]).tolist(), strict=True)
    return float(
        np.mean([held(share_difference((a / n, wilson(a, n)), (b / n, wilson(b, n))), gap) for (a, b), gap in pairs])
    )


def ratio_share(rng: np.random.Generator, n: int) -> float:
    """The ratio of two medians that are truly equal."""
    values = np.sort(times(rng, (2 * SOME, n))["lognormal, sigma 1"], axis=1)
    figures = [(float(np.median(row)), median_interval(row)) for row in values]
    return float(np.mean([held(median_ratio(a, b), 1.0) for a, b in zip(figures[::2], figures[1::2], strict=True)]))


def recovery(rng: np.random.Generator, report: Report) -> None:
    """The mean estimate of a true 24 h through a week, with and without the failures that are still open.

    Beside it the mean of the median where every end is seen: few values of a heavy tail have theirs above the truth.
    """
    print(f"\n{'a true recovery of 24 h, through 7 days: mean, h':<52}{_header()}  closed only     every end seen")
    for name in times(rng, (1, 1)):
        means, closed, whole = [], [], []
        for n in SIZES:
            whole.append(float(np.mean(np.median(times(rng, (8_000, n))[name], axis=1))))
            seen = _through(rng, times(rng, (8_000, n))[name], WEEK)
            estimates = [median for row, ended in seen if (median := survival_median(row, ended)) is not None]
            means.append(float(np.mean(estimates)))
            closed.append(float(np.mean([np.median(row[ended]) for row, ended in seen if ended.any()])))
        judged = [20 <= mean <= 28 for n, mean in zip(SIZES, means, strict=True) if n > 5 or name not in SKEWED]
        if not all(judged):
            report.failed.append(f"recovery: {name}")
        cells = "".join(f"{mean:7.1f} " for mean in means)
        beside = "  ".join(" ".join(f"{mean:.1f}" for mean in some) for some in (closed, whole))
        print(f"{name:<52}{cells}  {beside}  {'' if all(judged) else 'OUTSIDE'}")


def _header() -> str:
    return "".join(f"  n={n:<4}" for n in SIZES)


def main() -> int:
    """Print every table; 1 when a judged figure is outside."""
    rng, report = np.random.default_rng(20251), Report()
    print(f"{'share of 95 % intervals that hold the truth, %':<52}{_header()}")
    tables: list[Callable[[np.random.Generator, Report], None]] = [
        rates, medians, survival_medians, changes, recovery, batches,
    ]  # fmt: skip
    for table in tables:
        table(rng, report)
    for what in report.failed:
        print(f"outside: {what}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
