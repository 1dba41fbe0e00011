-- Every deployment of the services of $places in the order of deployment_facts, so that a batch reads only its own blocks.
create or replace temp table placed_deployments as
select d.service_position, d.known_service as service, d.source, d.id as record_id, d.deployment_id,
       coalesce(nullif(d.known_repository, ''), d.repository) as repository, d.environment, e.is_production, e.is_rehearsal,
       d.status, d.version, d.sha, d.commit_rule, d.digest, d.created_at, d.started_at, d.finished_at, d.actor, d.actor_kind,
       d.run_id, d.mechanism, d.url, coalesce(d.sequence, 0) as sequence
from called_deployments d
join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from d.judged_as
where d.service_position in (select unnest($places::integer[]))
order by d.service_position, d.finished_at nulls last, coalesce(d.finished_at, d.created_at) nulls first, coalesce(d.sequence, 0),
         deployment_id
