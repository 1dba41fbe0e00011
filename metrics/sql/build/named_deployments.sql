-- One row per succeeded production deployment, service and name by which an incident calls it: its id, SOURCE/ID, or its `deployment_id`.
with names as (
    select distinct name from (select deployment as name from incidents union all select fix_deployment from incidents)
    where name is not null
), candidates as (
    select n.service, d.id, d.source || '/' || d.id as full_id, d.source || '/' || d.id || case when n.shared then '#' || n.service else '' end as deployment_id,
           d.source, d.environment
    from deployments d
    join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
    join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from n.judged_as
    where e.is_production and d.status = 'succeeded' and d.finished_at is not null
)
select distinct service, name, deployment_id, source, environment
from (
    select id as name, * from candidates where id in (from names)
    union all
    select full_id, * from candidates where full_id in (from names)
    union all
    select deployment_id, * from candidates where deployment_id in (from names)
)
order by all
