-- One row per production attempt (succeeded, failed or cancelled) that ended in [$start, $end), newest first.
-- grp: the position of the group it belongs to; team: the owner when it ended, null without one.
-- evidence: how many pieces of evidence the ledger holds for it, counted or not.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
ledger as (
    select deployment_id, count(*) as evidence from failure_evidence group by deployment_id
)
select d.number, d.deployment_id, d.finished_at, d.service, any_value(t.team) as team, d.environment, d.version, d.sha, d.status,
       d.relation, d.backward_kind, d.commits, d.changes, d.pull_requests, d.lines, d.rework_kinds, d.actor_kind, d.url,
       coalesce(any_value(l.evidence), 0)::integer as evidence
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join team_services t on t.service = d.service
    and (t.owned_from is null or d.finished_at >= t.owned_from)
    and (t.owned_until is null or d.finished_at < t.owned_until)
left join ledger l on l.deployment_id = d.deployment_id
where d.is_production and d.status in ('succeeded', 'failed', 'cancelled')
    and d.finished_at >= $start and d.finished_at < $end and d.finished_at <= $as_of
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
group by all
order by d.finished_at desc, d.deployment_id
