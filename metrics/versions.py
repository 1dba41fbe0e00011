"""Versions: which commit a deployed version names, and which of two versions is the lower number."""

from __future__ import annotations

import re
from collections.abc import Mapping

from metrics.lineage import CommitGraph

#: Why a version of rule `none` resolves to no commit.
NO_COMMIT = "its versions name no commit"
_HEX = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{7,40}(?![0-9A-Za-z])")


def resolve(
    graph: CommitGraph, tags: Mapping[str, int | None], version: str | None, sha: str | None, rule: str | None
) -> tuple[int | None, str | None]:
    """(position of the deployed commit, None) or (None, why there is none); `tags`: the position of each one's commit.

    A recorded sha wins. Rule `tag`: the version is a tag, else holds a commit id such as `release-<sha>`;
    `sha`: it holds a commit id; `none`: it names no commit; None: a tag, else a commit id.
    """
    if sha:
        found = graph.find(sha)
        return (found, None) if found is not None else (None, f"commit {sha[:12]} is not in the repository")
    if not version:
        return None, "neither a commit nor a version is recorded"
    if rule == "none":
        return None, NO_COMMIT
    if rule != "sha" and version in tags:
        found = tags[version]
        return (found, None) if found is not None else (None, f"the commit of tag {version} is not in the repository")
    ids = {found for text in _HEX.findall(version.lower()) if (found := graph.find(text)) is not None}
    if len(ids) == 1:
        return ids.pop(), None
    return None, f"no {'commit' if rule == 'sha' else 'tag or commit'} {version} in the repository"


def version_number(version: str | None) -> tuple[int, ...] | None:
    """The numbers of a version such as `v1796`, `release_12` or `1.10.2`; None when it has none or is a commit id.

    >>> version_number("v1.10.2") > version_number("v1.9")
    True
    """
    if not version or re.search(r"[0-9a-f]{12,}", version):
        return None
    match = re.fullmatch(r"\D*?(\d+(?:[._]\d+)*)(?:[-+].*)?", version)
    return tuple(int(part) for part in re.split(r"[._]", match[1])) if match else None
