-- One row per pull request shipped in [$start, $end) whose clock is not known; at_us: when, in microseconds.
select service_position, epoch_us(deployed_at) as at_us
from pull_request_facts
where service_position between $first and $last and deployed_at >= $start and deployed_at < $end and ($bots or not is_bot)
    and case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end is null
