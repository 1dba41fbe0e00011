-- One row per group and production incident that began (impact, else detection) in [$start, $end), by time.
-- $environments: an incident that names no environment is of all; one of a region of all regions too, which are $all_regions.
-- deployed_at: when the deployment of the group that it is linked to finished, null without one. Of a deployment to several
-- regions that finished after the impact, when the last region by then had received it: of those that the incident names, if any.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
elsewhere as (
    select source || '/' || id as incident_id from incidents
    where lower(environment) not in (select lower(unnest($environments::varchar[])))
),
begun as (
    select *, coalesce(impact_started_at, detected_at) as began_at from incident_facts
    where len($environments::varchar[]) = 0 or incident_id not in (select incident_id from elsewhere)
        or (list_contains($environments::varchar[], $all_regions) and service in (select service from region_facts))
),
reached as (
    select i.incident_id, i.service, i.impact_started_at, r.finished_at,
           coalesce(r.environment = n.environment, false) or coalesce(ends_with('/' || r.region_deployment_id, '/' || n.deployment), false)
           or coalesce(ends_with(r.region_deployment_id, '/' || n.deployment || '#' || i.service), false) as named
    from incident_facts i
    join region_facts r on r.deployment_id = i.deployment_id and r.service = i.service
    join incidents n on n.source || '/' || n.id = i.incident_id
    qualify named = bool_or(named) over (partition by i.incident_id, i.service)
),
regions as (
    select incident_id, service, max(finished_at) as finished_at
    from reached where finished_at <= impact_started_at group by incident_id, service
)
select m.grp, i.incident_id, i.impact_started_at, i.detected_at, i.acknowledged_at, i.mitigated_at, i.resolved_at,
       i.began_at, min(if(d.finished_at > i.impact_started_at, coalesce(r.finished_at, d.finished_at), d.finished_at)) as deployed_at
from begun i
join members m on m.service = i.service
    and (m.owned_from is null or i.began_at >= m.owned_from)
    and (m.owned_until is null or i.began_at < m.owned_until)
left join deployment_facts d on d.deployment_id = i.deployment_id and d.service = i.service
left join regions r on r.incident_id = i.incident_id and r.service = i.service
where i.began_at >= $start and i.began_at < $end
group by all
order by m.grp, i.began_at, i.incident_id
