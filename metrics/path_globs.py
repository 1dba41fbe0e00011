"""Which paths of a repository are a service's own: globs from the root, in upper and lower case as git has them.

`*` is any text, folders too, `?` one character, `[ab]` one of several; `**/` is any folders or none. A glob that names
a folder, with `/` at its end or without, means everything below it; a leading `./` or `/` is the root.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import translate
from functools import lru_cache
from typing import TYPE_CHECKING

from metrics.services import certain_text

if TYPE_CHECKING:
    import polars as pl


def is_own(path: str, globs: Sequence[str]) -> bool:
    """Whether any glob means the path."""
    return _expression(tuple(globs)).fullmatch(path) is not None


def own_paths(paths: pl.Series, globs: Sequence[str]) -> pl.Series:
    """Those of very many paths that any glob means, in their order."""
    parts = [certain_text(glob.replace("**/", "*")) for glob in map(_rooted, globs)]
    near = paths.filter(paths.str.contains_any(parts)) if all(parts) else paths
    means = _expression(tuple(globs)).fullmatch
    return near.gather([place for place, path in enumerate(near.to_list()) if means(path)])


@lru_cache(maxsize=1024)
def _expression(globs: tuple[str, ...]) -> re.Pattern[str]:
    """All globs as one; without any nothing matches."""
    return re.compile("|".join(f"{_folded(_rooted(glob))}(?:/(?s:.*))?" for glob in globs) or "(?!)")


def _folded(glob: str) -> str:
    """The glob as an expression without an end."""
    parts = re.split(r"(?:^|(?<=/))\*\*/", glob)
    return "(?s:.*/)?".join(translate(part)[:-2] for part in parts)  # the last two, in every Python, are the end


def _rooted(glob: str) -> str:
    """The glob without what leads to the root; the root itself, or a folder, as what is below it."""
    rest = re.sub(r"^(\.?/+)+", "", glob)
    return f"{rest.rstrip('/')}/**" if rest.endswith("/") else rest if rest not in ("", ".") else "**"
