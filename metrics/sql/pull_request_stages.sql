-- One row per pull request first shipped in [$start, $end), bots' only with $bots: when (at_us), in microseconds, and its stages in
-- seconds, NaN when unknown.
select service_position, epoch_us(deployed_at) as at_us,
       coalesce(coding_seconds, 'nan') as coding, coalesce(pickup_seconds, 'nan') as pickup,
       coalesce(review_seconds, 'nan') as review, coalesce(deploy_seconds, 'nan') as deploy
from pull_request_facts
where service_position between $first and $last and deployed_at >= $start and deployed_at < $end and ($bots or not is_bot)
