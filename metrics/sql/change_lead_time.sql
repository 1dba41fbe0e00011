-- One row per change whose clock is known, that had landed or was shipped before $horizon and not before $since.
-- deployed_us, merged_us: microseconds, $never while it waits; began_us: the clock that $clock names.
-- Changes are the commits that $change names.
-- Shipped and waiting ones in one: reading the table twice would double the cost of a question. The last condition is one, so that
-- it is looked at only where the others hold.
select service_position, epoch_us(left_at) as deployed_us, coalesce(epoch_us(merged_at), $never) as merged_us,
       epoch_us(case $clock when 'committed' then committed_at when 'authored' then authored_at
                            when 'first_commit' then first_commit_at when 'opened' then opened_at
                            else merged_at end) as began_us
from change_facts
where service_position between $first and $last and left_at >= $since and (left_at < $horizon or merged_at < $horizon)
    and case when case $change when 'commit' then not is_merge when 'all_commits' then true else mainline end
                  and ($bots or not is_bot)
             then case $clock when 'committed' then committed_at when 'authored' then authored_at
                              when 'first_commit' then first_commit_at when 'opened' then opened_at
                              else merged_at end end is not null
