-- One row per production attempt that ended well or failed in [$start, $end); cancelled ones served nobody and are left out.
-- at_us, rehearsed_us: microseconds, the second null when never rehearsed; rework: its kinds as `[a, b]`.
select service_position, epoch_us(finished_at) as at_us, status, relation, commits,
       epoch_us(rehearsed_at) as rehearsed_us, rework_kinds::varchar as rework
from deployment_facts
where service_position between $first and $last and finished_at >= $start and finished_at < $end
    and is_production and status in ('succeeded', 'failed')
