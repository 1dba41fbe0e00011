"""Text from data inside Streamlit's markdown: shown letter by letter, never interpreted.

Streamlit reads markdown, `:red[...]`, `:icon:` and `$...$` in st.markdown, captions, labels and badges.
A name or a commit subject may hold any of them, and line breaks that would start a new block.
"""

from __future__ import annotations

import re

#: All ASCII punctuation can be escaped with a backslash in CommonMark.
_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&@=^\"'/%])")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f\u2028\u2029]+")


def shown(text: object, limit: int = 200) -> str:
    """`text` on one line with everything markdown could read escaped; cut to `limit` letters.

    >>> shown("[x](javascript:1)")
    '\\\\[x\\\\]\\\\(javascript\\\\:1\\\\)'
    """
    line = _BLANK.sub(" ", str(text)).strip()
    cut = line if len(line) <= limit else line[: limit - 1] + "…"
    return _SPECIAL.sub(r"\\\1", cut)


def link_or_none(url: str | None) -> str | None:
    """The address when it is http or https and holds nothing that could leave a link; else None."""
    if url and re.fullmatch(r"https?://[^\s<>\"'`\\]+", url):
        return url
    return None
