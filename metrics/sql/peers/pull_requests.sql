-- One row per group, production environment and pull request that was merged, or first deployed to any of them, since $start.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
recent as (
    select distinct repository, number from pull_request_facts where merged_at >= $start or deployed_at >= $start
),
approvals as (select repository, number, min(approved_at) as approved_at from pull_requests group by all)
select m.grp, p.service, p.environment, p.repository, p.number, p.first_commit_at, p.opened_at, p.first_review_at,
       a.approved_at, p.merged_at, p.deployed_at
from pull_request_facts p
join members m on m.service = p.service
    and (m.owned_from is null or coalesce(p.deployed_at, p.merged_at) >= m.owned_from)
    and (m.owned_until is null or coalesce(p.deployed_at, p.merged_at) < m.owned_until)
left join approvals a on a.repository = p.repository and a.number = p.number
where (p.repository, p.number) in (from recent)
    and (len($environments::varchar[]) = 0 or p.environment in (select unnest($environments::varchar[])))
order by m.grp, p.deployed_at, p.repository, p.number, p.service, p.environment
