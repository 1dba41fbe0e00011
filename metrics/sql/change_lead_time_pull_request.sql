-- One row per group and pull request first shipped in [$start, $end), by group and deployment time.
-- $clock: committed and authored mean the first commit. began_us, at_us: microseconds; stages in seconds, null when unknown.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, epoch_us(p.deployed_at) as at_us,
       epoch_us(case $clock when 'opened' then p.opened_at when 'merged' then p.merged_at else p.first_commit_at end) as began_us,
       p.coding_seconds as coding, p.pickup_seconds as pickup, p.review_seconds as review, p.deploy_seconds as deploy
from pull_request_facts p
join members m on m.service = p.service
    and (m.owned_from is null or p.deployed_at >= m.owned_from)
    and (m.owned_until is null or p.deployed_at < m.owned_until)
where p.deployed_at >= $start and p.deployed_at < $end
    and p.service in (select unnest($services::varchar[]))
    and (len($environments::varchar[]) = 0 or p.environment in (select unnest($environments::varchar[])))
    and ($bots or not p.is_bot)
order by m.grp, p.deployed_at
