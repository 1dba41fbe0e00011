"""Services whose path globs find nothing: they match no file that a commit changed, or no changed paths are stored."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import cast

from dora.warehouse import Builder, Reader
from metrics.path_globs import own_paths
from metrics.slices import read_sql


def unmatched_paths(builder: Builder) -> Iterator[dict[str, object]]:
    """`service` and what its `globs` are, of each; only services without any change are looked at.

    A repository of which no paths are stored tells nothing.
    """
    rows = builder.rows(read_sql("quality/without_changes"))
    for repository, told in groupby(rows, key=lambda row: row[0]):
        paths = builder.frame(read_sql("quality/distinct_paths"), {"repository": repository})["path"]
        for _, service, globs in told:
            own = cast("list[str]", globs)
            if len(paths) and not len(own_paths(paths, own)):
                yield {"service": service, "globs": ", ".join(own), "repository": repository}


def unread_paths(reader: Reader) -> list[tuple[str, str]]:
    """(service, repository) of those services whose globs tell nothing yet, as no paths of their repository are stored.

    All commits of it count as theirs until then, see `Repository.own`.
    """
    return [(str(service), str(repository)) for service, repository in reader.rows(read_sql("unread_paths"))]
