-- Every production incident of a known service; one that names no environment is taken for production. One that names
-- neither service nor repository is of the service whose deployment it names: of several deployments called so its own
-- source's are meant, and none where these are of different services.
create or replace temp table placed_incidents as
with called as (
    select n.*, d.source, unnest([d.id, d.source || '/' || d.id, d.source || '/' || d.id || '#' || n.service]) as name
    from deployments d
    join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
), meant as (
    select i.source, i.id, c.* exclude (source, name), c.source = i.source as own
    from incidents i join called c on c.name = i.deployment
    where i.service is null and i.repository is null
    qualify own = bool_or(own) over (partition by i.source, i.id)
), named as (
    select i.source, i.id, n.service, n.service_position, n.judged_as
    from incidents i
    join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
    union
    select source, id, service, service_position, judged_as from meant
    qualify count(distinct (named_service, named_repository)) over (partition by source, id) = 1
)
select n.service_position, n.service as known_service, i.*
from named n
join incidents i on i.source = n.source and i.id = n.id
left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
where i.environment is null or e.is_production
order by n.service_position, i.source || '/' || i.id
