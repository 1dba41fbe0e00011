-- One row per change first shipped in [$start, $end), counted or not, by deployment time.
-- $change pull_request: merged pull requests; else commits. began_at: the chosen clock; seconds: lead time, null without it.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
changes as (
    select service, environment, repository, sha as change, subject, is_merge, mainline, is_bot, deployment_id, deployed_at,
           case $clock when 'committed' then committed_at when 'authored' then authored_at
                       when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end as began_at
    from change_facts where $change <> 'pull_request'
    union all
    select service, environment, repository, '#' || number, title, false, true, is_bot, deployment_id, deployed_at,
           case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end
    from pull_request_facts where $change = 'pull_request'
)
select c.service, c.environment, c.repository, c.change, c.subject, c.is_merge, c.mainline, c.is_bot, c.began_at,
       c.deployed_at, c.deployment_id, (epoch_us(c.deployed_at) - epoch_us(c.began_at)) / 1e6 as seconds
from changes c
join members m on m.service = c.service
    and (m.owned_from is null or c.deployed_at >= m.owned_from)
    and (m.owned_until is null or c.deployed_at < m.owned_until)
where c.deployed_at >= $start and c.deployed_at < $end
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
order by c.deployed_at, c.deployment_id, c.change
