-- One row per group and change that had landed but was not deployed at $horizon, oldest first.
-- The rows that undeployed.sql counts, with what a person needs to find them.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, c.service, c.environment, c.repository, c.sha, c.pull_request, c.subject,
       case $clock when 'committed' then c.committed_at when 'authored' then c.authored_at
                   when 'first_commit' then c.first_commit_at when 'opened' then c.opened_at
                   else c.merged_at end as began_at
from change_facts c
join members m on m.service = c.service
    and (m.owned_from is null or $horizon >= m.owned_from)
    and (m.owned_until is null or $horizon < m.owned_until)
where (c.deployed_at is null or c.deployed_at >= $horizon)
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
    and case $change when 'commit' then not c.is_merge when 'mainline' then c.mainline else true end
    and ($bots or not c.is_bot)
    and c.merged_at < $horizon
    and began_at is not null
order by began_at, c.service, c.sha
