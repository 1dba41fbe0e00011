-- Every production incident of a known service; one that names no environment is taken for production.
create or replace temp table placed_incidents as
select n.service_position, n.service as known_service, i.*
from incidents i
join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
where i.environment is null or e.is_production
order by n.service_position, i.source || '/' || i.id
