"""Times at the warehouse's door: naive UTC inside the file, aware UTC in Python."""

from __future__ import annotations

from datetime import UTC, datetime


def naive(value: object) -> object:
    """An aware time as naive UTC; anything else as it is."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value


def aware(value: object) -> object:
    """A naive time as aware UTC; anything else as it is."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value
