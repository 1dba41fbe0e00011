-- One row per change first shipped in [$start, $end), or landed and not deployed at some moment of [$since, $horizon].
-- deployed_us, merged_us: microseconds, null while it waits; began_us: the clock that $clock names, null when unknown.
-- Both in one: reading the table twice would double the cost of a question.
select service_position, epoch_us(deployed_at) as deployed_us, epoch_us(merged_at) as merged_us, is_merge, mainline, is_bot,
       epoch_us(case $clock when 'committed' then committed_at when 'authored' then authored_at
                            when 'first_commit' then first_commit_at when 'opened' then opened_at
                            else merged_at end) as began_us
from change_facts
where service_position between $first and $last
    and (deployed_at >= least($start::timestamp, $since::timestamp) or deployed_at is null)
    and (deployed_at < $end or merged_at < $horizon)
