-- One row per pull request first shipped in [$start, $end). at_us, began_us: microseconds, the second $never when its clock
-- is unknown; stages in seconds, NaN when unknown. $clock: committed and authored mean the first commit.
-- $pickup_from: where coding ends and pickup begins, opened or ready; the facts hold the stages from opened.
select service_position, epoch_us(deployed_at) as at_us, is_bot,
       coalesce(epoch_us(case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end), $never) as began_us,
       coalesce(case when $pickup_from = 'opened' then coding_seconds
                     when ready_at >= first_commit_at then (epoch_us(ready_at) - epoch_us(first_commit_at)) / 1e6 end, 'nan') as coding,
       coalesce(case when $pickup_from = 'opened' then pickup_seconds
                     when first_review_at >= ready_at then (epoch_us(first_review_at) - epoch_us(ready_at)) / 1e6 end, 'nan') as pickup,
       coalesce(review_seconds, 'nan') as review, coalesce(deploy_seconds, 'nan') as deploy
from pull_request_facts
where service_position between $first and $last and deployed_at >= $start and deployed_at < $end
