-- One row per group, production environment and commit (merges and bots' included) first deployed there since $start, or at any
-- time when an incident names it.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service, unnest($positions::integer[]) as service_position,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, m.service, c.environment, c.sha, c.committed_at, d.deployment_id, c.left_at as deployed_at
from change_facts c
join deployment_facts d on d.number = c.deployment_number
join members m on m.service_position = c.service_position
    and (m.owned_from is null or c.left_at >= m.owned_from)
    and (m.owned_until is null or c.left_at < m.owned_until)
where (c.left_at >= $start or c.sha in (select sha from incidents where sha is not null))
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
order by m.grp, c.left_at, m.service, c.environment, c.sha
