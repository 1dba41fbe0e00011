-- One row per production deployment that ended in [$start, $end), whatever its status, by time.
-- number: its key in the facts. evidence: every piece the ledger holds against it, as {kind, evidence_id, evidence_at, recovered_at,
-- reason}; null without any.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
ledger as (
    select deployment_id, list({kind: kind, evidence_id: evidence_id, evidence_at: evidence_at, recovered_at: recovered_at, reason: reason}
                               order by kind, evidence_at, evidence_id) as evidence
    from failure_evidence group by deployment_id
)
select d.number, d.deployment_id, d.service, d.environment, d.version, d.sha, d.status, d.finished_at, d.relation, d.backward_kind,
       d.rework_kinds, l.evidence
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join ledger l on l.deployment_id = d.deployment_id
where d.is_production and d.finished_at >= $start and d.finished_at < $end
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by d.finished_at, d.deployment_id
