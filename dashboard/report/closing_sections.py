"""The sections at the end: questions left blank for the people, what is not known, and the definitions in use."""

from __future__ import annotations

from dashboard import units
from dashboard.report.document import Cell, Section, Table, Words, cells, span
from metrics.story import DeploymentStory

_QUESTIONS = (
    "What did we expect to happen?",
    "What surprised us?",
    "What made sense at the time, given what was known?",
    "Where were we lucky? What went well?",
    "What would make this safe, or noticed sooner, next time?",
)
_WITHOUT_FAILURE = ("What did we learn from this deployment?", "What would make the next one easier?")
_ACTIONS = Table(
    caption="Actions", head=("Action", "Owner", "By when"), rows=tuple(cells(("", "", "")) for _ in range(3))
)


def prompts(told: DeploymentStory) -> Section:
    """Blank questions about the system and its conditions; nothing is filled in by the tool."""
    failed = told.verdict.state == "failed"
    said = "For the people who were there. The report describes what the systems recorded; nobody is to blame."
    return Section(
        name="people",
        title="For the people",
        sentences=(said,),
        blanks=_QUESTIONS if failed else _WITHOUT_FAILURE,
        tables=(_ACTIONS,) if failed else (),
    )


def unknowns(told: DeploymentStory) -> Section:
    """What the data cannot tell, one point each."""
    if not told.caveats:
        said = ("Nothing that this report asks for is missing from the data.",)
        return Section(name="unknown", title="What is not known", sentences=said)
    return Section(name="unknown", title="What is not known", points=told.caveats)


def definitions(told: DeploymentStory, words: Words) -> Section:
    """The settings that made these figures, their hash, and how far the data reaches."""
    stamp = told.stamp
    said = (
        f"Definitions {stamp.definitions_hash}; data as of {words.moment(stamp.data_as_of)}; "
        f"told as of {words.moment(stamp.as_of)}; dora {stamp.tool_version}."
    )
    rows = tuple(
        (Cell(text=units.words(name.removesuffix("_seconds"))), Cell(text=_setting(name, value)))
        for name, value in stamp.definitions.items()
    )
    table = Table(head=("Setting", "Value"), rows=rows)
    return Section(name="definitions", title="Definitions in use", sentences=(said,), tables=(table,))


def _setting(name: str, value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value) or "none"
    if name.endswith("_seconds"):
        return span(float(value)) if isinstance(value, int | float) else "without end"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
