-- One row per group and finished attempt to deploy a service it owned then, into any environment and at any time, by time.
-- is_first: the first known one to that environment; run: what one run of a pipeline deployed together; image: what was deployed;
-- committed_at: its commit's time.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, d.deployment_id, d.service, coalesce(d.repository, d.service) as repository, d.environment, d.is_production,
       d.status = 'succeeded' as succeeded, d.status = 'failed' as failed,
       d.relation is not distinct from 'baseline' as is_first, d.sha,
       coalesce(d.digest, d.version, d.sha) as image, d.source || '/' || coalesce(d.run_id, d.deployment_id) as run,
       coalesce(d.started_at, d.created_at, d.finished_at) as started_at, d.finished_at, c.committed_at
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join commits c on c.repository = d.repository and c.sha = d.sha
where d.finished_at is not null
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.number
