-- One row per production incident that began (impact, else detected) in [$start, $end), by time.
-- seconds: to its resolution, null while open.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select i.incident_id, i.service, i.title, i.severity, coalesce(i.impact_started_at, i.detected_at) as began_at,
       i.resolved_at, i.deployment_id,
       (epoch_us(i.resolved_at) - epoch_us(coalesce(i.impact_started_at, i.detected_at))) / 1e6 as seconds
from incident_facts i
join members m on m.service = i.service
    and (m.owned_from is null or coalesce(i.impact_started_at, i.detected_at) >= m.owned_from)
    and (m.owned_until is null or coalesce(i.impact_started_at, i.detected_at) < m.owned_until)
where coalesce(i.impact_started_at, i.detected_at) >= $start and coalesce(i.impact_started_at, i.detected_at) < $end
order by began_at, i.incident_id, i.service
