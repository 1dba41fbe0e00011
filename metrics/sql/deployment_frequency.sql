-- One row per production attempt that ended well or failed in [$start, $end); cancelled ones served nobody and are left out.
-- at_us, rehearsed_us: microseconds, the second $never when never rehearsed; relation: by its number in
-- deployment_frequency.py, 0 for a failed attempt; rework: a bit for each kind of rework.
select service_position, epoch_us(finished_at) as at_us, status = 'succeeded' as succeeded,
       coalesce(list_position(['backward', 'baseline', 'diverged', 'forward', 'same_commit', 'unresolved'], relation), 0) as relation,
       commits, coalesce(epoch_us(rehearsed_at), $never) as rehearsed_us, rework
from deployment_facts
where service_position between $first and $last and finished_at >= $start and finished_at < $end
    and is_production and status in ('succeeded', 'failed')
