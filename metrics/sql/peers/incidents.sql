-- One row per group, service and production incident, by the time it was reported; sha: the commit it names as its cause.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
)
select m.grp, i.incident_id, i.service, coalesce(i.detected_at, i.impact_started_at) as created_at, i.resolved_at, r.sha
from incident_facts i
join members m on m.service = i.service
    and (m.owned_from is null or coalesce(i.detected_at, i.impact_started_at) >= m.owned_from)
    and (m.owned_until is null or coalesce(i.detected_at, i.impact_started_at) < m.owned_until)
left join incidents r on r.source || '/' || r.id = i.incident_id
where coalesce(i.detected_at, i.impact_started_at) is not null
order by m.grp, created_at, i.incident_id, i.service
