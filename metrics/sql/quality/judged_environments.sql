-- One row per environment of known services and service with definitions of its own; null: all services without.
-- deployments: those that all of them have; one of several services counts for each.
with named as (
    select service, repository, environment, count(*) as deployments from deployments where environment is not null group by all
)
select n.judged_as, environment, sum(deployments)::bigint as deployments
from named d
join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
group by all order by all
