-- One row per group and change that had landed but was not deployed at $horizon, oldest first. The group is the one that owned
-- the service just before.
-- The rows that the queue counts, with what a person needs to find them; a pull request has no sha.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
changes as (
    select service, environment, repository, sha, pull_request, subject, is_bot, deployed_at, merged_at,
           case $clock when 'committed' then committed_at when 'authored' then authored_at when 'first_commit' then first_commit_at
                       when 'opened' then opened_at else merged_at end as began_at
    from change_facts
    where case $change when 'commit' then not is_merge when 'mainline' then mainline else $change <> 'pull_request' end
    union all
    select service, environment, repository, null, number, title, is_bot, deployed_at, merged_at,
           case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end
    from pull_request_facts where $change = 'pull_request'
)
select m.grp, c.service, c.environment, c.repository, c.sha, c.pull_request, c.subject, c.began_at
from changes c
join members m on m.service = c.service
    and (m.owned_from is null or m.owned_from < $horizon)
    and (m.owned_until is null or m.owned_until >= $horizon)
where (c.deployed_at is null or c.deployed_at >= $horizon)
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
    and ($bots or not c.is_bot)
    and c.merged_at < $horizon
    and c.began_at is not null
order by c.began_at, c.service, c.sha, c.pull_request
