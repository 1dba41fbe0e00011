-- One row per group and production attempt that ended (succeeded or failed; cancelled ones served nobody and are left
-- out) in [$start, $end), by group and time. succeeded: whether it ended well.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, epoch_us(d.finished_at) as at_us, d.status = 'succeeded' as succeeded
from deployment_facts d
join members m on m.service = d.service
    and (m.owned_from is null or d.finished_at >= m.owned_from)
    and (m.owned_until is null or d.finished_at < m.owned_until)
where d.is_production and d.status in ('succeeded', 'failed')
    and d.finished_at >= $start and d.finished_at < $end
    and d.service in (select unnest($services::varchar[]))
    and (len($environments::varchar[]) = 0 or d.environment in (select unnest($environments::varchar[])))
order by m.grp, d.finished_at
