"""Numbers as a person reads them: `2 d 4 h`, `12.5 %`, `0.4 per day`. None is always `no data`, never 0."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NO_DATA = "no data"
MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 604800
#: The mean Gregorian month, as in "1 month" of the published levels.
MONTH = 2629746
Format = Callable[[float | None], str]


def duration(seconds: float | None) -> str:
    """The two largest units of a span, or one when the second would be noise.

    >>> duration(187_200)
    '2 d 4 h'
    >>> duration(1_800)
    '30 min'
    """
    if seconds is None:
        return NO_DATA
    if seconds < 0:
        return "−" + duration(-seconds)
    return _two_units(seconds)


def _two_units(seconds: float) -> str:
    if round(seconds) < 10 * MINUTE:
        return _pair(round(seconds), (MINUTE, "min"), (1, "s"))
    if round(seconds / MINUTE) < 24 * 60:
        return _pair(round(seconds / MINUTE), (60, "h"), (1, "min"))
    if round(seconds / HOUR) < 14 * 24:
        return _pair(round(seconds / HOUR), (24, "d"), (1, "h"))
    return f"{count(seconds / DAY)} d"


def _pair(whole: int, large: tuple[int, str], small: tuple[int, str]) -> str:
    first, second = divmod(whole, large[0])
    parts = [(first, large[1]), (second, small[1])]
    return " ".join(f"{number} {name}" for number, name in parts if number) or f"0 {small[1]}"


def percent(rate: float | None) -> str:
    """A share 0..1 as percent with one digit, none when it is whole; nearly nothing and nearly all are not these.

    >>> percent(0.125)
    '12.5 %'
    >>> percent(2999 / 3000)
    '> 99.9 %'
    """
    if rate is None:
        return NO_DATA
    text = f"{rate * 100:.1f}".removesuffix(".0")
    if rate > 0 and text == "0":
        return "< 0.1 %"
    return "> 99.9 %" if rate < 1 and text == "100" else f"{text.replace('-', '−')} %"


def per_day(value: float | None, like: float | None = None) -> str:
    """How often: per day from 0.1 a day upwards, else per month (of 30 days), else per year; in the unit of `like` where given.

    >>> per_day(0.4)
    '0.4 per day'
    >>> per_day(0.4, like=0.05)
    '12 per month'
    """
    if value is None:
        return NO_DATA
    if value == 0:
        return "0 per day"
    for factor, unit in ((1, "day"), (30, "month")):
        if (like or value) * factor >= 0.095:
            return f"{_rate(value * factor)} per {unit}"
    return f"{_rate(value * 365)} per year"


def _rate(value: float) -> str:
    """Two digits that tell: 0.16 and 0.2 a day are a quarter apart."""
    return _short(value) if value >= 0.995 else f"{value:.2f}".rstrip("0").removesuffix(".")


def _short(value: float) -> str:
    return count(round(value)) if value >= 10 else f"{value:.1f}".removesuffix(".0")


def count(number: float | None) -> str:
    """A whole number with thousands apart.

    >>> count(1904)
    '1,904'
    """
    return NO_DATA if number is None else f"{number:,.0f}"


def many(number: float, one: str) -> str:
    """A count with its word: `1 change`, `2 changes`."""
    return f"{count(number)} {one if number == 1 else one + 's'}"


def times(factor: float | None) -> str:
    """How many times: `2.3×`, `34×`."""
    return NO_DATA if factor is None else f"{_short(factor)}×"


def change(ratio: float | None) -> str:
    """A ratio new / old as a signed percentage, as a factor from doubling on.

    >>> change(0.8)
    '−20 %'
    >>> change(3)
    '3×'
    >>> change(0.004)
    '−99.6 %'
    """
    if ratio is None:
        return NO_DATA
    if ratio >= 2:
        return times(ratio)
    share = (ratio - 1) * 100
    size = f"{abs(share):.0f}" if 1 <= abs(share) <= 99 else f"{abs(share):.1f}".removesuffix(".0")
    if 0 < ratio < 1 and size == "100":
        return "< −99.9 %"
    return "±0 %" if size == "0" else f"{'+' if share > 0 else '−'}{size} %"


def interval(low: float | None, high: float | None, form: Format) -> str:
    """A 95 % interval; an end that the data does not reach is `?`; both unknown is `no interval`."""
    if low is None and high is None:
        return "no interval"
    return f"{'?' if low is None else form(low)} to {'?' if high is None else form(high)}"


def moment(at: datetime | None, timezone: str = "UTC") -> str:
    """A point in time to the minute in `timezone`; a time without a zone is UTC."""
    if at is None:
        return NO_DATA
    local = _aware(at).astimezone(ZoneInfo(timezone))
    return f"{local:%Y-%m-%d %H:%M} {'UTC' if timezone == 'UTC' else local.tzname()}"


def day(at: datetime | None, timezone: str = "UTC") -> str:
    """The calendar day of a point in time."""
    return NO_DATA if at is None else f"{_aware(at).astimezone(ZoneInfo(timezone)):%Y-%m-%d}"


def newest_known(at: datetime | None, timezone: str) -> str:
    """A sentence for where a period is empty; "" when no deployment is known at all."""
    return f"The newest known deployment is of {day(at, timezone)}." if at else ""


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def version(text: str | None, sha: str | None = None) -> str:
    """What was deployed, short: a version as it is, a full sha cut to ten digits."""
    shown = text or sha
    if not shown:
        return "unknown version"
    is_sha = len(shown) == 40 and all(letter in "0123456789abcdef" for letter in shown)
    return shown[:10] if is_sha else shown


def words(identifier: str) -> str:
    """An identifier of ours as words: `linked_incident` is `linked incident`."""
    return identifier.replace("_", " ")


def last_day(end: datetime, timezone: str = "UTC") -> str:
    """The last calendar day inside a period that ends, exclusive, at `end`."""
    return day(end - timedelta(microseconds=1), timezone)
