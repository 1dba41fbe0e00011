"""What each figure rests on, in words: of how many it is, what lies beyond it and what it leaves out."""

from __future__ import annotations

from dashboard.units import count, duration, many
from metrics.intervals import FEWEST
from metrics.results import ChangeFailRate, ChangeLeadTime, DeploymentFrequency, Ending, ReworkRate


def of_frequency(found: DeploymentFrequency) -> str:
    """`868 deployments on 74 of 90 days`."""
    return f"{many(found.deployments, 'deployment')} on {_days(found)}"


def of_lead_time(found: ChangeLeadTime) -> str:
    """`median of 40 changes, worth 12 independent ones; p75 3 d, p90 12 d; 2 wait, with these 4 d (Kaplan-Meier)`."""
    return f"median of {many(found.n, 'change')}{_worth(found)}{_upper(found)}{_waiting(found)}"


def with_waiting(found: ChangeLeadTime) -> str:
    """The median that counts what waits."""
    median = found.kaplan_meier_median_seconds
    return "not reached" if median is None else duration(median)


def of_fail_rate(found: ChangeFailRate) -> str:
    """`6 of 48 deployments failed, 14 too young to judge`."""
    pending = f", {count(found.pending)} too young to judge" if found.pending else ""
    unwatched = "" if found.watched or not found.deployments else "; nothing recorded could tell of one"
    return f"{count(found.failed)} of {many(found.deployments, 'deployment')} failed{pending}{unwatched}"


def of_endings(found: Ending, thing: str) -> str:
    """`median of 94 failures, 2 still open; p90 of the 92 that ended 7 h`: the p90 knows nothing of the open ones.

    There is none of a single one, whose time the median tells.
    """
    open_ = f", {count(found.open)} still open" if found.open else ""
    text = f"median of {many(found.n, thing)}{open_}"
    ended = found.n - found.open
    if ended < 2:
        return text
    return f"{text}; p90{f' of the {count(ended)} that ended' if found.open else ''} {duration(found.p90_seconds)}"


def of_rework(found: ReworkRate) -> str:
    """`104 of 868 deployments were rework`."""
    verb = "was" if found.deployments == 1 else "were"
    return f"{count(found.rework)} of {many(found.deployments, 'deployment')} {verb} rework"


def _days(found: DeploymentFrequency) -> str:
    """How many days had a deployment, of how many where the period is of whole ones: it may touch more than its length."""
    touched = found.days_with_deployment
    if found.days != int(found.days) or touched > found.days:
        return many(touched, "day")
    return f"{count(touched)} of {count(found.days)} days"


def _worth(found: ChangeLeadTime) -> str:
    """Why the interval is as wide as it is: changes of one deployment tell little more than one of them."""
    if not found.n or found.independent == found.n:
        return ""
    few = f", shipped in fewer than {FEWEST} deployments"
    return f", worth {count(found.independent)} independent ones" if found.independent else few


def _upper(found: ChangeLeadTime) -> str:
    """How long the slower quarter and the slowest tenth took at least; empty of a single change, whose time the median tells."""
    if found.n < 2:
        return ""
    return f"; p75 {duration(found.p75_seconds)}, p90 {duration(found.p90_seconds)}"


def _waiting(found: ChangeLeadTime) -> str:
    """What the figure leaves out: how many changes wait, and the median that counts them; empty where none waits."""
    n = found.undeployed["n"]
    if not n:
        return ""
    return f"; {count(n)} {'waits, with it' if n == 1 else 'wait, with these'} {with_waiting(found)} (Kaplan-Meier)"
