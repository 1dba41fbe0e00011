-- One row per group and change that had landed but was not deployed at $horizon, oldest first. The group is the one that owned
-- the service just before.
-- The rows that the queue counts, with what a person needs to find them; a pull request has no sha.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service, unnest($positions::integer[]) as service_position,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
told as (
    select service_position, environment, repository, sha, pull_request, null as title, is_bot, left_at, merged_at,
           case $clock when 'committed' then committed_at when 'authored' then authored_at when 'first_commit' then first_commit_at
                       when 'opened' then opened_at else merged_at end as began_at
    from change_facts
    where case $change when 'commit' then not is_merge when 'mainline' then mainline else $change <> 'pull_request' end
    union all
    select service_position, environment, repository, null, number, title, is_bot, deployed_at, merged_at,
           case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end
    from pull_request_facts where $change = 'pull_request'
),
waiting as materialized (
    select m.grp, m.service, c.*
    from told c
    join members m on m.service_position = c.service_position
        and (m.owned_from is null or m.owned_from < $horizon)
        and (m.owned_until is null or m.owned_until >= $horizon)
    where (c.left_at is null or c.left_at >= $horizon)
        and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
        and ($bots or not c.is_bot)
        and c.merged_at < $horizon
        and c.began_at is not null
),
-- The range is what DuckDB skips blocks by: it reads all commits for a list alone.
span as (
    select coalesce(min(repository), '') as low, coalesce(max(repository), '') as high from waiting where sha is not null
),
messages as (
    select repository, sha, subject from commits
    where repository between (select low from span) and (select high from span) and repository in (select repository from waiting)
)
select c.grp, c.service, c.environment, c.repository, c.sha, c.pull_request, coalesce(c.title, k.subject) as subject, c.began_at
from waiting c left join messages k on k.repository = c.repository and k.sha = c.sha
order by c.began_at, c.service, c.sha, c.pull_request
