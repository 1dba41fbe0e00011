-- One row per flag change of $services from $start until $until, by time; environment null when the tool does not say.
with named as (
    select name, arg_min(service, (name <> service, service)) as service
    from (select service, unnest([service] || coalesce(aliases, [])) as name from services) group by name
)
select n.service, f.environment, f.flag, f.state, f.changed_at
from flag_changes f
join named n on n.name = f.service
where n.service in (select unnest($services::varchar[])) and f.changed_at >= $start and f.changed_at <= $until
order by f.changed_at, f.id
