-- One row per change shipped in [$start, $end) whose clock is not known; at_us: when, in microseconds.
-- Changes are the commits that $change names.
select service_position, epoch_us(left_at) as at_us
from change_facts
where service_position between $first and $last and left_at >= $start and left_at < $end and ($bots or not is_bot)
    and case $change when 'commit' then not is_merge when 'all_commits' then true else mainline end
    and case $clock when 'first_commit' then first_commit_at when 'opened' then opened_at else merged_at end is null
