"""The five metrics as a page shows them: one uniform reading a metric, its texts, and its published zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from dashboard import basis, units
from dashboard.axes import Axis
from dashboard.zones import Zone
from metrics.bands import Edition, PublishedLevel
from metrics.own_past import Change
from metrics.results import Group, Interval, Level

#: Why a figure has no level, where nothing else is known.
FEW = "few data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One metric of one group: the figure, its interval, what it rests on, and its level if levels exist.

    `lacking`: in two words why there is none where the data is insufficient.
    """

    value: float | None
    interval: Interval
    n: int
    basis: str
    level: Level | None = None
    lacking: str = FEW

    @property
    def missing(self) -> str | None:
        """What to say instead of a figure: never 0; None when there is one."""
        if self.value is not None:
            return None
        return "not reached" if self.n else units.NO_DATA


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """How one metric is shown. `band`: its name in `metrics.bands`, None when no levels were published."""

    id: str
    title: str
    short: str
    axis: Axis
    form: units.Format
    more_is_better: bool
    band: str | None
    meaning: str
    of: Callable[[Group], Reading]

    def text(self, reading: Reading) -> str:
        """The figure in the unit of its interval, or `no data`."""
        return self._form(reading)(reading.value)

    def interval(self, reading: Reading) -> str:
        """The 95 % interval as text, both ends in one unit."""
        return units.interval(*reading.interval, self._form(reading))

    def _form(self, reading: Reading) -> units.Format:
        return partial(units.per_day, like=reading.interval[0]) if self.axis == "per_day" else self.form


def _frequency(group: Group) -> Reading:
    found = group.deployment_frequency
    value = found.per_day if found.deployments else None
    return Reading(
        value=value,
        interval=found.per_day_interval if found.deployments else (None, None),
        n=found.deployments,
        basis=basis.of_frequency(found),
        level=found.level,
    )


def _lead_time(group: Group) -> Reading:
    found = group.change_lead_time
    return Reading(
        value=found.median_seconds,
        interval=found.interval_seconds,
        n=found.n,
        basis=basis.of_lead_time(found),
        level=found.level,
    )


def _fail_rate(group: Group) -> Reading:
    found = group.change_fail_rate
    unwatched = bool(found.deployments) and not found.watched
    return Reading(
        value=found.rate,
        interval=found.interval,
        n=found.deployments,
        basis=basis.of_fail_rate(found),
        level=found.level,
        lacking="none looked for" if unwatched else FEW,
    )


def _recovery(group: Group) -> Reading:
    found = group.failed_deployment_recovery_time
    return Reading(
        value=found.kaplan_meier_median_seconds,
        interval=found.interval_seconds,
        n=found.n,
        basis=basis.of_endings(found, "failure"),
        level=found.level,
    )


def _restore(group: Group) -> Reading:
    found = group.time_to_restore
    return Reading(
        value=found.kaplan_meier_median_seconds,
        interval=found.interval_seconds,
        n=found.n,
        basis=basis.of_endings(found, "incident"),
    )


def _rework(group: Group) -> Reading:
    found = group.deployment_rework_rate
    return Reading(value=found.rate, interval=found.interval, n=found.deployments, basis=basis.of_rework(found))


FIGURES: tuple[Figure, ...] = (
    Figure(
        id="deployment_frequency", title="Deployment frequency", short="Frequency", axis="per_day", form=units.per_day,
        more_is_better=True, band="deployment_frequency", of=_frequency,
        meaning="How often production gets a new version: succeeded production deployments per calendar day. "
        "The level compares the median working day.",
    ),
    Figure(
        id="change_lead_time", title="Change lead time", short="Lead time", axis="seconds", form=units.duration,
        more_is_better=False, band="change_lead_time", of=_lead_time,
        meaning="How long a change takes to reach production, from its commit to the end of the deployment that first shipped it.",
    ),
    Figure(
        id="change_fail_rate", title="Change fail rate", short="Fail rate", axis="rate", form=units.percent,
        more_is_better=False, band="change_fail_rate", of=_fail_rate,
        meaning="The share of production deployments that needed a rollback, a revert, or caused an incident. "
        "Deployments younger than the failure window are not judged yet.",
    ),
    Figure(
        id="failed_deployment_recovery_time", title="Recovery time", short="Recovery time", axis="seconds", form=units.duration,
        more_is_better=False, band="recovery_time", of=_recovery,
        meaning="How long a failed deployment hurt: from its end until it was rolled back, fixed, or its incident resolved. "
        "Open failures count as at least as long as they have lasted.",
    ),
    Figure(
        id="deployment_rework_rate", title="Deployment rework rate", short="Rework rate", axis="rate", form=units.percent,
        more_is_better=False, band=None, of=_rework,
        meaning="The share of production deployments that were unplanned repairs: rollbacks, reverts, hotfixes, incident fixes. "
        "No performance levels were published for it.",
    ),
)  # fmt: skip

#: All production incidents, whatever caused them: beside the five, without published levels.
TIME_TO_RESTORE = Figure(
    id="time_to_restore", title="Time to restore", short="Restore", axis="seconds", form=units.duration,
    more_is_better=False, band=None, of=_restore,
    meaning="How long incidents in production lasted, from impact (else detection) until they were resolved. "
    "Open incidents count as at least as long as they have lasted.",
)  # fmt: skip


def elite_words(published: Edition, figure: Figure) -> str:
    """The published words of the elite cell, such as `<1 h`; empty where there is none."""
    return published.words.get("elite", {}).get(figure.band or "", "")


def level_text(reading: Reading) -> str:
    """The level in words; a metric without published levels says so."""
    if reading.level is None:
        return "no published levels"
    return reading.level.label


def distance(reading: Reading) -> float | None:
    """How many times worse than elite; None where it is not, or where the data is insufficient for a level."""
    if reading.level is None or reading.level.label == "insufficient data":
        return None
    return reading.level.times_slower_than_elite


def level_and_distance(figure: Figure, reading: Reading) -> str:
    """The level in words, and how far elite is: `medium, 2.4× slower than elite`; of a rate how many times worse."""
    text, factor = level_text(reading), units.times(distance(reading))
    worse = "worse" if figure.axis == "rate" else "slower"
    return text if factor in (units.NO_DATA, "1×") else f"{text}, {factor} {worse} than elite"


def farthest_from_elite(group: Group) -> tuple[Figure, Reading, float] | None:
    """The metric that is the most times worse than elite, and how many; None when none is known to be worse."""
    found = []
    for figure in FIGURES:
        reading = figure.of(group)
        if factor := distance(reading):
            found.append((factor, figure, reading))
    if not found:
        return None
    factor, figure, reading = max(found, key=lambda item: item[0])
    return figure, reading, factor


def change_text(change: Change) -> str | None:
    """How the figure changed, with the interval of the change; None when one of the periods has no data."""
    low, high = change.interval
    if change.difference is not None:
        text = points(change.difference)
        return text if low is None or high is None else f"{text} ({points(low)} to {points(high)})"
    if change.ratio is None:
        return None
    text = units.change(change.ratio)
    return text if low is None or high is None else f"{text} ({units.change(low)} to {units.change(high)})"


def points(difference: float) -> str:
    """A difference of shares in percentage points: `−1.2 pp`."""
    size = f"{abs(difference) * 100:.1f}".removesuffix(".0")
    sign = "±" if size == "0" else "+" if difference > 0 else "−"
    return f"{sign}{size} pp"


def is_better(figure: Figure, change: Change) -> bool:
    """Whether the direction of the change is the good one."""
    return change.upwards == figure.more_is_better


def zones(edition: Edition, figure: Figure) -> list[Zone]:
    """The published levels on the metric's axis; equal cells share a zone, overlaps belong to the better level."""
    if figure.band is None:
        return []
    cells: dict[tuple[float, float], list[str]] = {}
    for level in edition.levels:
        cells.setdefault(_cell(level, figure.band), []).append(level.name)
    found: list[Zone] = []
    taken: list[tuple[float, float]] = []
    for (low, high), names in cells.items():
        label, elite = _joined(names), "elite" in names
        if low == high:
            found.append(Zone(label, None if elite else low, high, elite))
            continue
        covered = [edge for a, edge in taken if a <= low < edge]
        found.append(Zone(label, max([low, *covered]) or None, None if high == float("inf") else high, elite))
        taken.append((low, high))
    return found


def _cell(level: PublishedLevel, band: str) -> tuple[float, float]:
    cells: Mapping[str, tuple[float, float] | float] = {
        "deployment_frequency": level.deployment_frequency, "change_lead_time": level.change_lead_time,
        "change_fail_rate": level.change_fail_rate, "recovery_time": level.recovery_time,
    }  # fmt: skip
    cell = cells[band]
    return cell if isinstance(cell, tuple) else (cell, cell)


def _joined(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}" if len(names) > 2 else " and ".join(names)
