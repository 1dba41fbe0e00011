"""The registry of metrics: what each is called, its unit, which way is better, and where its definition stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GUIDE = "https://dora.dev/guides/dora-metrics/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric; `explained_by` is the question in metrics/sql that lists its rows."""

    id: str
    title: str
    unit: Literal["per day", "seconds", "rate"]
    better: Literal["higher", "lower"]
    definition: str
    explained_by: str
    source_url: str = GUIDE


METRICS: dict[str, Metric] = {
    metric.id: metric
    for metric in (
        Metric(
            id="deployment_frequency",
            title="Deployment frequency",
            unit="per day",
            better="higher",
            definition="succeeded production deployments finished in [from, to), per calendar day",
            explained_by="explain_deployments",
        ),
        Metric(
            id="change_lead_time",
            title="Change lead time",
            unit="seconds",
            better="lower",
            definition="median time from a change's clock to the end of the deployment that first shipped it",
            explained_by="explain_changes",
        ),
        Metric(
            id="change_fail_rate",
            title="Change fail rate",
            unit="rate",
            better="lower",
            definition="failed of matured succeeded production deployments",
            explained_by="explain_deployments",
        ),
        Metric(
            id="failed_deployment_recovery_time",
            title="Failed deployment recovery time",
            unit="seconds",
            better="lower",
            definition="median time from a failed deployment's end to the earliest counted recovery, open ones censored",
            explained_by="explain_deployments",
        ),
        Metric(
            id="time_to_restore",
            title="Time to restore",
            unit="seconds",
            better="lower",
            definition="median time from impact (else detection) to resolution over all production incidents",
            explained_by="explain_incidents",
        ),
        Metric(
            id="deployment_rework_rate",
            title="Deployment rework rate",
            unit="rate",
            better="lower",
            definition="unplanned deployments made because of a problem in production, of all succeeded ones",
            explained_by="explain_deployments",
        ),
    )
}
