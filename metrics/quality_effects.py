"""What each quality finding does to the metrics: which figure, which of its rows, and to which side it errs, if known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

#: Which number of a finding says how many rows of the metric it touches.
Counted = Literal["rows", "changes"]
#: What these rows are where they are not those of the metric itself.
Rows = Literal["rows", "pull requests"]
#: `lower` / `higher`: the figure is smaller / larger than the truth; `either`: it may err to both sides.
Direction = Literal["lower", "higher", "either"]


@dataclass(frozen=True, slots=True)
class Touch:
    """One metric that a finding touches. `kinds`: only where these kinds of record are found; empty for all."""

    metric: str
    counted: Counted
    direction: Direction
    why: str
    of: Rows = "rows"
    kinds: tuple[str, ...] = ()


_ALL_MISSING = (
    Touch("deployment_frequency", "rows", "lower", "they are not counted"),
    Touch("change_lead_time", "rows", "either", "their changes are missing"),
    Touch("change_fail_rate", "rows", "either", "they are in neither part of the rate"),
    Touch("deployment_rework_rate", "rows", "either", "they are in neither part of the rate"),
)
_NO_COMMIT = (
    Touch("change_lead_time", "changes", "higher", "what they shipped is laid to the next known deployment, later"),
    Touch("change_fail_rate", "rows", "lower", "no revert can name them; they count as deployments that did not fail"),
    Touch("deployment_rework_rate", "rows", "lower", "a revert in them is not seen"),
)
_OF_CHANGES = ("commits", "deployments", "pull requests")
_OF_FAILURES = ("checks after deployment", "deployments", "incidents")

TOUCHES: Mapping[str, tuple[Touch, ...]] = {
    "unresolved_version": _NO_COMMIT,
    "deployment_without_commit": _NO_COMMIT,
    "deployment_without_time": _ALL_MISSING,
    "unknown_service": _ALL_MISSING,
    "duplicate_deployment": (
        Touch("deployment_frequency", "rows", "higher", "they are counted once for every source"),
        Touch("change_fail_rate", "rows", "lower", "a repeated deployment counts as one more that did not fail"),
        Touch("deployment_rework_rate", "rows", "lower", "a repeated deployment counts as one more that was planned"),
    ),
    "future_time": (
        Touch("change_lead_time", "changes", "either", "the clock that gave this time is wrong for others too"),
        Touch("change_fail_rate", "rows", "either", "a deployment of the future cannot be judged"),
    ),
    "negative_lead_time": (
        Touch("change_lead_time", "changes", "either", "left out; where a clock is wrong, it may shorten others too"),
    ),
    "negative_duration": (
        Touch("time_to_restore", "rows", "either", "incidents that end before they begin are left out"),
        Touch("change_lead_time", "changes", "either", "the stage of the pull request is left out", "pull requests"),
    ),
    "recovered_too_early": (
        Touch("failed_deployment_recovery_time", "rows", "either", "left out; the failures themselves count"),
    ),
    "never_shipped": (
        Touch("change_lead_time", "changes", "lower", "they wait: in the queue and the Kaplan-Meier median, not in the median"),
    ),
    "change_without_clock": (Touch("change_lead_time", "changes", "either", "left out of the lead time"),),
    "missing_stage": (
        Touch("change_lead_time", "changes", "either", "left out of the median of that stage alone, never 0", "pull requests"),
    ),
    "unmapped_pull_request": (
        Touch("change_lead_time", "changes", "either", "left out where a change is a pull request; its commits count"),
    ),
    "unlinked_incident": (
        Touch("change_fail_rate", "rows", "lower", "the deployment that caused it is not known to have failed"),
        Touch("failed_deployment_recovery_time", "rows", "either", "its recovery is missing"),
    ),
    "unlinked_fix": (
        Touch("failed_deployment_recovery_time", "rows", "higher", "the failure goes on until something else ends it"),
        Touch("deployment_rework_rate", "rows", "lower", "the deployment that fixed it is not known as rework"),
    ),
    "unlinked_check": (
        Touch("change_fail_rate", "rows", "lower", "the deployment that was checked is not known to have failed"),
        Touch("failed_deployment_recovery_time", "rows", "either", "its recovery is missing"),
    ),
    "incident_without_service": (
        Touch("time_to_restore", "rows", "either", "left out"),
        Touch("change_fail_rate", "rows", "lower", "the deployment that caused it is not known to have failed"),
        Touch("failed_deployment_recovery_time", "rows", "either", "its recovery is missing"),
    ),
    "untold_failures": (
        Touch("change_fail_rate", "rows", "lower", "only moves back, reverts and hotfixes show that one failed"),
        Touch("deployment_rework_rate", "rows", "lower", "no fix of an incident is known"),
    ),
    "incident_without_time": (Touch("time_to_restore", "rows", "either", "left out"),),
    "stale_source": (
        Touch("deployment_frequency", "rows", "lower", "when deployments stopped coming in, not happening", kinds=("deployments",)),
        Touch("change_lead_time", "changes", "either", "when they stopped coming in, changes are missed", kinds=_OF_CHANGES),
        Touch("change_fail_rate", "rows", "either", "when they stopped coming in, failures are missed", kinds=_OF_FAILURES),
        Touch("time_to_restore", "rows", "either", "when incidents stopped coming in, these are missed", kinds=("incidents",)),
    ),
    "paths_match_nothing": (
        Touch("change_lead_time", "rows", "either", "their changes are missing"),
        Touch("change_fail_rate", "rows", "lower", "no revert can name them; they count as deployments that did not fail"),
        Touch("deployment_rework_rate", "rows", "lower", "a revert in them is not seen"),
    ),
    "production_matches_nothing": _ALL_MISSING,
    "production_matches_everything": (
        Touch("deployment_frequency", "rows", "higher", "deployments to other environments count as production"),
        Touch("change_lead_time", "rows", "lower", "a change counts as shipped in each environment, the first one too"),
        Touch("change_fail_rate", "rows", "either", "deployments to other environments count as production"),
        Touch("deployment_rework_rate", "rows", "either", "deployments to other environments count as production"),
    ),
}  # fmt: skip

#: What was found: one, and several.
TITLES: Mapping[str, tuple[str, str]] = {
    "unresolved_version": (
        "deployment whose version is no known commit",
        "deployments whose version is no known commit",
    ),
    "deployment_without_commit": (
        "deployment that records neither version nor commit",
        "deployments that record neither version nor commit",
    ),
    "deployment_without_time": (
        "deployment that succeeded at an unknown time",
        "deployments that succeeded at an unknown time",
    ),
    "unknown_service": ("name in deployments that no [[service]] has", "names in deployments that no [[service]] has"),
    "duplicate_deployment": ("deployment that two sources report", "deployments that two sources report"),
    "future_time": ("record with a time in the future", "records with a time in the future"),
    "negative_lead_time": (
        "change that began, by its clock, after it was deployed",
        "changes that began, by their clock, after they were deployed",
    ),
    "negative_duration": ("moment in an impossible order", "moments in an impossible order"),
    "recovered_too_early": (
        "failure that ended before its deployment had finished",
        "failures that ended before their deployment had finished",
    ),
    "never_shipped": ("change waiting for more than 30 days", "changes waiting for more than 30 days"),
    "change_without_clock": (
        "shipped change without the moment at which lead time starts",
        "shipped changes without the moment at which lead time starts",
    ),
    "missing_stage": ("pull request of which a stage is unknown", "pull requests of which a stage is unknown"),
    "unlinked_incident": ("incident that is linked to no deployment", "incidents that are linked to no deployment"),
    "unlinked_fix": ("incident whose fix is no known deployment", "incidents whose fix is no known deployment"),
    "unlinked_check": (
        "check that went badly after no known deployment",
        "checks that went badly after no known deployment",
    ),
    "unmapped_pull_request": (
        "merged pull request whose merge is no known commit",
        "merged pull requests whose merge is no known commit",
    ),
    "incident_without_service": ("incident of no known service", "incidents of no known service"),
    "incident_without_time": ("incident that began nobody knows when", "incidents that began nobody knows when"),
    "untold_failures": (
        "kind of evidence of failures that no source records",
        "kinds of evidence of failures that no source records",
    ),
    "stale_source": ("source that fell silent", "sources that fell silent"),
    "paths_match_nothing": ("service whose paths match no file", "services whose paths match no file"),
    "production_matches_nothing": (
        "production pattern that matches no environment",
        "production patterns that match no environment",
    ),
    "production_matches_everything": (
        "production pattern that matches every environment",
        "production patterns that match every environment",
    ),
}

NEXT_STEPS: Mapping[str, str] = {
    "unresolved_version": "`dora deploys` shows them; check `commit` and `tag_format` of the source",
    "deployment_without_commit": "make the source record the commit or the version that it deployed",
    "deployment_without_time": "make the source record when a deployment finished",
    "unknown_service": "add a [[service]] or an alias, or leave them out on purpose",
    "duplicate_deployment": "keep one of the sources for this service; `dora ingest --forget NAME` removes what one said that dora.toml has no more",
    "future_time": "check the clock of the machine that made them",
    "negative_lead_time": "check the clocks of those who committed and deployed; a commit made anew after it was live has a later one",
    "negative_duration": "check which tool or machine says these moments, and its clock",
    "incident_without_time": "make the source record when an incident began or was seen",
    "recovered_too_early": "check when the incident was resolved; a region may have failed and recovered before the last one finished",
    "never_shipped": "check that every production environment is read, or close what will not be shipped",
    "change_without_clock": "choose another [definitions] clock, or add a source that knows pull requests",
    "missing_stage": "add a source that knows pull requests and reviews",
    "unmapped_pull_request": "read the branch it was merged to, or squash with the number in the subject",
    "unlinked_incident": "name the deployment in the incident as SOURCE/ID, or say it with `dora blame`",
    "unlinked_fix": "name as the fix a deployment of the incident's own service, as SOURCE/ID",
    "unlinked_check": "name the deployment in the check as SOURCE/ID",
    "incident_without_service": "add the name as an alias of a [[service]]",
    "untold_failures": "add a source of incidents, or let the pipeline tell its checks with `dora record`",
    "stale_source": "check the source with `dora doctor`; one that is retired may stay as history, or `dora ingest --forget NAME` removes what it said",
    "paths_match_nothing": "correct `paths` of the [[service]]: globs from the root of its repository, as in services/shop/**",
    "production_matches_nothing": "set [definitions] production, or that of the service, to a name that `dora doctor` lists, then `dora build`",
    "production_matches_everything": "narrow [definitions] production, or that of the service, then `dora build`",
}
