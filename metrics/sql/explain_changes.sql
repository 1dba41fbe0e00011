-- One row per change first shipped in [$start, $end), by deployment time, then per change that had landed but was not
-- deployed at $horizon (waits: true), of the services owned just before; counted or not.
-- $change pull_request: merged pull requests; else commits.
-- began_at: the chosen clock; landed_at: when it came onto the default branch; seconds: lead time, null without that
-- clock and while it waits.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service, unnest($positions::integer[]) as service_position,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
made as (
    select service_position, environment, repository, sha as change, sha, null as title, is_merge, mainline, is_bot, deployment_number, null as deployment_id,
           left_at, merged_at,
           case $clock when 'committed' then committed_at when 'authored' then authored_at
                       when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end as began_at
    from change_facts where $change <> 'pull_request'
),
requests as (
    select service_position, environment, repository, '#' || number as change, null as sha, title, false as is_merge, true as mainline, is_bot,
           null as deployment_number, deployment_id, deployed_at as left_at, merged_at,
           case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end as began_at
    from pull_request_facts where $change = 'pull_request'
),
told as (from made union all from requests),
shipped as (
    select *, false as waits, left_at as owned_at from told where left_at >= $start and left_at < $end
),
waiting as (
    select *, true as waits, $horizon::timestamp - interval 1 microsecond as owned_at from told
    where (left_at is null or left_at >= $horizon) and merged_at < $horizon
),
chosen as materialized (
    select m.service, c.*
    from (from shipped union all from waiting) c
    join members m on m.service_position = c.service_position
        and (m.owned_from is null or c.owned_at >= m.owned_from)
        and (m.owned_until is null or c.owned_at < m.owned_until)
    where len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[]))
),
-- The range is what DuckDB skips blocks by: it reads all commits for a list alone.
span as (
    select coalesce(min(repository), '') as low, coalesce(max(repository), '') as high from chosen where sha is not null
),
messages as (
    select repository, sha, subject from commits
    where repository between (select low from span) and (select high from span) and repository in (select repository from chosen)
)
select c.service, c.environment, c.repository, c.change, coalesce(c.title, k.subject) as subject, c.is_merge, c.mainline, c.is_bot, c.began_at,
       c.merged_at as landed_at, if(c.deployment_id is null and d.deployment_id is null, null, c.left_at) as deployed_at,
       coalesce(c.deployment_id, d.deployment_id) as deployment_id, c.waits,
       if(c.waits, null, (epoch_us(c.left_at) - epoch_us(c.began_at)) / 1e6) as seconds
from chosen c
left join messages k on k.repository = c.repository and k.sha = c.sha
left join deployment_facts d on d.number = c.deployment_number
order by c.waits, deployed_at, deployment_id, c.began_at, c.change, c.service, c.environment
