-- One row per group and change first shipped in [$start, $end), by group and deployment time.
-- $change: commit (not a merge), all_commits, mainline. $clock: which clock starts it; null clocks are left out.
-- began_us, at_us: microseconds since the epoch.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, epoch_us(c.deployed_at) as at_us,
       epoch_us(case $clock when 'committed' then c.committed_at when 'authored' then c.authored_at
                            when 'first_commit' then c.first_commit_at when 'opened' then c.opened_at
                            else c.merged_at end) as began_us
from change_facts c
join members m on m.service = c.service
    and (m.owned_from is null or c.deployed_at >= m.owned_from)
    and (m.owned_until is null or c.deployed_at < m.owned_until)
where c.deployed_at >= $start and c.deployed_at < $end
    and c.service in (select unnest($services::varchar[]))
    and (len($environments::varchar[]) = 0 or c.environment in (select unnest($environments::varchar[])))
    and case $change when 'commit' then not c.is_merge when 'mainline' then c.mainline else true end
    and ($bots or not c.is_bot)
    and began_us is not null
order by m.grp, c.deployed_at
