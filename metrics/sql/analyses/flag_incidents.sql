-- One row per group, production incident that began (impact, else detection) in [$start, $end), and flag change of the same
-- service from $before seconds before it began until it was resolved (else $as_of); flag null when there was none.
-- $environments: an incident that names no environment is of all; one of a region of all regions too, which are $all_regions.
-- The end is included: the switch that ends an incident may carry its very second.
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
named as (
    select name, arg_min(service, (name <> service, service)) as service
    from (select service, unnest([service] || coalesce(aliases, [])) as name from services) group by name
),
flags as (
    select n.service, f.environment, f.flag, f.state, f.changed_at from flag_changes f join named n on n.name = f.service
)
select m.grp, i.incident_id, i.service, i.began_at, i.resolved_at, i.deployment_id, f.environment, f.flag, f.state, f.changed_at
from begun i
join members m on m.service = i.service
    and (m.owned_from is null or i.began_at >= m.owned_from)
    and (m.owned_until is null or i.began_at < m.owned_until)
left join flags f on f.service = i.service
    and f.changed_at >= i.began_at - to_microseconds(($before * 1000000)::bigint)
    and f.changed_at <= coalesce(i.resolved_at, $as_of::timestamp)
where i.began_at >= $start and i.began_at < $end
order by m.grp, i.began_at, i.incident_id, i.service, f.changed_at, f.flag
