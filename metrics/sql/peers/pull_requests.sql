-- One row per group, production environment and pull request that was first deployed to any of them since $start.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
recent as (select distinct repository, number from pull_request_facts where deployed_at >= $start)
select m.grp, p.service, p.environment, p.repository, p.number, p.first_commit_at, p.opened_at, p.merged_at, p.deployed_at
from pull_request_facts p
join members m on m.service = p.service
    and (m.owned_from is null or p.deployed_at >= m.owned_from)
    and (m.owned_until is null or p.deployed_at < m.owned_until)
where p.deployed_at is not null and (p.repository, p.number) in (from recent)
    and (len($environments::varchar[]) = 0 or p.environment in (select unnest($environments::varchar[])))
order by m.grp, p.deployed_at, p.repository, p.number, p.service, p.environment
