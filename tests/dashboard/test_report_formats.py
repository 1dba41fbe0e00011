"""The report of one deployment in every text format: contents, blamelessness, hostile text, file names."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from functools import lru_cache

import pytest

from dashboard.report import FORMATS, report_file_name
from dashboard.report.markdown import code_span, escaped
from dashboard.report.pdf import find_browser
from dora.errors import DoraError
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from metrics.story import DeploymentStory
from tests.stories import HASH, MAIL, NAME, day, ordinary, publish, reverted, rolled_back

TEXTS = tuple(form for form in FORMATS if form != "pdf")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return publish(tmp_path_factory.mktemp("report"), [*ordinary(), *reverted(), *rolled_back()])


@lru_cache
def told(reader: Reader, name: str, names: bool = False) -> DeploymentStory:
    return deployment_story(reader, f"ci/{name}", day(40), names=names)


def text(form: str, story: DeploymentStory) -> str:
    content = FORMATS[form].render(story)
    return content if isinstance(content, str) else content.decode()


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("name", ["bad", "slow", "back", "fix", "d5", "s5", "d0"])
def test_no_name_hash_or_address_without_names(form: str, name: str, reader: Reader) -> None:
    content = text(form, told(reader, name))
    for person in (HASH, NAME, NAME.split()[1], MAIL, "Co-authored-by"):
        assert person not in content


@pytest.mark.parametrize("form", TEXTS)
def test_with_names_the_name_is_shown_and_never_the_hash(form: str, reader: Reader) -> None:
    content = text(form, told(reader, "bad", names=True))
    assert NAME in content
    assert HASH not in content
    assert MAIL not in content


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_failure_report_answers_what_how_and_how_long(form: str, reader: Reader) -> None:
    content = text(form, told(reader, "bad"))
    for part in (
        "This deployment failed. It was rolled forward with a revert after 1 h 40 min.", "linked incident",
        "strong (0.95)", "taken back by 0014abcdef", "time to acknowledge", "smoke", "new-prices",
        "What surprised us?", "Definitions in use",
    ):  # fmt: skip
        assert part in content


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_deployment_that_did_not_fail_is_told_plainly(form: str, reader: Reader) -> None:
    content = text(form, told(reader, "d5"))
    assert "This deployment did not fail" in content
    assert "Failed deployment" not in content
    assert "time to restore" not in content


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_young_deployment_is_pending(form: str, reader: Reader) -> None:
    young = deployment_story(reader, "ci/d5", day(5, 60))
    assert "Too early to judge" in text(form, young)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_open_failure_says_for_how_long_it_is_open(form: str, reader: Reader) -> None:
    still = deployment_story(reader, "ci/bad", day(12, 30))
    assert "no recovery is known: it has been open for 30 min" in text(form, still)


def test_unknown_is_never_zero(reader: Reader) -> None:
    first = told(reader, "d0")
    (row,) = csv.DictReader(io.StringIO(text("csv", first)))
    assert (row["commits"], row["failed_deployment_recovery_time_seconds"], row["lead_time_median_seconds"]) == (
        "",
        "",
        "",
    )
    assert "what it shipped is unknown" in text("markdown", first)


@pytest.mark.parametrize(("plain", "shown"), [
    ("- a", r"\- a"), ("# a", r"\# a"), ("1. a", "1\u200b. a"), ("a_b", r"a\_b"), ("$x$", "&#36;x&#36;"),
    ("a\n\nb", "a b"), (":tada:", ":\u200btada:"), ("<b>", "&lt;b&gt;"), ("a\\|b", "a\\\\\\|b"), ("www.x.org", "www\u200b.x.org"),
])  # fmt: skip
def test_markdown_shows_text_letter_by_letter(plain: str, shown: str) -> None:
    assert escaped(plain) == shown


@pytest.mark.parametrize(("plain", "shown"), [
    ("a:production:b", "`a:production:b`"), ("a`b", r"a\`b"), ("a|b", r"a\|b"), ("<b>", "&lt;b&gt;"), ("", ""),
])  # fmt: skip
def test_markdown_ids_stay_as_they_are_in_a_code_span(plain: str, shown: str) -> None:
    assert code_span(plain) == shown


@pytest.mark.parametrize("plain", ["89.7 % of them", "+55 min", "-5", "2025-01-01"])
def test_markdown_leaves_figures_alone(plain: str) -> None:
    assert escaped(plain) == plain


def test_link_that_is_no_web_link_is_not_a_link(reader: Reader) -> None:
    story = told(reader, "bad")
    assert 'href="https://ci.example/bad"' in text("html", story)
    assert "href=" not in text("html", told(reader, "d5"))


@pytest.mark.parametrize(
    "service", ["../../x", "", "...", "/etc/passwd", "a\x00b", "CON", "x" * 500, "δοκιμή", "-rf", "a\\b:c"]
)
def test_file_name_is_safe(service: str, reader: Reader) -> None:
    story = told(reader, "bad")
    hostile = replace(story, deployment=replace(story.deployment, service=service, version=f"{service}/.."))
    name = report_file_name(hostile, "html")
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,198}\.html", name)
    assert ".." not in name


def test_file_names_differ_for_every_deployment(reader: Reader) -> None:
    names = {report_file_name(told(reader, name), "html") for name in ("bad", "slow", "again", "back", "fix", "s13")}
    assert len(names) == 6


def test_same_story_renders_the_same(reader: Reader) -> None:
    first, again = (deployment_story(reader, "ci/bad", day(40)) for _ in range(2))
    for form in TEXTS:
        assert text(form, first) == text(form, again)


def test_pdf_without_a_browser_says_what_to_do() -> None:
    with pytest.raises(DoraError, match="use --format html"):
        find_browser(["no-such-browser"])
