"""Where the definitions changed, for answers over time: a note under a table, an entry in JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dora.definition_log import DefinitionChange, definition_changes

if TYPE_CHECKING:
    from metrics.question import Question


def changes_in(published: Path, question: Question) -> list[DefinitionChange]:
    """The changes of definitions since the asked period began."""
    return [change for change in definition_changes(published) if change.at >= question.period.start]


def as_entries(found: Sequence[DefinitionChange]) -> list[Mapping[str, object]]:
    """The changes as JSON says them; every figure beside them is computed with the newest definitions."""
    return [
        {"at": change.at.isoformat(), "from": change.old, "to": change.new, "settings": dict(change.settings)}
        for change in found
    ]


def sentences(found: Sequence[DefinitionChange]) -> list[str]:
    """When what changed, and that it breaks no line here but one that older answers are joined to."""
    present = "all figures above use the present definitions; join them to an earlier answer only with a break there"
    return [*(change.sentence for change in found), *([present] if found else [])]
