"""Whether a revert takes a change out of the code or brings it again: by turns along the chain of what is reverted.

X is taken away by its revert, brought again by the revert of that (a re-land), and taken away by the revert of the re-land.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

#: What git and hosts call a revert, or the merge of one: by the whole of its name the revert of a revert brings again.
_NAME = re.compile(r'((?:Re(?:vert|apply) ")*)(?:Merge pull request #[0-9]+ from [^/ \t]+/((?:revert-[0-9]+-)*))?')


def taking_away(targets: Mapping[int, Sequence[int]], subjects: Mapping[int, str]) -> frozenset[int]:
    """The commits that take away what they revert: at least one of their targets takes nothing away itself.

    `targets`: what each commit with such a message reverts, where that is stored; where it is not, its subject tells.
    `subjects`: of these commits. So does it in a circle, as of pull requests that say they revert each other.
    """
    away = {commit: takes_away(subjects[commit]) for commit, of in targets.items() if not of}
    rest = {commit: of for commit, of in targets.items() if of}
    while rest:
        known = {
            commit: any(not away.get(target, False) for target in of)
            for commit, of in rest.items()
            if not any(target in rest for target in of)
        }
        away |= known or {commit: takes_away(subjects[commit]) for commit in rest}
        rest = {commit: of for commit, of in rest.items() if commit not in away}
    return frozenset(commit for commit, is_away in away.items() if is_away)


def takes_away(subject: str) -> bool:
    """Whether the name that git or a host gave a commit, or the branch of the pull request that it merged, says so.

    Every "Revert" takes back the rest of the name; "Reapply" brings it again. What a person called else says nothing.
    """
    quoted, branch = _NAME.match(subject).groups(default="")  # type: ignore[union-attr]
    return (quoted.count("Revert") + branch.count("revert-")) % 2 == 1
