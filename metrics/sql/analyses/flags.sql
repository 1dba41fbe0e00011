-- One row per group and change of a feature flag in [$start, $end), by time; environment null when the tool does not say.
-- grp null: it names no known service, so it is nobody's.
with members as (
    select unnest($groups::integer[]) as grp, unnest($services::varchar[]) as service,
           unnest($owned_from::timestamp[]) as owned_from, unnest($owned_until::timestamp[]) as owned_until
),
named as (
    select name, arg_min(service, (name <> service, service)) as service
    from (select service, unnest([service] || coalesce(aliases, [])) as name from services) group by name
)
select m.grp, n.service, f.environment, f.flag, f.state, f.changed_at
from flag_changes f
left join named n on n.name = f.service
left join members m on m.service = n.service
    and (m.owned_from is null or f.changed_at >= m.owned_from)
    and (m.owned_until is null or f.changed_at < m.owned_until)
where f.changed_at >= $start and f.changed_at < $end and (n.service is null or m.grp is not null)
order by m.grp, f.changed_at, f.id
