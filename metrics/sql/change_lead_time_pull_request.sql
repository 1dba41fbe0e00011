-- One row per pull request first shipped in [$start, $end). at_us, began_us: microseconds; stages in seconds, null when unknown.
-- $clock: committed and authored mean the first commit.
select service_position, epoch_us(deployed_at) as at_us, is_bot,
       epoch_us(case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end) as began_us,
       coding_seconds as coding, pickup_seconds as pickup, review_seconds as review, deploy_seconds as deploy
from pull_request_facts
where service_position between $first and $last and deployed_at >= $start and deployed_at < $end
