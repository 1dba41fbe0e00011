-- One row per piece of evidence known at $as_of about production deployments finished in [$start, $end) of $service,
-- and of other services of $repository; with the deployment it speaks of.
select
    e.deployment_id, e.deployment_number as number, e.kind, e.evidence, e.evidence_id, e.evidence_at, e.recovery_id, e.recovered_at,
    e.confidence, e.decided_by, e.reason, e.candidates, d.service, d.version, d.finished_at, d.environment, d.sha, d.repository
from failure_evidence e
join deployment_facts d using (deployment_id)
where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
  and (d.service = $service or d.repository = $repository)
  and (e.evidence_at is null or e.evidence_at <= $as_of)
order by d.finished_at desc, e.deployment_id
