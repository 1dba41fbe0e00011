"""What the subject of a merge tells of its pull request: its branch, and its title, where the host tells neither.

A merge that joins two branches names the branch, in the words of GitHub, GitLab or Bitbucket; a squashed one has the title as
its subject, with the number behind it.
"""

from __future__ import annotations

import polars as pl

from metrics.membership import KEY

_BRANCH = (
    r"^Merge pull request #[0-9]+ from [^/ \t]+/([^ \t]+)",
    r"^Merge branch '([^']+)' into ",
    r"^Merged in ([^ \t]+) \(pull request #[0-9]+\)$",
)
_NUMBER = r" \((?:pull request )?#[0-9]+\)$"


def told_by_subjects(requests: pl.DataFrame, subjects: pl.Series, pulls: pl.DataFrame) -> pl.DataFrame:
    """repository, number, title, head_branch, labels of the pull requests of which the host does not tell title and branch.

    `requests`: those whose merge is known; `subjects`: of these merges; `pulls`: what hosts tell, the last of several counts.
    """
    records = pulls.unique(KEY, keep="last", maintain_order=True)
    told = requests.select(*KEY, subject=subjects).join(
        records.select(*KEY, "title", "head_branch"), on=KEY, how="left", maintain_order="left"
    )
    title, branch = (pl.when(pl.col(name) != "").then(name) for name in ("title", "head_branch"))
    subject = pl.col("subject")
    return told.filter(title.is_null() | branch.is_null()).select(
        *KEY,
        title=pl.coalesce(title, subject.str.replace(_NUMBER, "")),
        head_branch=pl.coalesce(branch, *(subject.str.extract(pattern) for pattern in _BRANCH)),
        labels=pl.lit([], dtype=pl.List(pl.String)),
    )
