-- What a build looks things up in, for its own connection only.

-- A (service, repository) that records name -> a known service; several rows where a repository holds several.
-- judged_as: the service when it has definitions of its own.
create or replace temp table known_names (
    named_service varchar, named_repository varchar, service varchar not null, service_position integer not null,
    repository varchar, shared boolean not null, judged_as varchar
);

-- An environment that records name, and what the organisation's definitions (service null) or a service's own take it for.
create or replace temp table known_environments (
    service varchar, environment varchar, is_production boolean not null, is_rehearsal boolean not null
);

-- The services whose moves to earlier versions are looked for: known ones, else the service or repository that records name.
create or replace temp table moving (mover varchar);

-- Every deployment record of a known service, a row a service, and what it is called: `id`, SOURCE/ID, its `deployment_id`.
create or replace temp view called_deployments as
select n.service_position, n.service as known_service, n.repository as known_repository, n.judged_as, n.shared, d.*,
       d.source || '/' || d.id as full_id, d.source || '/' || d.id || case when n.shared then '#' || n.service else '' end as deployment_id
from deployments d
join known_names n on n.named_service is not distinct from d.service and n.named_repository is not distinct from d.repository;

-- Every name by which other records may call these, a row each; among them the `deployment_id` that one of a shared repository
-- had when its service was called as an alias says.
create or replace temp view called_names as
select *, unnest([id, full_id, deployment_id]) as name from called_deployments
union all
select c.*, c.full_id || '#' || a.alias from called_deployments c join former_names a on a.service = c.known_service where c.shared;
