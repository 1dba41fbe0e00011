"""Colours for light and dark pages that stay apart for colour-blind readers and in grey."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours that stay apart for colour-blind readers and in grey; `ages` runs from young to old."""

    ink: str
    muted: str
    elite: str
    value: str
    alarm: str
    paper: str
    ages: tuple[str, str, str, str]


LIGHT = Palette("#2f2d2b", "#66625d", "#0b6e63", "#1f5fa8", "#b3430b", "#ffffff",
                ("#cfe3f5", "#8fb8de", "#3f7fbd", "#123e6b"))  # fmt: skip
DARK = Palette("#edebe8", "#aaa69f", "#45c4b0", "#8cbcf0", "#f0a06a", "#171614",
               ("#24496e", "#3d78b0", "#79b0e3", "#d3e7fa"))  # fmt: skip
