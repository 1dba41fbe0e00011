-- One row per piece of evidence against a production deployment finished at or after $start; without an end, because the
-- fix of a failure inside the period may have failed after it.
-- at_us: the deployment's finish; evidence_us, recovered_us: microseconds, $never when unknown or still open.
-- deployment, recovery: the numbers of the failed deployment and of the one that ended the failure, -1 without one.
select service_position, epoch_us(deployed_at) as at_us, deployment_number as deployment,
       kind,
       coalesce(epoch_us(evidence_at), $never) as evidence_us, coalesce(epoch_us(recovered_at), $never) as recovered_us,
       coalesce(recovery_number, -1) as recovery
from failure_evidence
where service_position between $first and $last and deployed_at >= $start
