-- What every build makes anew for all services.
delete from services;
delete from team_services;
-- What records may call deployments that changed.
create temp view changed_names as
with changed as (
    from was_deployments union all from now_deployments
)
select id as name from changed
union select source || '/' || id from changed
union select c.source || '/' || c.id || '#' || unnest([s.service] || coalesce(s.aliases, []))
from changed c join services s on c.service is null and s.repository = c.repository;
