-- One row per group and succeeded production deployment finished in [$start, $end), by time.
-- has_paths: the changed paths of its repository are kept.  own: the service's path globs, null without any.
-- paths: those paths of the changes that it shipped first which the expression $migrations matches in small letters.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
kept as (
    select distinct repository from commit_paths
),
touching as (
    select repository, sha, path from commit_paths where regexp_matches(lower(path), $migrations)
),
shipped as (
    select c.deployment_number as number, list(distinct t.path order by t.path) as paths
    from change_facts c
    join touching t on t.repository = c.repository and t.sha = c.sha
    where c.left_at >= $start and c.left_at < $end and not c.is_merge
    group by c.deployment_number
)
select m.grp, d.number, d.service, d.finished_at, d.relation, k.repository is not null as has_paths, s.paths as own, h.paths
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
left join services s on s.service = d.service
left join kept k on k.repository = coalesce(s.repository, d.repository)
left join shipped h on h.number = d.number
where d.is_production and d.status = 'succeeded' and d.finished_at >= $start and d.finished_at < $end
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at, d.number
