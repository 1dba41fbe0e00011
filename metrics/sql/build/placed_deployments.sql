-- Every deployment of the services of $places in the order of deployment_facts, so that a batch reads only its own blocks.
create or replace temp table placed_deployments as
select n.service_position, n.service, d.source, d.id as record_id,
       d.source || '/' || d.id || case when n.shared then '#' || n.service else '' end as deployment_id,
       coalesce(nullif(n.repository, ''), d.repository) as repository, d.environment, e.is_production, e.is_rehearsal,
       d.status, d.version, d.sha, d.commit_rule, d.digest, d.created_at, d.started_at, d.finished_at, d.actor, d.actor_kind,
       d.run_id, d.mechanism, d.url, coalesce(d.sequence, 0) as sequence
from deployments d
join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from n.judged_as
where n.service_position in (select unnest($places::integer[]))
order by n.service_position, d.finished_at nulls last, coalesce(d.finished_at, d.created_at) nulls first, coalesce(d.sequence, 0),
         deployment_id
