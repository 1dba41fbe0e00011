"""Which parts a report has for every fate of a deployment, in HTML and in Markdown, and what is said of the unknown."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

import pytest

from dashboard.report import html, markdown
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from metrics.story import DeploymentStory
from tests.stories import day, deployment, ordinary, publish, reverted, rolled_back

ALWAYS_AT_THE_END = ("For the people", "What is not known", "Definitions in use")
FATES: dict[str, tuple[str, datetime, tuple[str, ...]]] = {
    "failed": ("bad", day(40), (
        "Timeline", "Why it counts as failed", "Recovery", "What it shipped", "Against the usual", "Pipeline and checks",
        "Around it", "Similar failures before",
    )),
    "failed, open": ("bad", day(12, 50), (
        "Timeline", "Why it counts as failed", "Recovery", "What it shipped", "Against the usual", "Pipeline and checks",
        "Around it", "Similar failures before",
    )),
    "pending": ("d5", day(5, 60), ("Timeline", "Evidence", "What it shipped", "Against the usual")),
    "not failed": ("d5", day(8), ("Timeline", "Evidence", "What it shipped", "Against the usual")),
    "baseline": ("d0", day(8), ("Timeline", "Evidence", "What it shipped", "Against the usual")),
    "unresolved": ("lost", day(40), (
        "Timeline", "Evidence", "What it shipped", "Against the usual", "Similar failures before",
    )),
    "not judged": ("s5", day(8), ("Timeline", "Evidence", "What it shipped", "Against the usual")),
}  # fmt: skip


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    lost = deployment(99, day(30), id="lost", sha="f" * 40)
    return publish(tmp_path_factory.mktemp("sections"), [*ordinary(), *reverted(), *rolled_back(), lost])


@lru_cache
def told(reader: Reader, fate: str) -> DeploymentStory:
    name, as_of, _ = FATES[fate]
    return deployment_story(reader, f"ci/{name}", as_of)


@pytest.mark.parametrize("fate", FATES)
def test_markdown_has_every_section(fate: str, reader: Reader) -> None:
    titles = re.findall(r"^## (.*)$", markdown.render(told(reader, fate)), re.MULTILINE)
    assert tuple(titles) == FATES[fate][2] + ALWAYS_AT_THE_END


@pytest.mark.parametrize("fate", FATES)
def test_html_has_every_section(fate: str, reader: Reader) -> None:
    titles = re.findall(r"<h2>(.*)</h2>", html.render(told(reader, fate)))
    assert tuple(titles) == FATES[fate][2] + ALWAYS_AT_THE_END


def test_what_an_unresolved_version_shipped_is_unknown_and_not_nothing(reader: Reader) -> None:
    said = markdown.render(told(reader, "unresolved"))
    assert "- **Shipped:** unknown" in said
    assert "- **Lead time, median:** unknown" in said
    assert "- **Rehearsed:** unknown\n" in said
    assert "Unknown; see what is not known, below." in said
    assert "What it shipped is unknown" in said


def test_a_rollback_ships_nothing_new(reader: Reader) -> None:
    said = markdown.render(deployment_story(reader, "ci/back", day(40)))
    assert "- **Shipped:** nothing new" in said
    assert "Nothing that an earlier deployment had not shipped already." in said
    assert "- **Lead time, median:** none" in said
    assert "| commits without merges | 0 | " in said
    assert re.search(r"\| change lead time, median +\| none +\|", said)


def test_what_a_baseline_shipped_is_unknown_and_not_nothing(reader: Reader) -> None:
    said = markdown.render(told(reader, "baseline"))
    assert "- **Shipped:** unknown" in said
    assert "first known deployment of the service" in said


def test_span_whose_clock_is_missing_is_unknown_with_its_reason(reader: Reader) -> None:
    said = markdown.render(deployment_story(reader, "ci/slow", day(40)))
    assert "| time to detect | impact started → detected | unknown | no incident is linked to this deployment |" in said


def test_open_failure_says_open_at_the_top_and_has_no_recovery_time(reader: Reader) -> None:
    said = markdown.render(told(reader, "failed, open"))
    assert "- **Open for:** 50 min (no recovery known)" in said
    assert "| failed deployment recovery time | deployed → recovered | unknown | it is still open |" in said
    assert "counts as open" in said
