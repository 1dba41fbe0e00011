-- One row per piece of evidence against a production deployment finished at or after $start; without an end, because the
-- fix of a failure inside the period may have failed after it.
-- at_us: the deployment's finish; evidence_us, recovered_us: microseconds, null when unknown or still open.
-- deployment, recovery: the numbers of the failed deployment and of the one that ended the failure.
select service_position, epoch_us(deployed_at) as at_us, deployment_number as deployment, kind,
       epoch_us(evidence_at) as evidence_us, epoch_us(recovered_at) as recovered_us, recovery_number as recovery
from failure_evidence
where service_position between $first and $last and deployed_at >= $start
