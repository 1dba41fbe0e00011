-- One row per group and production incident that began (impact, else detected) in [$start, $end), by group and time.
-- resolved_us: microseconds, null while open.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, epoch_us(coalesce(i.impact_started_at, i.detected_at)) as at_us, epoch_us(i.resolved_at) as resolved_us
from incident_facts i
join members m on m.service = i.service
    and (m.owned_from is null or coalesce(i.impact_started_at, i.detected_at) >= m.owned_from)
    and (m.owned_until is null or coalesce(i.impact_started_at, i.detected_at) < m.owned_until)
where coalesce(i.impact_started_at, i.detected_at) >= $start
    and coalesce(i.impact_started_at, i.detected_at) < $end
    and i.service in (select unnest($services::varchar[]))
order by m.grp, at_us
