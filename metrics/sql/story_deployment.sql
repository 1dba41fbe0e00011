-- One row: the deployment $id, with the version and time of its ancestry base and of what it replaced.
-- actor: a name from people when $names, else null.
with this as materialized (select * from deployment_facts where deployment_id = $id),
base as (select * from deployment_facts where deployment_id in (select previous_id from this union select replaced_id from this))
select
    d.deployment_id, d.source, d.service, d.repository, d.environment, d.is_production, d.status, d.version, d.sha,
    d.unresolved_reason, d.digest, d.created_at, d.started_at, d.finished_at, d.relation, d.backward_kind,
    d.previous_id, p.version as previous_version, p.sha as previous_sha, p.finished_at as previous_at,
    d.replaced_id, r.version as replaced_version,
    d.commits, d.changes, d.mainline_changes, d.pull_requests, d.lines, d.rework_kinds, d.rehearsed_at,
    case when $names then (select any_value(name) from people where people.author = d.actor) end as actor,
    d.actor_kind, d.run_id, d.mechanism, d.url
from this d
left join base p on p.deployment_id = d.previous_id
left join base r on r.deployment_id = d.replaced_id
