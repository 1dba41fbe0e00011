"""Names from the data never become markup."""

from __future__ import annotations

import doctest
import html
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import escaping
from dashboard.views import prose, report_buttons


class _Reader(HTMLParser):
    """What a browser would read: the tags and the text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(max_size=200))
def test_a_value_in_a_sentence_adds_no_tag_and_keeps_its_letters(text: str) -> None:
    reader = _Reader()
    reader.feed(prose.filled("<b>{name}</b>", name=text))
    reader.close()
    assert reader.tags == ["b"]
    assert " ".join(reader.text.split()) == " ".join(html.unescape(html.escape(text)).split())


@given(st.text(max_size=100))
def test_in_markdown_every_ascii_punctuation_mark_is_escaped_and_no_line_starts(text: str) -> None:
    out = escaping.shown(text)
    assert "\n" not in out
    bare = "".join(letter for i, letter in enumerate(out) if not (i and out[i - 1] == "\\") and letter != "\\")
    assert not set(bare) & set("`*_{}[]()<>#+-.!|~$:&@=^\"'/%")


@pytest.mark.parametrize("value", ["{0}", "{name.__class__}", "{}"])
def test_braces_in_a_value_are_letters(value: str) -> None:
    assert value in html.unescape(prose.filled("{name}", name=value))


@pytest.mark.parametrize(
    ("identifier", "name"),
    [
        ("ci/1-2", "ci-1-2"),
        ("../../etc/x", "etc-x"),
        ("..", "deployment"),
        ("a\nb\x00c", "a-b-c"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_report_is_named_after_its_deployment_and_never_a_path(identifier: str, name: str) -> None:
    assert report_buttons.file_name(identifier) == name


def test_the_examples_in_the_docstrings_hold() -> None:
    assert [doctest.testmod(module).failed for module in (escaping, prose, report_buttons)] == [0, 0, 0]
