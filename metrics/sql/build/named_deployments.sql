-- One row per succeeded production deployment of the services of $places, service and name by which an incident calls it:
-- its id, SOURCE/ID, or its `deployment_id`, now or under an alias.
with names as (
    select distinct name from (select deployment as name from incidents union all select fix_deployment from incidents)
    where name is not null
), candidates as (
    select d.known_service as service, d.name, d.deployment_id, d.source, d.environment
    from called_names d
    join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from d.judged_as
    where d.service_position in (select unnest($places::integer[])) and e.is_production and d.status = 'succeeded'
        and d.finished_at is not null
)
select distinct service, name, deployment_id, source, environment from candidates where name in (from names)
order by all
