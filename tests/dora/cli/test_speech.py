"""Text on its way to a terminal."""

from __future__ import annotations

import pytest

from dora.cli.speech import document, printable


@pytest.mark.parametrize("obeyed", ["\x1b", "\x9b", "\x07", "\x00", "\x7f", "\u202e", "\u2066", "\u2028", "\ud800"])
def test_what_a_terminal_would_obey_is_replaced(obeyed: str) -> None:
    assert printable(f"a{obeyed}b") == "a\ufffdb"
    assert document(f"a{obeyed}b\n") == "a\ufffdb\n"


def test_a_line_has_no_ends_and_a_text_keeps_them() -> None:
    assert printable("a\r\nb\tc") == "a\ufffd\ufffdb\ufffdc"
    assert document("a\r\nb\tc\rd\n") == "a\r\nb\tc\ufffdd\n"


def test_ordinary_letters_stay() -> None:
    text = "Žluťoučký 12 %  日本 👩‍💻 – “x”"
    assert printable(text) == document(text) == text
