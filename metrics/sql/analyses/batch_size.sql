-- One row per group and succeeded production deployment finished in [$start, $end), by time.
-- commits, pull_requests, lines: what it shipped first, merges not counted as commits; all null when what it shipped is
-- not known (the first deployment of a service, a version without a commit); pull_requests and lines null, too, where no
-- pull request of the repository is known; lines null unless the size of every pull request is known, 0 when nothing was shipped.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
hosts as (
    select distinct repository from pull_requests
)
select m.grp, d.number, d.service, d.finished_at,
       if(d.relation in ('baseline', 'unresolved'), null, d.changes) as commits,
       if(d.relation in ('baseline', 'unresolved') or h.repository is null, null, d.pull_requests) as pull_requests,
       case when d.relation in ('baseline', 'unresolved') or h.repository is null then null
            when d.commits = 0 then 0 else d.lines end as lines
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join services s on s.service = d.service
left join hosts h on h.repository = coalesce(s.repository, d.repository)
where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.number
