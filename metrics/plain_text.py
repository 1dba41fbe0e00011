"""Free text and links written by people and tools, made fit to be shown in a report without naming anybody.

Trailers (`Co-authored-by: …`, `Signed-off-by: …`) are cut, e-mail addresses and fork owners masked, control and
text-direction characters dropped. Names that people typed into a sentence stay: no rule can find them.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit, urlunsplit

LONGEST = 1000
MASK = "[e-mail]"
#: Marks that reverse or reorder what a reader sees.
_DIRECTIONS = frozenset("\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_TRAILER = re.compile(r"(?i)(?:^|\s)(?:[a-z]{2,20}(?:-[a-z]{2,20}){0,3}-by|cc|bcc|author|committer)\s*:[^\n]*")
# The last label of a domain holds no digit, so `package@1.2.3` is left alone.
_EMAIL = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w.-]*\d)")
_FORK = re.compile(r"(?i)^(merge pull request \S{1,20} from )([\w.-]{1,64})/")


def plain_text(text: str, owner: str | None = None) -> str:
    """One line of at most 1,000 characters; `owner`: the repository's owner, who may be named in a merge.

    >>> plain_text("Fix it (ana@example.org)\\n\\nCo-authored-by: Ana <ana@example.org>")
    'Fix it ([e-mail])'
    """
    cut = text[: 4 * LONGEST]
    cut = _TRAILER.sub(" ", cut)
    cut = "".join(letter if _shown(letter) else " " for letter in cut)
    cut = _EMAIL.sub(MASK, " ".join(cut.split()))
    cut = _FORK.sub(lambda found: found[0] if found[2] == owner else f"{found[1]}a fork: ", cut)
    return cut if len(cut) <= LONGEST else cut[: LONGEST - 1] + "…"


def safe_link(url: str | None) -> str | None:
    """The link when it is http or https, without user name and password; None otherwise."""
    if not url or len(url) > 2 * LONGEST or any(not _shown(letter) or letter.isspace() for letter in url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def seen(text: str) -> str:
    """The text with every letter that is obeyed rather than seen (control, direction) replaced, for ids and names.

    >>> seen("v1\\x1b[2J")
    'v1\ufffd[2J'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if _shown(letter) else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _shown(letter: str) -> bool:
    return unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp") and letter not in _DIRECTIONS
