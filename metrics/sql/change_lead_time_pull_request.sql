-- One row per pull request whose clock is known, that was merged or shipped before $horizon and not shipped before $since, bots' only
-- with $bots. deployed_us, merged_us: microseconds, $never while it waits; began_us: the clock that $clock names, of which
-- committed and authored mean the first commit.
select service_position, coalesce(epoch_us(deployed_at), $never) as deployed_us, coalesce(epoch_us(merged_at), $never) as merged_us,
       epoch_us(case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end) as began_us
from pull_request_facts
where service_position between $first and $last and (deployed_at is null or deployed_at >= $since)
    and (deployed_at < $horizon or merged_at < $horizon) and ($bots or not is_bot)
    and case $clock when 'opened' then opened_at when 'merged' then merged_at else first_commit_at end is not null
