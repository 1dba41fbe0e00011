"""Draft."""

from __future__ import annotations

from dashboard.views.shell import Place


def show(place: Place) -> None:
    """Draft."""
