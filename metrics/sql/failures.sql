-- One row per group and piece of evidence against a production deployment finished at or after $start, by group, time, id.
-- Without an end: the fix of a failure inside the period may have failed after it.
-- at_us: the deployment's finish; evidence_us, recovered_us: microseconds, null when unknown or still open.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, epoch_us(d.finished_at) as at_us, d.deployment_id, e.kind,
       epoch_us(e.evidence_at) as evidence_us, epoch_us(e.recovered_at) as recovered_us, e.recovery_id
from failure_evidence e
join deployment_facts d on d.deployment_id = e.deployment_id
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
where d.is_production and d.status = 'succeeded'
    and d.finished_at >= $start
    and d.service in (select unnest($services::varchar[]))
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.deployment_id, e.kind, e.evidence_at
