-- One row per pull request first shipped in [$start, $end), bots' only with $bots. at_us, began_us: microseconds, the second
-- $never when its clock is unknown; stages in seconds, NaN when unknown. $clock: committed and authored mean the first commit.
select service_position, epoch_us(deployed_at) as at_us,
       coalesce(epoch_us(case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end), $never) as began_us,
       coalesce(coding_seconds, 'nan') as coding, coalesce(pickup_seconds, 'nan') as pickup,
       coalesce(review_seconds, 'nan') as review, coalesce(deploy_seconds, 'nan') as deploy
from pull_request_facts
where service_position between $first and $last and deployed_at >= $start and deployed_at < $end and ($bots or not is_bot)
