-- Every production incident of `wanted_incidents` and a known service; one that names no environment is taken for production. One that names
-- neither service nor repository is of the service whose deployment it names: of several deployments called so its own
-- source's are meant, and none where these are of different services. One that names no more than a whole commit is of the
-- service that deployed that very commit, or else of the one whose repository holds it, and of none where these are several.
create or replace temp table placed_incidents as
with alone as (
    select source, id, deployment from wanted_incidents where service is null and repository is null and deployment is not null
), names as (
    select distinct deployment as name from alone
), called as (
    from called_names where name in (from names)
), meant as (
    select a.source, a.id, c.known_service as service, c.service_position, c.judged_as, c.source = a.source as own,
           (c.service, c.repository) as told
    from alone a join called c on c.name = a.deployment
    qualify own = bool_or(own) over (partition by a.source, a.id)
), whole as (
    select source, id, sha from wanted_incidents
    where service is null and repository is null and deployment is null and length(sha) >= 40
), holding as (
    select w.source, w.id, s.service, s.position
    from whole w join (select repository, sha from commits where sha in (select sha from whole)) c using (sha)
    join services s on s.repository = c.repository
), by_commit as (
    select w.source, w.id, c.known_service as service, c.service_position, c.judged_as, true as deployed
    from whole w join called_deployments c using (sha)
    union
    select h.source, h.id, h.service, h.position, n.judged_as, false
    from holding h left join (select distinct service, judged_as from known_names) n using (service)
), of_one as (
    select * from by_commit qualify deployed = bool_or(deployed) over (partition by source, id)
), named as (
    select i.source, i.id, n.service, n.service_position, n.judged_as
    from wanted_incidents i
    join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
    union
    select source, id, service, service_position, judged_as from meant
    qualify count(distinct told) over (partition by source, id) = 1
    union
    select source, id, service, service_position, judged_as from of_one
    qualify count(distinct service) over (partition by source, id) = 1
)
select n.service_position, n.service as known_service, i.*
from named n
join wanted_incidents i on i.source = n.source and i.id = n.id
left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
where i.environment is null or e.is_production
order by n.service_position, i.source || '/' || i.id
