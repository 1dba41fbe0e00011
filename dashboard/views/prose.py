"""Sentences that hold names from the data. They are written as HTML with every value escaped, because markdown
would turn `www.…` into a link, `--` into a dash, `:red[…]` into a colour and `$…$` into a formula.
"""

from __future__ import annotations

import html
import re

import streamlit as st


def filled(template: str, **values: object) -> str:
    """`template`, which is ours, with every `{value}` escaped; line breaks in values become spaces.

    >>> filled("<b>{team}</b> waits", team="<script>")
    '<b>&lt;script&gt;</b> waits'
    """
    return template.format(**{name: html.escape(" ".join(str(value).split())) for name, value in values.items()})


def title(text: str) -> None:
    """The heading of a page."""
    st.html(
        filled(
            '<h1 style="font-size:1.7rem;font-weight:700;margin:.4rem 0 0;padding:0;overflow-wrap:anywhere">{text}</h1>',
            text=text,
        )
    )


def paragraph(template: str, **values: object) -> None:
    """One paragraph; see `filled`. Without values it is taken as filled already."""
    text = filled(template, **values) if values else template
    st.html(f'<p style="margin:0;overflow-wrap:anywhere">{text}</p>')


def points(lines: list[str]) -> None:
    """A list of plain lines; see `bulleted`."""
    st.html(bulleted(lines))


def bulleted(lines: list[str]) -> str:
    """A list of plain lines, every letter escaped; what stands between backticks is a command.

    >>> bulleted(["run `dora <x>`"])
    '<ul style="margin:0;padding-left:1.3rem;overflow-wrap:anywhere"><li>run <code>dora &lt;x&gt;</code></li></ul>'
    """
    items = "".join(filled("<li>{line}</li>", line=line) for line in lines)
    items = re.sub(r"`([^`]*)`", r"<code>\1</code>", items)
    return f'<ul style="margin:0;padding-left:1.3rem;overflow-wrap:anywhere">{items}</ul>'
