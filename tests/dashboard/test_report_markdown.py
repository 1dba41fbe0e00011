"""The Markdown report read by a real Markdown parser: hostile text is text, nobody is notified, nothing is linked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import pytest

from dashboard.report import markdown
from dora.warehouse import Reader
from metrics.deployment_story import deployment_story
from tests.stories import HOSTILE, day, hostile, ordinary, publish

parser = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return publish(tmp_path_factory.mktemp("markdown"), [*ordinary(), *hostile()])


@lru_cache
def content(reader: Reader, name: str) -> str:
    return markdown.render(deployment_story(reader, f"ci/{name}", day(40)))


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Kind and content of every token, those inside a line too; HTML is on, as on a forge."""
    read = parser.MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    for token in read:
        yield token.type, token.content
        yield from ((inside.type, inside.content) for inside in token.children or ())


def plain(shown: str) -> str:
    """What a reader sees, without the joints that part a mention."""
    return shown.replace("\u200b", "")


@pytest.mark.parametrize("name", ["worst", *HOSTILE])
def test_no_link_picture_or_html_comes_out_of_the_data(name: str, reader: Reader) -> None:
    found = list(tokens(content(reader, name)))
    assert {kind for kind, _ in found} & {"link_open", "image", "s_open", "fence", "code_block"} == set()
    assert {text.strip() for kind, text in found if kind.startswith("html")} <= {"<!-- your words -->"}


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.isprintable()])
def test_hostile_text_is_shown_letter_by_letter(text: str, reader: Reader) -> None:
    cells = [plain(shown) for kind, shown in tokens(content(reader, "worst")) if kind in ("text", "code_inline")]
    whole = plain(
        "".join(shown for kind, shown in tokens(content(reader, "worst")) if kind.startswith(("text", "code_i")))
    )
    assert text in cells or text in whole


@pytest.mark.parametrize("name", ["worst", *HOSTILE])
def test_nobody_and_nothing_is_referred_to(name: str, reader: Reader) -> None:
    text = re.sub(r"`[^`\n]+`", "", content(reader, name))
    assert re.findall(r"@\w|[#!]\d|https?:|www\.", text) == []


@pytest.mark.parametrize("name", ["worst", *HOSTILE])
def test_no_letter_that_a_terminal_obeys_is_left(name: str, reader: Reader) -> None:
    assert re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", content(reader, name)) == []


def test_every_row_of_a_table_has_the_cells_of_its_head(reader: Reader) -> None:
    widths: list[int] = []
    for kind, _ in tokens(content(reader, "worst")):
        if kind == "tr_open":
            widths.append(0)
        elif kind in ("th_open", "td_open"):
            widths[-1] += 1
    lines = [line for line in content(reader, "worst").splitlines() if line.startswith("|")]
    separators = [line for line in lines if re.fullmatch(r"\|(-+\|)+", line)]
    assert len(widths) == len(lines) - len(separators), "a row left its table"
    counted = [len(re.findall(r"(?<!\\)\|", line)) - 1 for line in lines if line not in separators]
    assert counted == widths
