-- Every deployment of a known service in the order of deployment_facts, so that a batch reads only its own blocks.
create or replace temp table placed_deployments as
select n.service_position, n.service, d.source, d.id as record_id,
       d.source || '/' || d.id || case when n.shared then '#' || n.service else '' end as deployment_id,
       coalesce(nullif(n.repository, ''), d.repository) as repository, d.environment, e.is_production, e.is_rehearsal,
       d.status, d.version, d.sha, d.commit_rule, d.digest, d.created_at, d.started_at, d.finished_at, d.actor, d.actor_kind,
       d.run_id, d.mechanism, d.url, coalesce(d.sequence, 0) as sequence
from deployments d
join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository
join known_environments e on e.environment is not distinct from d.environment and e.service is not distinct from n.judged_as
order by n.service_position, d.finished_at nulls last, coalesce(d.finished_at, d.created_at) nulls first, coalesce(d.sequence, 0),
         deployment_id;

-- Every production incident of a known service; one that names no environment is taken for production.
create or replace temp table placed_incidents as
select n.service_position, n.service as known_service, i.*
from incidents i
join known_names n on n.named_service is not distinct from i.service and n.named_repository is not distinct from i.repository
left join known_environments e on e.environment = i.environment and e.service is not distinct from n.judged_as
where i.environment is null or e.is_production
order by n.service_position, i.source || '/' || i.id;
