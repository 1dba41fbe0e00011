-- One row per piece of evidence known at $as_of about the deployments $ids: what is needed to tell which failed.
select
    e.deployment_id, e.deployment_number as number, e.kind, e.evidence, e.evidence_id, e.evidence_at, e.recovery_id, e.recovered_at,
    e.confidence, e.decided_by, e.reason, e.candidates, d.service, d.finished_at
from failure_evidence e
join deployment_facts d using (deployment_id)
where e.deployment_id in (select unnest($ids)) and (e.evidence_at is null or e.evidence_at <= $as_of)
order by e.evidence_at nulls last, e.kind, e.evidence_id
