-- One row per change first shipped in [$start, $end), by deployment time, then per change that had landed but was not
-- deployed at $horizon (waits: true), of the services owned just before; counted or not.
-- $change pull_request: merged pull requests; else commits.
-- began_at: the chosen clock; landed_at: when it came onto the default branch; seconds: lead time, null without that
-- clock and while it waits.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
commits as (
    select service, environment, repository, sha as change, subject, is_merge, mainline, is_bot, deployment_id, deployed_at, merged_at,
           case $clock when 'committed' then committed_at when 'authored' then authored_at
                       when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end as began_at
    from change_facts where $change <> 'pull_request'
),
requests as (
    select service, environment, repository, '#' || number as change, title as subject, false as is_merge, true as mainline, is_bot,
           deployment_id, deployed_at, merged_at,
           case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end as began_at
    from pull_request_facts where $change = 'pull_request'
),
changes as (from commits union all from requests),
shipped as (
    select *, false as waits, deployed_at as owned_at from changes where deployed_at >= $start and deployed_at < $end
),
waiting as (
    select *, true as waits, $horizon::timestamp - interval 1 microsecond as owned_at from changes
    where (deployed_at is null or deployed_at >= $horizon) and merged_at < $horizon
)
select c.service, c.environment, c.repository, c.change, c.subject, c.is_merge, c.mainline, c.is_bot, c.began_at,
       c.merged_at as landed_at, c.deployed_at, c.deployment_id, c.waits, if(c.waits, null, (epoch_us(c.deployed_at) - epoch_us(c.began_at)) / 1e6) as seconds
from (from shipped union all from waiting) c
join members m on m.service = c.service
    and (m.owned_from is null or c.owned_at >= m.owned_from)
    and (m.owned_until is null or c.owned_at < m.owned_until)
where len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[]))
order by c.waits, c.deployed_at, c.deployment_id, c.began_at, c.change
